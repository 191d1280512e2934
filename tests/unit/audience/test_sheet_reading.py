"""Sheets as they are read: the same texts as another reader finds."""

import csv
import datetime as dt
import io
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.audience import sheets
from clarion.audience.csvdialect import CsvInvalid
from clarion.audience.sheetchild import text_of
from clarion.audience.sheetchild.program import convert
from clarion.audience.sheetchild.refusal import Refused
from clarion.audience.sheetchild.strings import Strings
from tests.workbooks import ODS, ods, replaced, xlsx, zipped

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style")
)
many = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def rows_of(tmp_path: Path, content: bytes, sheet: str = "") -> list[list[str]]:
    """Return the rows of a sheet as they are written, read in this process."""
    (tmp_path / "book").write_bytes(content)
    convert(str(tmp_path / "book"), str(tmp_path / "rows"), asdict(sheets.LIMITS) | {"sheet": sheet})
    with (tmp_path / "rows").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def rows_elsewhere(tmp_path: Path, content: bytes) -> list[list[str]]:
    """Return the rows of the first sheet with anything in it as python-calamine reads them."""
    (tmp_path / "book").write_bytes(content)
    with python_calamine.load_workbook(str(tmp_path / "book")) as book:
        for name in book.sheet_names:
            found = [[text_of(cell) for cell in row] for row in book.get_sheet_by_name(name).iter_rows()]
            found = [row for row in found if any(row)]
            if found:
                filled = [index for row in found for index, cell in enumerate(row) if cell]
                return [row[min(filled) : max(filled) + 1] for row in found]
    return []


def with_cells(cells: str, *, strings: str = "", styles: str = "", workbook: str = "") -> bytes:
    """Return an XLSX whose first row is these cells, with what they refer to."""
    content = replaced(xlsx({"A": [["x"]]}), SHEET, sheet_of(f"<row>{cells}</row>"))
    if strings:
        content = replaced(content, "xl/sharedStrings.xml", f'<sst xmlns="{SPREADSHEET}">{strings}</sst>')
    if styles:
        content = replaced(
            content, "xl/styles.xml", f'<styleSheet xmlns="{SPREADSHEET}">{styles}</styleSheet>'
        )
    if workbook:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            before = package.read("xl/workbook.xml").decode()
        content = replaced(
            content, "xl/workbook.xml", before.replace("<workbookPr ", f"<workbookPr {workbook} ")
        )
    return content


def sheet_of(rows: str) -> str:
    return f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData></worksheet>'


def ods_of(tables: str, styles: str = "") -> bytes:
    """Return an ODS with these tables."""
    content = (
        f"<office:document-content {NAMES}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": ODS, "META-INF/manifest.xml": "<manifest/>", "content.xml": content})


