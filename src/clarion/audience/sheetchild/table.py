"""The CSV that is written: UTF-8 with commas, every cell quoted, without empty rows and columns around everything."""

import csv
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Self

from .refusal import Refused

#: Sheets that can be chosen from.
MAX_SHEETS = 250
#: Columns of the widest sheet that there is.
MAX_COLUMNS = 16_384


class Table:
    """Rows of texts on their way to the file `target`.

    How far the columns reach is known only in the end. So each row is written with as many as there were until then,
    and if a later one reaches farther, the file is written anew once.
    """

    def __init__(self, target: str, *, rows: int, columns: int) -> None:
        self.target = target
        self._most_rows, self._most_columns = rows, columns
        self._file: IO[str] | None = None
        self._count = 0
        #: The first column and the last until now, and from which row on it was so.
        self._left, self._right = sys.maxsize, -1
        self._spans: list[tuple[int, int, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # either it was closed before, or it is not wanted any more
                self._file.close()

    @property
    def has_rows(self) -> bool:
        return self._count > 0

    def add(self, cells: list[str], times: int = 1) -> None:
        """Write a row so many times, unless it is empty. Cells begin with the sheet's first column."""
        left, right = self._left, self._right
        # Most rows end with the last column, so that nothing has to be looked for.
        if len(cells) != right + 1 or not cells or not cells[right] or (left and any(cells[:left])):
            filled = [index for index, cell in enumerate(cells) if cell]
            if not filled or not times:
                return
            if filled[0] < left or filled[-1] > right:
                self._widen(min(left, filled[0]), max(right, filled[-1]))
                left, right = self._left, self._right
            del cells[right + 1 :]
            cells.extend([""] * (right + 1 - len(cells)))
        self._count += times
        if self._count > self._most_rows:
            raise Refused("rows")
        row = cells[left:] if left else cells
        try:
            for _time in range(times):
                self._write(row)
        except OSError:
            raise Refused("written") from None

    def _widen(self, left: int, right: int) -> None:
        if right - left >= self._most_columns:
            raise Refused("columns")
        if self._file is None:
            try:
                self._file = self._begun()
            except OSError:
                raise Refused("written") from None
        self._left, self._right = left, right
        self._spans.append((self._count, left, right))

    def _begun(self) -> IO[str]:
        file = open(self.target, "w", encoding="utf-8", errors="replace", newline="")  # noqa: SIM115 - until `close` or the end
        self._write = csv.writer(file, quoting=csv.QUOTE_ALL).writerow
        return file

    def close(self) -> bool:
        """End the file. Return whether there is one: whether there was a row."""
        if self._file is None:
            return False
        try:
            self._file.close()
            if len(self._spans) > 1:
                self._write_anew()
        except OSError:
            raise Refused("written") from None
        return True

    def _write_anew(self) -> None:
        """Give all rows the columns that there are in the end."""
        csv.field_size_limit(sys.maxsize)
        with open(self.target, encoding="utf-8", newline="") as before:
            os.unlink(self.target)  # the name is for the new file; the old one goes when it is closed
            with self._begun():
                for row in self._widened(csv.reader(before)):
                    self._write(row)

    def _widened(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        """Return the rows of a sheet with cells added in front and behind, where the spans say that they lack some."""
        later = iter(self._spans)
        _first, left, right = next(later)
        following = next(later, None)
        for number, row in enumerate(rows):
            if following and number == following[0]:
                _first, left, right = following
                following = next(later, None)
            yield [""] * (left - self._left) + row + [""] * (self._right - right)
