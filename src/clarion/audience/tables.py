"""A file with rows, whatever its kind: CSV, or a spreadsheet. What is an upload is read through here.

A sheet is read as the CSV that `sheets` makes of it, so that limits, recovery, header detection and progress are the
same for both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from clarion.audience import csvfile, sheets, uploads
from clarion.audience.csvdialect import Dialect

#: How `sheets` writes.
_AS_WRITTEN = {"encoding": "utf-8", "delimiter": ",", "quote": '"'}


def sniff(path: Path, overrides: Mapping[str, Any] | None = None, *, folder: Path | None = None) -> Dialect:
    """Return how the file is to be read. `overrides` may fix encoding, delimiter, quote, has_header and sheet.

    Of a spreadsheet only has_header and sheet matter, and the sheet is written as CSV into the folder, by default
    beside the file; `uploads.remove` takes it away again. Raises CsvInvalid.
    """
    if not sheets.is_workbook(path):
        return csvfile.sniff(path, overrides)
    wanted = dict(overrides or {})
    unpacked = sheets.unpack(
        path,
        sheet=str(wanted.get("sheet") or ""),
        folder=folder or path.parent,
        lock=uploads.folder() / uploads.SHEETS_LOCK,
    )
    dialect = csvfile.sniff(unpacked.path, _AS_WRITTEN | {"has_header": wanted.get("has_header")})
    return replace(dialect, sheet=unpacked.sheet, sheets=unpacked.sheets)


def reader(path: Path, dialect: Dialect, *, folder: Path | None = None) -> csvfile.Reader:
    """Open the file for reading its rows. `folder` is the one given to `sniff`. Raises CsvInvalid, OSError."""
    if not dialect.sheet:
        return csvfile.Reader(path, dialect)
    home = (folder or path.parent) / path.name
    as_csv = sheets.csv_path(home, dialect.sheets, dialect.sheet)
    return csvfile.Reader(as_csv, dialect, shown_size=path.stat().st_size)


def rows(path: Path, dialect: Dialect) -> Iterator[csvfile.Row]:
    """Yield the file's rows."""
    with reader(path, dialect) as opened:
        yield from opened
