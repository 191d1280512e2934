"""Workbooks: what a person sees in a sheet comes out as text, and no file, however made, hurts the program."""

import datetime as dt
import resource
import time
import zipfile
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.audience import csvfile, sheets
from clarion.audience.csvdialect import CsvInvalid
from clarion.audience.sheetchild import text_of
from tests.waiting import PATIENCE_SECONDS
from tests.workbooks import ODS, ods, replaced, xlsx, zipped

PEOPLE = [["email", "phone"], ["ana@shop.example", 4930123456789], ["bob@shop.example", None]]
SHEET = "xl/worksheets/sheet1.xml"


def read(tmp_path: Path, content: bytes, *, sheet: str = "", **limits: Any) -> list[list[str]]:
    """Return the cells of a sheet, the header with them."""
    path = tmp_path / "book"
    path.write_bytes(content)
    found = sheets.unpack(
        path, sheet=sheet, folder=tmp_path, lock=tmp_path / "lock", limits=sheets.Limits(**limits)
    )
    dialect = csvfile.sniff(
        found.path, {"encoding": "utf-8", "delimiter": ",", "quote": '"', "has_header": False}
    )
    return [row.cells for row in csvfile.rows(found.path, dialect)]


def moment(*parts: int) -> dt.datetime:
    """Return a date and time as sheets have them: of no zone."""
    return dt.datetime(*parts)  # type: ignore[misc,arg-type]  # noqa: DTZ001


class TestText:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (4930123456789.0, "4930123456789"),
            (491701234567890.0, "491701234567890"),
            (1e20, "100000000000000000000"),
            (-3.0, "-3"),
            (0.1 + 0.2, "0.3"),
            (1e-7, "0.0000001"),
            (19.99, "19.99"),
            (1e300, "1e+300"),
            (True, "TRUE"),
            (dt.date(2026, 1, 31), "2026-01-31"),
            (moment(2026, 1, 31), "2026-01-31"),
            (moment(2026, 1, 31, 9, 30), "2026-01-31 09:30"),
            (moment(2026, 1, 31, 23, 59, 59, 999_600), "2026-02-01"),
            (dt.time(9, 30), "09:30"),
            (dt.time(9, 30, 15), "09:30:15"),
            (dt.timedelta(hours=36, seconds=5), "36:00:05"),
        ],
    )
    def test_is_what_a_person_sees_and_iso_for_dates(self, value: object, text: str) -> None:
        assert text_of(value) == text

    @given(st.integers(-(10**15), 10**15))
    def test_keeps_every_digit_of_a_whole_number(self, number: int) -> None:
        assert text_of(float(number)) == str(number)

    @given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
    def test_never_writes_an_exponent_into_what_has_few_digits(self, number: float) -> None:
        text = text_of(number)

        assert "e" not in text.lower()
        assert float(text) == pytest.approx(number, rel=1e-14)


