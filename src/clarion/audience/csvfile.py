"""Read CSV files of any size row by row in flat memory. What is wrong with a row is said in that row.

The standard library's parser does the parsing. Around it: limits, recovery (a quote that is never closed costs
one row, not the rest of the file), and sentences that name the column.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from clarion.audience.csvdialect import (
    MAX_CELL,
    MAX_FILE_BYTES,
    MAX_LINE,
    MAX_ROWS,
    CsvInvalid,
    Dialect,
    parser_options,
    sniff,
)

__all__ = [
    "MAX_FILE_BYTES",
    "CsvInvalid",
    "Dialect",
    "Reader",
    "Row",
    "plain_cell",
    "rows",
    "safe_cell",
    "sniff",
]

#: Characters of an unreadable row that are kept to show it.
_SHOWN = 2000
_UNDECODED = re.compile("[\udc80-\udcff\ufffd]")
#: First characters that make a spreadsheet run a cell as a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Row(NamedTuple):
    """A row of the file. `cells` are as many as there are columns, unless `problem` says otherwise."""

    #: From 1; the header and empty lines are not counted.
    number: int
    cells: list[str]
    #: A sentence when the row could not be read, with the column's name before it if it is one column's fault.
    problem: str = ""


class _LineTooLong(Exception):
    """A line is longer than any that is meant to be read."""


class _Lines:
    """The file's lines, for the parser. Remembers what the current record is made of."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._readline = text.readline
        self._again: deque[str] = deque()
        self.record: list[str] = []
        self.length = 0
        #: Something in the record needs a closer look.
        self.is_odd = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.record.append(line)
        self.length += len(line)
        if not line.isascii() or "\0" in line or self.length > MAX_CELL:
            self.is_odd = True
            if self.length >= MAX_LINE:
                self._skip_rest_of(line)
                raise _LineTooLong
        return line

    def start_record(self) -> None:
        self.record = []
        self.length = 0
        self.is_odd = False

    def give_back(self) -> None:
        """Read all but the record's first line again: its quote was never closed, they are rows of their own."""
        self._again.extendleft(reversed(self.record[1:]))

    def _skip_rest_of(self, line: str) -> None:
        while len(line) == MAX_LINE and line[-1] not in "\r\n":
            line = self._readline(MAX_LINE)


class Reader:
    """An open CSV file: iterate for its rows, ask `bytes_read` for the progress, use as a context manager."""

    def __init__(self, path: Path, dialect: Dialect, *, shown_size: int | None = None) -> None:
        """Open it. `shown_size` is the size of what the file was made from, in whose octets progress is told."""
        self._file = path.open("rb")
        self._own_size = path.stat().st_size
        self.size = self._own_size if shown_size is None else shown_size
        self.dialect = dialect
        # UTF-16 and UTF-32 cannot keep what they cannot read.
        errors = "replace" if dialect.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
        try:
            self._text = io.TextIOWrapper(self._file, dialect.encoding, errors=errors, newline="")
        except LookupError:
            self._file.close()
            raise CsvInvalid(
                _("There is no encoding called %(name)s.") % {"name": dialect.encoding}
            ) from None

    @property
    def bytes_read(self) -> int:
        """Octets taken from the file so far, a little ahead of the row at hand."""
        if self._file.closed or not self._own_size:
            return self.size
        return self._file.tell() * self.size // self._own_size

    def close(self) -> None:
        self._text.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Row]:
        for _unused in range(self.dialect.skip_lines):
            self._text.readline(MAX_LINE)
        lines = _Lines(self._text)
        records = self._records(lines)
        if self.dialect.has_header:
            next(records, None)
        for number, (cells, problem) in enumerate(records, start=1):
            if number > MAX_ROWS:
                raise CsvInvalid(_("The file has more than %(limit)s rows.") % {"limit": MAX_ROWS})
            yield Row(number, cells, problem)

    def _records(self, lines: _Lines) -> Iterator[tuple[list[str], str]]:
        width = len(self.dialect.columns)
        parser = csv.reader(lines, strict=True, **parser_options(self.dialect))
        while True:
            try:
                for cells in parser:
                    if lines.is_odd or len(cells) != width:
                        if cells and (len(cells) > 1 or cells[0].strip() or width == 1):
                            yield self._closer_look(cells, lines.is_odd)
                    else:
                        yield cells, ""
                    lines.start_record()
                return
            except _LineTooLong:
                yield (
                    [lines.record[0][:_SHOWN]],
                    _("The row is longer than %(limit)s characters.") % {"limit": MAX_LINE},
                )
            except csv.Error:
                lines.give_back()
                yield self._broken(lines.record[0])
            lines.start_record()

    def _closer_look(self, cells: list[str], is_odd: bool) -> tuple[list[str], str]:
        columns = self.dialect.columns
        if len(cells) < len(columns):
            cells = cells + [""] * (len(columns) - len(cells))
        elif len(cells) > len(columns):
            if any(cells[len(columns) :]):
                return cells, _("The row has %(count)s cells, but there are %(expected)s columns.") % {
                    "count": len(cells),
                    "expected": len(columns),
                }
            cells = cells[: len(columns)]
        if is_odd:
            for column, cell in zip(columns, cells, strict=True):
                if sentence := self._flaw(cell):
                    return cells, f"{column}: {sentence}"
        return cells, ""

    def _flaw(self, cell: str) -> str:
        if "\0" in cell:
            return _("The cell contains a NUL character.")
        if len(cell) > MAX_CELL:
            return _("The cell is longer than %(limit)s characters.") % {"limit": MAX_CELL}
        if not cell.isascii() and _UNDECODED.search(cell):
            return _("The cell is not written in %(encoding)s.") % {"encoding": self.dialect.encoding}
        return ""

    def _broken(self, line: str) -> tuple[list[str], str]:
        """Return a row whose quotes are wrong: what can be seen of it, and which column it was."""
        text = line.rstrip("\r\n")[:_SHOWN]
        columns = self.dialect.columns
        index = min(_broken_column(line, self.dialect), len(columns) - 1)
        if len(line) > MAX_CELL:
            sentence = _("The cell is longer than %(limit)s characters.") % {"limit": MAX_CELL}
        else:
            sentence = _("The quotes around the cell are not closed properly.")
        return [text], f"{columns[index]}: {sentence}"


def rows(path: Path, dialect: Dialect) -> Iterator[Row]:
    """Yield the file's rows."""
    with Reader(path, dialect) as reader:
        yield from reader


def safe_cell(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_cell(text: str) -> str:
    """Return what `safe_cell` was given: a corrected report is imported again."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _broken_column(line: str, dialect: Dialect) -> int:
    """Return the index of the cell whose quotes are wrong: never closed, or closed in its middle."""
    index, is_quoted, position, is_start = 0, False, 0, True
    while position < len(line):
        character = line[position]
        if is_quoted and character == dialect.quote:
            following = line[position + 1 : position + 2]
            if following == dialect.quote:
                position += 1
            elif following in (dialect.delimiter, "\r", "\n", ""):
                is_quoted = False
            else:
                return index
        elif not is_quoted and character == dialect.delimiter:
            index, is_start = index + 1, True
            position += 1
            continue
        elif not is_quoted and is_start and character == dialect.quote:
            is_quoted = True
        is_start = False
        position += 1
    return index