def table_of(rows: str, name: str = "A", style: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{rows}</table:table>'


def text_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'


texts = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn", "Co")), max_size=6)
days = st.dates(dt.date(1901, 1, 1), dt.date(2200, 1, 1))
moments = st.datetimes(dt.datetime(1901, 1, 1), dt.datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
numbers = st.one_of(
    st.integers(-(10**15), 10**15),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.decimals(-999, 999, places=2).map(float),
)
cells = st.one_of(st.none(), st.none(), texts, numbers, st.booleans(), days, moments)
tables = st.lists(st.lists(cells, max_size=5), max_size=6)


class TestAgreement:
    @given(rows=tables, at=st.tuples(st.integers(0, 3), st.integers(0, 3)))
    @many
    def test_xlsx_reads_as_another_reader_reads_it(
        self, tmp_path: Path, rows: list[list[object]], at: tuple[int, int]
    ) -> None:
        agree(tmp_path, xlsx({"A": rows, "B": [["a"]]}, at=at))

    @given(
        rows=st.lists(
            st.lists(
                st.one_of(st.times(), st.timedeltas(dt.timedelta(0), dt.timedelta(days=90))), max_size=3
            ),
            max_size=4,
        )
    )
    @many
    def test_times_and_durations_do_too(self, tmp_path: Path, rows: list[list[dt.time | int]]) -> None:
        whole: list[list[object]] = [
            [
                cell.replace(microsecond=0)
                if isinstance(cell, dt.time)
                else dt.timedelta(seconds=cell.seconds)
                for cell in row
            ]
            for row in rows
        ]
        agree(tmp_path, xlsx({"A": whole, "B": [["a"]]}))

    @given(rows=tables)
    @many
    def test_ods_reads_as_another_reader_reads_it(self, tmp_path: Path, rows: list[list[object]]) -> None:
        agree(tmp_path, ods({"A": rows, "B": [["a"]]}))

    @given(
        rows=st.lists(
            st.tuples(
                st.integers(1, 3),
                st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.integers(1, 3)), max_size=4),
            ),
            max_size=6,
        )
    )
    @many
    def test_repeated_rows_and_cells_do_too(self, tmp_path: Path, rows: Any) -> None:
        written = "".join(
            f'<table:table-row table:number-rows-repeated="{times}">'
            + "".join(
                text_cell(text, repeated) if text else f"<table:table-cell {repeated}/>"
                for text, count in cells
                for repeated in [f'table:number-columns-repeated="{count}"']
            )
            + "</table:table-row>"
            for times, cells in rows
        )
        agree(
            tmp_path,
            ods_of(table_of(written) + table_of(f"<table:table-row>{text_cell('a')}</table:table-row>", "B")),
        )

    @pytest.mark.parametrize(
        "code",
        [
            *(
                "dd/mm/yy",
                "[h]:mm",
                "[mm]:ss",
                "h:mm AM/PM",
                "[$-409]d mmm yyyy;@",
                'yyyy"年"m"月"',
                "General",
                "0.00",
            ),
            *(
                '#,##0" days"',
                "[Red]0;[Blue]-0",
                r"0\d",
                "#,##0_d",
                "0*h",
                '"y"0',
                "@",
                "[>=100]0.0;0",
                'm"M"d"D";@',
            ),
        ],
    )
    def test_formats_mean_the_same(self, tmp_path: Path, code: str) -> None:
        written = code.replace('"', "&quot;").replace(">", "&gt;")
        styles = (
            f'<numFmts><numFmt numFmtId="164" formatCode="{written}"/></numFmts>'
            '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
            '<dxfs><dxf><numFmt numFmtId="164" formatCode="0"/></dxf></dxfs>'
        )
        shown = "".join(
            f'<c s="1"><v>{value}</v></c>'
            for value in (0.75, 1, 59, 60, 61, 45000, 45000.5, 2958465, 99999999)
        )

        agree(tmp_path, with_cells(shown, styles=styles))
        agree(tmp_path, with_cells(shown, styles=styles, workbook='date1904="1"'))

    @pytest.mark.parametrize("number", range(60))
    def test_built_in_formats_mean_the_same(self, tmp_path: Path, number: int) -> None:
        styles = f'<cellXfs><xf numFmtId="0"/><xf numFmtId="{number}"/></cellXfs>'
        content = with_cells('<c s="1"><v>45000.25</v></c>', styles=styles)

        if number in range(27, 37) or number in range(
            50, 59
        ):  # days in Chinese, Japanese and Korean, unknown elsewhere
            assert rows_of(tmp_path, content) == [["2023-03-15 06:00"]]
        else:
            agree(tmp_path, content)


def agree(tmp_path: Path, content: bytes) -> None:
    assert rows_of(tmp_path, content) == rows_elsewhere(tmp_path, content)