class TestSheet:
    @pytest.mark.parametrize("write", [xlsx, ods])
    def test_numbers_dates_and_yes_or_no_come_out_as_they_look(self, tmp_path: Path, write: Any) -> None:
        rows = [["phone", "born", "vip", "share"], [4930123456789, dt.date(1990, 2, 28), True, 12.5]]

        assert read(tmp_path, write({"People": rows}))[1] == ["4930123456789", "1990-02-28", "TRUE", "12.5"]

    def test_empty_rows_and_columns_around_the_table_are_left_out(self, tmp_path: Path) -> None:
        content = xlsx({"People": [*PEOPLE[:2], [None, None], PEOPLE[2]]}, at=(4, 3))

        assert read(tmp_path, content) == [
            ["email", "phone"],
            ["ana@shop.example", "4930123456789"],
            ["bob@shop.example", ""],
        ]

    @pytest.mark.parametrize("write", [xlsx, ods])
    def test_the_first_with_data_is_read_unless_another_is_named(self, tmp_path: Path, write: Any) -> None:
        content = write({"Notes": [], "Ana’s <list>": PEOPLE, "Old": [["mail"], ["x@shop.example"]]})
        path = tmp_path / "book"
        path.write_bytes(content)

        found = sheets.unpack(path, folder=tmp_path, lock=tmp_path / "lock")

        assert (found.sheets, found.sheet) == (("Notes", "Ana’s <list>", "Old"), "Ana’s <list>")
        assert read(tmp_path, content, sheet="Old") == [["mail"], ["x@shop.example"]]
        with pytest.raises(sheets.NoSuchSheet):
            read(tmp_path, content, sheet="New")

    def test_what_its_owner_has_hidden_is_not_offered(self, tmp_path: Path) -> None:
        content = xlsx({"People": PEOPLE, "Salaries": [["x"], ["y"]]}, hidden=["Salaries"])

        with pytest.raises(sheets.NoSuchSheet):
            read(tmp_path, content, sheet="Salaries")

    @given(
        rows=st.lists(
            st.lists(
                st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn", "Co")), max_size=8),
                min_size=2,
                max_size=2,
            ),
            min_size=1,
            max_size=5,
        )
    )
    @settings(
        max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )  # each starts a process
    def test_every_text_comes_back(self, tmp_path: Path, rows: list[list[str]]) -> None:
        found = read(tmp_path, xlsx({"People": [["a", "b"], *rows]}))

        assert found == [["a", "b"], *(row for row in rows if any(row))]


def lying_about_its_size(content: bytes) -> bytes:
    """Return the workbook with each unpacked size set to 1 in the directory at its end."""
    data = bytearray(content)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24 : at + 28] = (1).to_bytes(4, "little")
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def with_flag(content: bytes) -> bytes:
    """Return the ZIP with each member marked as encrypted."""
    data = bytearray(content)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


def bomb(megabytes: int) -> bytes:
    """Return a workbook whose sheet is mostly blanks."""
    return replaced(xlsx({"A": PEOPLE}), SHEET, b"<worksheet><sheetData>" + b" " * (megabytes * 1024**2))


def far_cells(last: str, row: int) -> bytes:
    """Return a workbook with two cells, in opposite corners."""
    far = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        f'<row r="{row}"><c r="{last}{row}"><v>1</v></c></row></sheetData></worksheet>'
    )
    return replaced(xlsx({"A": PEOPLE}), SHEET, far)


def many_cells(count: int) -> bytes:
    """Return a workbook with so many cells, 500 in a row."""
    row = f"<row>{'<c><v>1</v></c>' * 500}</row>"
    return replaced(
        xlsx({"A": PEOPLE}), SHEET, f"<worksheet><sheetData>{row * (count // 500)}</sheetData></worksheet>"
    )


WIDE = [[f"c{n}" for n in range(600)], ["x"] * 600]
OLE = b"\xd0\xcf\x11\xe0" + bytes(600)
HOSTILE = {
    "cut off": (xlsx({"A": PEOPLE})[:900], "damaged"),
    "no zip": (b"PK\x03\x04" + b"nothing" * 9, "damaged"),
    "broken xml": (replaced(xlsx({"A": PEOPLE}), SHEET, "<worksheet><sheetData><row><c"), "empty|damaged"),
    "no sheet in it": (replaced(xlsx({"A": PEOPLE}), "xl/workbook.xml", "<workbook/>"), "empty|damaged"),
    "empty": (xlsx({"A": []}), "empty"),
    "a letter": (
        zipped({"[Content_Types].xml": "wordprocessingml", "word/document.xml": "x"}),
        "no spreadsheet",
    ),
    "a zip": (zipped({"people.csv": "a,b"}), "no spreadsheet"),
    "xls": (OLE, "XLS file"),
    "password, xlsx": (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(99), "password"),
    "password, ods": (
        zipped({"mimetype": ODS, "META-INF/manifest.xml": "<m:encryption-data/>", "content.xml": "x"}),
        "password",
    ),
    "password, new ods": (zipped({"mimetype": ODS, "encrypted-package": b"x" * 99}), "password"),
    "password, zip": (with_flag(xlsx({"A": PEOPLE})), "password"),
    "600 columns": (xlsx({"A": WIDE}), "more than 500 columns"),
    "bomb": (bomb(40), "200 times"),
    "column 10,000,000": (far_cells("VVPFX", 1), "damaged|columns|empty"),
    "far corner": (far_cells("XFD", 1048576), "memory|columns|long"),
}


