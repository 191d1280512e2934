"""The formats of exported files. Each writer keeps a bounded part of its file in memory, whatever its size."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

import xlsxwriter

from clarion.deliveries.exporting.rows import Layout
from clarion.deliveries.models import ExportFormat

#: Of a sheet, with its header; and of characters in a cell. Limits of the format (ECMA-376 as Excel reads it).
SHEET_ROWS = 1_048_576
CELL_CHARACTERS = 32_767
CONTENT_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.TXT: "text/plain; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Writer(Protocol):
    """Writes people to an open file. `close` ends the format, not the file; `drop` gives it up half done."""

    def add(self, ids: Sequence[int]) -> None: ...
    def close(self) -> None: ...
    def drop(self) -> None: ...


def writer_of(kind: str, file: IO[bytes], layout: Layout, *, has_bom: bool, scratch: Path) -> Writer:
    """Return the writer of that ExportFormat; `scratch` is an empty folder for what it must put on the disk."""
    if kind == ExportFormat.XLSX:
        return _Xlsx(file, layout, scratch)
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    if has_bom:
        text.write("\ufeff")  # some spreadsheets know UTF-8 by this mark only
    return _Csv(text, layout) if kind == ExportFormat.CSV else _Txt(text, layout)


class _Csv:
    """RFC 4180, with a header."""

    def __init__(self, text: io.TextIOWrapper, layout: Layout) -> None:
        self._text, self._layout = text, layout
        self._writer = csv.writer(text)
        self._writer.writerow(layout.header)

    def add(self, ids: Sequence[int]) -> None:
        self._writer.writerows(self._layout.lines(ids))

    def close(self) -> None:
        self._text.flush()
        self._text.detach()

    def drop(self) -> None:
        self.close()


class _Txt:
    """An address a line."""

    def __init__(self, text: io.TextIOWrapper, layout: Layout) -> None:
        self._text, self._layout = text, layout

    def add(self, ids: Sequence[int]) -> None:
        self._text.writelines(f"{address}\n" for address in self._layout.addresses(ids))

    def close(self) -> None:
        self._text.flush()
        self._text.detach()

    def drop(self) -> None:
        self.close()


class _Xlsx:
    """A workbook; who does not fit on a sheet goes to the next. Its rows lie in the scratch folder until the end."""

    def __init__(self, file: IO[bytes], layout: Layout, scratch: Path) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": str(scratch),
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(file, options)
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True})
        self._layout = layout
        self._row = SHEET_ROWS
        self._new_sheet()

    def add(self, ids: Sequence[int]) -> None:
        for line in self._layout.lines(ids):
            if self._row >= SHEET_ROWS:
                self._new_sheet()
            for column, cell in enumerate(line):
                if cell is None or cell == "":
                    continue
                if isinstance(cell, str):
                    self._sheet.write_string(self._row, column, cell[:CELL_CHARACTERS])
                else:
                    self._sheet.write_number(self._row, column, cell)
            self._row += 1

    def close(self) -> None:
        self._book.close()

    def drop(self) -> None:
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def _new_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._layout.header):
            self._sheet.write_string(0, column, name, self._bold)
        self._row = 1
