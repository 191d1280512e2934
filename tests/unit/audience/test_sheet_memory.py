"""Long sheets are read in memory that does not grow with them."""

import io
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from clarion.audience import sheets
from tests.unit.audience.test_sheet_reading import ROW, SHEET, ods_of, table_of, text_cell
from tests.workbooks import ods, xlsx

#: Columns of a long sheet, and the octets of address space in which it is read.
COLUMNS = 8
MEMORY = 128 * 1024**2


def long_xlsx(rows: int) -> dict[str, Iterator[str]]:
    """Return the members of a long sheet whose texts are all different, and stand in the table of texts."""
    numbers = range(rows * COLUMNS)
    return {
        "xl/sharedStrings.xml": chain(
            ["<sst>"], (f"<si><t>text number {n}</t></si>" for n in numbers), ["</sst>"]
        ),
        SHEET: chain(
            ["<worksheet><sheetData>"],
            (
                "<row>" + "".join(f'<c t="s"><v>{n}</v></c>' for n in range(at, at + COLUMNS)) + "</row>"
                for at in numbers[::COLUMNS]
            ),
            ["</sheetData></worksheet>"],
        ),
    }


def long_ods(rows: int) -> dict[str, Iterator[str]]:
    """Return the content of a long sheet whose texts are all different."""
    before, after = zipfile.ZipFile(io.BytesIO(ods_of(table_of("|")))).read("content.xml").decode().split("|")
    written = (
        ROW.format("", "".join(text_cell(f"text number {n}") for n in range(at, at + COLUMNS)))
        for at in range(0, rows * COLUMNS, COLUMNS)
    )
    return {"content.xml": chain([before], written, [after])}


class TestMemory:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("short", "long"), [(xlsx({"A": [["x"]]}), long_xlsx), (ods({"A": []}), long_ods)]
    )
    def test_does_not_grow_with_the_sheet(self, tmp_path: Path, short: bytes, long: Any) -> None:
        rows, members = 300_000, long(300_000)
        with (
            zipfile.ZipFile(io.BytesIO(short)) as package,
            zipfile.ZipFile(tmp_path / "book", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book,
        ):
            for name in package.namelist():
                with book.open(name, "w") as member:
                    for piece in members.get(name, [package.read(name).decode()]):
                        member.write(piece.encode())

        found = sheets.unpack(
            tmp_path / "book", folder=tmp_path, lock=tmp_path / "lock", limits=sheets.Limits(memory=MEMORY)
        )

        with found.path.open() as file:
            assert sum(1 for _line in file) == rows