class TestXlsx:
    def test_each_kind_of_cell_is_its_text(self, tmp_path: Path) -> None:
        strings = (
            "<si><t>plain</t></si><si/><si><r><rPr><b/></rPr><t xml:space='preserve'>of </t></r><r><t>runs</t></r>"
            "<rPh sb='0' eb='1'><t>spoken</t></rPh><phoneticPr fontId='1'/></si><si><t>a_x000D_b_x005F_x000D_</t></si>"
        )
        cells = (
            '<c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="s"><v>3</v></c>'
            '<c t="inlineStr"><is><r><t>in</t></r> <r><t>line</t></r><rPh sb="0" eb="1"><t>no</t></rPh></is></c>'
            '<c t="b"><v>1</v></c><c t="b"><v>0</v></c><c t="e"><v>#N/A</v></c>'
            '<c t="str"><f>A1&amp;"x"</f><v>a &lt; b</v></c><c><f>1+1</f><v>2</v></c>'
            '<c t="d"><v>2026-01-31T09:30:00</v></c><c><v>1E3</v></c><c t="n"/><c><v>end</v></c>'
        )

        assert rows_of(tmp_path, with_cells(cells, strings=strings)) == [
            [
                *("plain", "", "of runs", "a\rb_x000D_", "inline", "TRUE", "FALSE", "", "a < b", "2"),
                *("2026-01-31 09:30", "1000", "", "end"),
            ]
        ]

    def test_cells_are_where_they_say(self, tmp_path: Path) -> None:
        cells = '<c r="C1"><v>3</v></c><c><v>4</v></c><c r="B1"><v>2</v></c><c r="AA1"><v>27</v></c>'

        assert rows_of(tmp_path, with_cells(cells)) == [["2", "3", "4", *[""] * 22, "27"]]

    def test_later_rows_that_reach_farther_widen_those_before(self, tmp_path: Path) -> None:
        rows = [[None, None, "title"], [None, "b", "c"], [None, None, None, "d"], ["a"], [None, None, "z"]]

        assert rows_of(tmp_path, xlsx({"A": rows})) == [
            ["", "", "title", ""], ["", "b", "c", ""], ["", "", "", "d"], ["a", "", "", ""], ["", "", "z", ""],
        ]  # fmt: skip

    def test_names_may_have_a_prefix_and_the_strict_namespace(self, tmp_path: Path) -> None:
        sheet = (
            '<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row><x:c><x:v>1</x:v>'
            "</x:c></x:row></x:sheetData></x:worksheet>"
        )

        assert rows_of(tmp_path, replaced(xlsx({"A": [["x"]]}), SHEET, sheet)) == [["1"]]


class TestOds:
    def test_each_kind_of_cell_is_its_text(self, tmp_path: Path) -> None:
        def cell(kind: str, value: str) -> str:
            return f'<table:table-cell office:value-type="{kind}" {value}><text:p>shown</text:p></table:table-cell>'

        cells = (
            text_cell(
                "a<text:s/>b<text:s text:c='2'/>c<text:tab/>d<text:line-break/>e<text:span>f</text:span>"
            )
            + text_cell("one</text:p>\n<text:p>two")
            + '<table:table-cell office:value-type="string"><office:annotation><text:p>no</text:p></office:annotation>'
            "<text:p>yes</text:p></table:table-cell>"
            + '<table:covered-table-cell table:number-columns-repeated="2"/>'
            + cell("string", 'office:string-value="given"')
            + cell("float", 'office:value="12.50"')
            + cell("percentage", 'office:value="0.19"')
            + cell("currency", 'office:value="3" office:currency="EUR"')
            + cell("boolean", 'office:boolean-value="true"')
            + cell("date", 'office:date-value="2026-01-31"')
            + cell("date", 'office:date-value="2026-01-31T09:30:00"')
            + cell("time", 'office:time-value="PT09H30M00S"')
            + cell("time", 'office:time-value="PT36H00M05S"')
            + cell("float", "")
        )

        assert rows_of(tmp_path, ods_of(table_of(f"<table:table-row>{cells}</table:table-row>"))) == [
            [
                *("a b  c\td\nef", "one\ntwo", "yes", "", "", "given", "12.5", "0.19", "3", "TRUE"),
                *("2026-01-31", "2026-01-31 09:30", "09:30", "36:00:05", "shown"),
            ]
        ]

    def test_rows_in_groups_count_and_hidden_sheets_and_drawings_do_not(self, tmp_path: Path) -> None:
        row = "<table:table-row>{}</table:table-row>"
        drawn = "<table:shapes><table:table-row/><text:p>no</text:p></table:shapes>"
        styles = '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
        shown = (
            f"{drawn}<table:table-header-rows>{row.format(text_cell('head'))}</table:table-header-rows>"
            f"<table:table-row-group><table:table-row-group>{row.format(text_cell('in'))}</table:table-row-group>"
            "</table:table-row-group>"
        )
        content = ods_of(table_of(row.format(text_cell("no")), "H", "h") + table_of(shown), styles)

        assert rows_of(tmp_path, content) == [["head"], ["in"]]
        with pytest.raises(Refused, match="sheet"):
            rows_of(tmp_path, content, sheet="H")