class TestHostile:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_is_answered_with_a_sentence_in_bounded_time_and_memory(self, tmp_path: Path, name: str) -> None:
        content, words = HOSTILE[name]
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        with pytest.raises(CsvInvalid, match=words):
            read(tmp_path, content)

        assert time.monotonic() - began < PATIENCE_SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
        assert {path.name for path in tmp_path.iterdir()} <= {"book", "lock"}

    def test_a_bomb_that_lies_about_its_size_stops_at_the_memory(self, tmp_path: Path) -> None:
        cells = "".join(f'<c r="A{n}" t="inlineStr"><is><t>{"x" * 30_000}</t></is></c>' for n in range(1, 2))
        rows = "".join(f'<row r="{n}">{cells.replace("A1", f"A{n}")}</row>' for n in range(1, 7_000))
        content = lying_about_its_size(
            replaced(xlsx({"A": PEOPLE}), SHEET, f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
        )

        with pytest.raises(CsvInvalid, match=r"memory|damaged"):
            read(tmp_path, content, memory=200 * 1024**2)

    @pytest.mark.parametrize(
        ("limits", "words"),
        [
            ({"unpacked": 1000}, "unpacked"),
            ({"rows": 2}, "more than 2 rows"),
            ({"written": 20}, "too large"),
            ({"memory": 8 * 1024**2}, "memory|damaged"),
        ],
    )
    def test_every_limit_has_its_sentence(self, tmp_path: Path, limits: dict[str, int], words: str) -> None:
        with pytest.raises(CsvInvalid, match=words):
            read(tmp_path, xlsx({"A": PEOPLE}), **limits)

    def test_time_is_limited(self, tmp_path: Path) -> None:
        content = many_cells(3_000_000)

        with pytest.raises(CsvInvalid, match="too long"):
            read(tmp_path, content, seconds=1, ratio=10_000)

    def test_a_file_of_more_octets_is_not_even_opened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sheets, "MAX_WORKBOOK", 10)

        with pytest.raises(CsvInvalid, match="at most"):
            read(tmp_path, xlsx({"A": PEOPLE}))

    def test_waiting_for_another_ends_with_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sheets, "_PATIENCE", 0.1)

        with sheets._turn(tmp_path / "lock"), pytest.raises(CsvInvalid, match="Other spreadsheets"):
            read(tmp_path, xlsx({"A": PEOPLE}))

    @given(data=st.data())
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_changed_octets_give_rows_or_a_sentence(self, tmp_path: Path, data: st.DataObject) -> None:
        member = data.draw(
            st.sampled_from([SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "content.xml", ""])
        )
        workbook = _whole(is_ods=member == "content.xml")
        inside = bytearray(zipfile.ZipFile(BytesIO(workbook)).read(member) if member else workbook)
        for _unused in range(data.draw(st.integers(1, 6))):
            inside[data.draw(st.integers(0, len(inside) - 1))] = data.draw(st.integers(0, 255))
        content = replaced(workbook, member, bytes(inside)) if member else bytes(inside)
        began = time.monotonic()

        with suppress(CsvInvalid):
            read(tmp_path, content, memory=512 * 1024**2, seconds=5)

        assert time.monotonic() - began < PATIENCE_SECONDS


@cache
def _whole(*, is_ods: bool) -> bytes:
    """Return a sound workbook, the same octets each time: a workbook holds the moment at which it was made."""
    return ods({"A": PEOPLE}) if is_ods else xlsx({"A": PEOPLE})


def test_the_bomb_is_a_bomb() -> None:
    content = bomb(40)

    with zipfile.ZipFile(BytesIO(content)) as package:
        assert sum(member.file_size for member in package.infolist()) > 200 * len(content)
