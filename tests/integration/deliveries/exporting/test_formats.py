"""Files of a run's recipients: what stands in them, in each format."""

import csv
import io
import zipfile
from typing import Any

import pytest

from clarion.campaigns.models import Campaign
from clarion.deliveries import batching
from clarion.deliveries.exporting import files, formats, rows
from clarion.deliveries.models import ExportStatus, Run
from clarion.deliveries.states import Result
from tests import ledgers
from tests.integration.deliveries.exporting.reading import KINDS, bytes_of, made, sheets_of, table_of

pytestmark = pytest.mark.django_db


class TestTable:
    def test_everybody_is_in_it_once_in_the_order_of_their_numbers(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = made(run, people)

        assert [row["number"] for row in table_of(export)] == [str(n) for n in range(1, 101)]
        assert (export.status, export.done_count, export.total_count) == ("DONE", 100, 100)
        assert export.file_bytes == len(bytes_of(export))

    def test_a_line_says_what_the_page_says(self, run: Run, people: ledgers.People) -> None:
        ledgers.add_receipts(run, [6], Result.DELIVERED)

        first, failed = (row for row in table_of(made(run, people)) if row["number"] in ("6", "66"))

        assert first == {
            "number": "6",
            "name": "Ada Number 6",
            "address": "person0000006@example.test",
            "status": "sent",
            "status_reason": "",
            "channel": "email",
            "message_status": "sent",
            "attempts": "1",
            "sent_at": "2026-11-21T13:00:01+01:00",
            "result": "delivered",
            "result_at": "2026-11-21T13:02:00+01:00",
            "code": "250 2.0.0",
            "provider_id": "4bXy0000006",
            "reason": "",
            "opened_at": "",
            "clicked_at": "",
            "clicked_links": "",
            "first_name": "Ada",
            "last_name": "Number 6",
        }
        assert (failed["status"], failed["reason"], failed["code"]) == (
            "failed", "address_unknown", "550 5.1.1",
        )  # fmt: skip

    def test_whoever_was_left_out_is_told_with_the_reason(self, run: Run, people: ledgers.People) -> None:
        rows = table_of(made(run, people, status="skipped"))

        assert [(row["status"], row["status_reason"], row["channel"]) for row in rows] == [
            ("skipped", "suppressed", "")
        ] * 5

    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ({"status": "failed"}, range(66, 74)),
            ({"status": "pending"}, [*range(77, 82), *range(86, 101)]),
            ({"status": "in_flight"}, range(82, 86)),
            ({"q": "person0000012"}, [12]),
            ({"q": "#70"}, [70]),
            ({"result": "none"}, range(6, 66)),
            ({"reason": "301", "status": "failed"}, range(66, 74)),
            ({"code": "451 4.7.1"}, range(77, 82)),
            ({"result": "replied"}, []),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_the_filter_is_that_of_the_page(
        self, run: Run, people: ledgers.People, query: dict[str, str], numbers: Any
    ) -> None:
        rows = table_of(made(run, people, **query))

        assert [int(row["number"]) for row in rows] == list(numbers)

    def test_more_than_a_batch_is_whole(
        self, campaign: Campaign, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batching, "BATCH", 7)
        run = ledgers.make_run(campaign, **KINDS)

        assert len(table_of(made(run, people))) == 100
        assert [row["number"] for row in table_of(made(run, people, status="sent"))] == [
            str(n) for n in range(6, 66)
        ]

    @pytest.mark.parametrize("text", ["=1+1", "+49 30", "-2", "@here", "\tx", "\rx"])
    def test_no_cell_can_be_run_by_a_spreadsheet(self, run: Run, people: ledgers.People, text: str) -> None:
        ledgers.change("recipient", run, "id = 6", variables=f'{{"first_name": {_quoted(text)}}}')
        ledgers.change("recipient", run, "id = 7", variables=f'{{{_quoted(text)}: "x"}}')

        lines = list(csv.reader(io.StringIO(bytes_of(made(run, people)).decode(), newline="")))
        sheet = sheets_of(bytes_of(made(run, people, "XLSX")))[0]

        assert f"'{text}" in lines[0]
        assert f"'{text}" in lines[6]
        assert text not in {cell for line in lines for cell in line}
        assert f"'{text.strip()}" in {cell.replace("'\t", "'").replace("'_x000D_", "'") for cell in sheet[6]}
        assert "<f>" not in _first_sheet(bytes_of(made(run, people, "XLSX")))

    def test_a_variable_with_the_name_of_a_column_gets_another(
        self, run: Run, people: ledgers.People
    ) -> None:
        ledgers.change("recipient", run, "id = 6", variables='{"status": "gold", "city": ["a", 1]}')

        row = next(row for row in table_of(made(run, people)) if row["number"] == "6")

        assert (row["status"], row["variable_status"], row["city"]) == ("sent", "gold", '\'["a",1]'[1:])

    def test_more_fields_than_a_table_can_have_are_refused_with_a_sentence(
        self, run: Run, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rows, "MOST_VARIABLES", 1)

        export = made(run, people)

        assert export.status == ExportStatus.FAILED
        assert "more than 1 different fields" in export.failure
        assert list(files.folder().iterdir()) == []

    def test_the_mark_of_utf8_is_there_when_wanted(self, run: Run, people: ledgers.People) -> None:
        assert bytes_of(made(run, people, has_bom=True)).startswith(b"\xef\xbb\xbfnumber,")
        assert bytes_of(made(run, people, has_bom=False)).startswith(b"number,")


def _quoted(text: str) -> str:
    return '"' + text.replace("\t", "\\t").replace("\r", "\\r") + '"'


def _first_sheet(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


class TestOtherFormats:
    def test_txt_is_an_address_a_line(self, run: Run, people: ledgers.People) -> None:
        ledgers.change("recipient", run, "id = 66", address="")

        lines = bytes_of(made(run, people, "TXT", status="failed")).decode().splitlines()

        assert lines == [f"person{n:07}@example.test" for n in range(67, 74)]

    def test_a_workbook_says_the_same_as_the_table(self, run: Run, people: ledgers.People) -> None:
        table = table_of(made(run, people))
        (sheet,) = sheets_of(bytes_of(made(run, people, "XLSX")))

        assert sheet[0] == list(table[0])
        assert sheet[1:] == [[cell for cell in row.values() if cell] for row in table]

    def test_who_does_not_fit_on_a_sheet_goes_to_the_next(
        self, run: Run, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(formats, "SHEET_ROWS", 41)

        sheets = sheets_of(bytes_of(made(run, people, "XLSX")))

        assert [len(sheet) for sheet in sheets] == [41, 41, 21]
        assert {tuple(sheet[0]) for sheet in sheets} == {tuple(sheets[0][0])}
        assert [row[0] for sheet in sheets for row in sheet[1:]] == [str(n) for n in range(1, 101)]