BILLION = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>'
ROW = "<table:table-row {}>{}</table:table-row>"
BROKEN_RULES = {
    "entities, xlsx": (replaced(xlsx({"A": [["x"]]}), SHEET, BILLION + sheet_of("<row/>")), "damaged"),
    "entities, ods": (replaced(ods({"A": [["x"]]}), "content.xml", BILLION + "<a>&b;</a>"), "damaged"),
    "a thousand million rows": (
        ods_of(table_of(ROW.format('table:number-rows-repeated="1000000000"', text_cell("x")))), "1,048,576 rows",
    ),
    "a thousand million columns": (
        ods_of(table_of(ROW.format("", text_cell("x", 'table:number-columns-repeated="1000000000"')))), "500 columns",
    ),
    "less than no cells": (
        ods_of(table_of(ROW.format("", text_cell("x", 'table:number-columns-repeated="-5"')))), "damaged",
    ),
    "a text that is not there": (with_cells('<c t="s"><v>9999999</v></c>'), "damaged"),
    "a text before the first": (with_cells('<c t="s"><v>-1</v></c>'), "damaged"),
    "a column that is none": (with_cells('<c r="XFE1"><v>1</v></c>'), "damaged"),
    "deep": (replaced(ods({"A": []}), "content.xml", "<a>" * 1_000_000), "damaged"),
    "a letter": (
        zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}), "no spreadsheet",
    ),
}  # fmt: skip


class TestHostile:
    @pytest.mark.parametrize("name", BROKEN_RULES)
    def test_is_answered_with_a_sentence(self, tmp_path: Path, name: str) -> None:
        content, words = BROKEN_RULES[name]
        (tmp_path / "book").write_bytes(content)

        with pytest.raises(CsvInvalid, match=words):
            sheets.unpack(tmp_path / "book", folder=tmp_path, lock=tmp_path / "lock")

        assert {path.name for path in tmp_path.iterdir()} <= {"book", "lock"}


class TestStrings:
    @given(data=st.data())
    @many
    def test_are_found_in_any_order(self, tmp_path: Path, data: st.DataObject) -> None:
        written = data.draw(st.lists(st.one_of(texts, st.just("long" * 9000)), min_size=1, max_size=80))
        items = "".join(
            f"<si><t>{text.replace('&', '&amp;').replace('<', '&lt;')}</t></si>" for text in written
        )
        with Strings(str(tmp_path / "strings")) as strings:
            strings.read(io.BytesIO(f"<sst>{items}</sst>".encode()))

            for number in data.draw(st.lists(st.integers(0, len(written) - 1), max_size=60)):
                assert strings.get(number) == written[number]
            with pytest.raises(IndexError):
                strings.get(len(written))
            assert not list(tmp_path.glob("strings*"))

    @pytest.mark.parametrize("count", [0, 15, 16, 17, 32])
    def test_there_is_none_behind_the_last(self, tmp_path: Path, count: int) -> None:
        with Strings(str(tmp_path / "strings")) as strings:
            strings.read(io.BytesIO(f"<sst>{'<si><t>x</t></si>' * count}</sst>".encode()))

            assert [strings.get(number) for number in range(count)] == ["x"] * count
            with pytest.raises(IndexError):
                strings.get(count)
