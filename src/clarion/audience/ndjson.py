"""Rows as programs send them, one JSON object a line, made into the CSV that sources are read from."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _

from clarion.audience.csvdialect import MAX_CELL, MAX_COLUMNS, MAX_FILE_BYTES, MAX_LINE, MAX_NAME
from clarion.audience.errors import RowsInvalid
from clarion.workspaces import spelling

#: Rows of one upload.
MOST_ROWS = 5_000_000
#: Bad rows that are told one by one.
BAD_TOLD = 100
#: How the made file is to be read.
DIALECT = {"encoding": "utf-8", "delimiter": ",", "quote": '"', "has_header": True}


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of the lines: how many were taken, how many not, and why of the first of those."""

    rows: int = 0
    bad: int = 0
    #: (number of the line from 1, sentence)
    problems: list[tuple[int, str]] = field(default_factory=list)


def to_csv(file: IO[bytes], target: IO[bytes], *, is_gzip: bool = False) -> Taken:
    """Write the file's good rows to the target as CSV with every column that one of them has, and tell of the others.

    The file is read twice. Raises RowsInvalid for what is no gzip, is too large, or has too many columns or no good
    row.
    """
    columns, taken = _columns(file, is_gzip)
    if not taken.rows:
        raise RowsInvalid(_("No line holds a row."), taken.problems)
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(columns)
    for _number, row in _rows(file, is_gzip):
        if not isinstance(row, str):
            writer.writerow([_cell(row.get(name)) for name in columns])
    text.flush()
    text.detach()
    target.seek(0)
    return taken


def _columns(file: IO[bytes], is_gzip: bool) -> tuple[list[str], Taken]:
    """Return the names of all columns in the order in which they come, and what became of the lines."""
    taken, columns = Taken(), dict[str, None]()
    for number, row in _rows(file, is_gzip):
        if isinstance(row, str):
            taken.bad += 1
            if len(taken.problems) < BAD_TOLD:
                taken.problems.append((number, row))
            continue
        taken.rows += 1
        columns.update(dict.fromkeys(row))
        if len(columns) > MAX_COLUMNS:
            raise RowsInvalid(_("The rows have more than %(n)d names.") % {"n": MAX_COLUMNS}, [])
        if taken.rows > MOST_ROWS:
            raise RowsInvalid(
                _("At most %(n)s rows are taken at once.") % {"n": spelling.number(MOST_ROWS)}, []
            )
    return list(columns), taken


def _rows(file: IO[bytes], is_gzip: bool) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield the number of each line that says something with its row, or with what is wrong with it."""
    file.seek(0)
    source: Any = gzip.GzipFile(fileobj=file) if is_gzip else file
    size = 0
    number = 0
    try:
        while line := source.readline(MAX_LINE + 1):
            number += 1
            size += len(line)
            if size > MAX_FILE_BYTES:
                raise RowsInvalid(
                    _("The rows are larger than %(n)d GB.") % {"n": MAX_FILE_BYTES // 1024**3}, []
                )
            if len(line) > MAX_LINE:
                raise RowsInvalid(_("Line %(n)d is too long.") % {"n": number}, [])
            if plain := line.strip():
                yield number, _read(plain)
    except (OSError, EOFError, zlib.error):
        raise RowsInvalid(_("The content is not whole, or no gzip."), []) from None


def _read(line: bytes) -> Mapping[str, Any] | str:
    try:
        row = orjson.loads(line)
    except ValueError:
        return _("This line is no JSON.")
    if not isinstance(row, dict) or not row:
        return _("A row is a JSON object with names and values.")
    for name, value in row.items():
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            return _("A name has 1 to %(n)d printable characters.") % {"n": MAX_NAME}
        if isinstance(value, list | dict):
            return _("The value of %(name)s is not one text, number or truth value.") % {"name": name}
        if isinstance(value, str) and (len(value) > MAX_CELL or "\x00" in value):
            return _("The value of %(name)s is too long or holds a NUL character.") % {"name": name}
    return row


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
