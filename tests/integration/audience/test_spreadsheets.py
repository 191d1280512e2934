"""Spreadsheets wherever a file is taken: read like the CSV they could have been, and nothing stays behind."""

import csv
import io

import pytest

from clarion.audience import importing, operations, queries, reading, uploads
from clarion.audience.errors import CsvInvalid, NoAddressColumn
from clarion.audience.models import (
    Contact,
    Import,
    ImportStatus,
    Source,
    SourceRow,
    SourceStatus,
    Suppression,
)
from clarion.workspaces import actors
from tests.workbooks import ods, xlsx

pytestmark = pytest.mark.django_db

PEOPLE = [
    ["E-Mail", "Mobile", "Customer since"],
    ["ana@shop.example", "+4930123456", "2026"],
    ["rubbish", None, "=1+1"],
    [None, "+4930999999", None],
]


def left_behind() -> set[str]:
    """Return the names of the files that are kept, locks aside."""
    return {path.name for path in uploads.folder().iterdir()} - {uploads.SHEETS_LOCK}


def made(alice: actors.Actor, content: bytes, name: str = "people.xlsx") -> Import:
    return operations.create_import(by=alice, file=io.BytesIO(content), file_name=name)


class TestImport:
    @pytest.mark.parametrize("write", [xlsx, ods])
    def test_good_rows_go_in_and_bad_ones_come_back(self, alice: actors.Actor, write: object) -> None:
        before = left_behind()
        the_import = made(alice, write({"People": PEOPLE}))  # type: ignore[operator]
        operations.start_import(by=alice, the_import=the_import, mapping=the_import.mapping)

        done = importing.run_import(the_import)

        assert (done.status, done.row_count, done.created_count, done.bad_count) == (
            ImportStatus.DONE,
            3,
            2,
            1,
        )
        assert done.read_bytes == done.file_bytes
        assert Contact.objects.get(email="ana@shop.example").phone == "+4930123456"
        report = uploads.path_of(done.report_path).read_text("utf-8-sig")
        row = list(csv.reader(io.StringIO(report)))[1]
        assert (row[:2], row[3:]) == (["2", "E-Mail"], ["rubbish", "", "'=1+1"])
        assert left_behind() - before == {done.report_path}

    def test_another_sheet_can_be_chosen(self, alice: actors.Actor) -> None:
        the_import = made(alice, xlsx({"Notes": [["Made in May"], ["by hand"]], "People": PEOPLE}))
        assert (the_import.dialect["sheet"], the_import.dialect["sheets"]) == ("Notes", ["Notes", "People"])

        operations.redialect_import(by=alice, the_import=the_import, overrides={"sheet": "People"})

        assert the_import.mapping["e_mail"] == "email"
        shown = queries.import_preview(the_import, the_import.mapping)
        assert shown[0].person is not None
        assert shown[0].person.email == "ana@shop.example"
        with pytest.raises(CsvInvalid):
            operations.redialect_import(by=alice, the_import=the_import, overrides={"sheet": "None"})

    def test_cancelling_takes_the_sheets_away_too(
        self, alice: actors.Actor, django_capture_on_commit_callbacks: object
    ) -> None:
        before = left_behind()
        the_import = made(alice, xlsx({"People": PEOPLE}))

        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            operations.cancel_import(by=alice, the_import=the_import)

        assert left_behind() == before

    def test_what_is_refused_is_not_kept(self, alice: actors.Actor) -> None:
        before = left_behind()

        with pytest.raises(CsvInvalid):
            made(alice, b"PK\x03\x04" + b"nothing" * 20)

        assert left_behind() == before
        assert not Import.objects.exists()

    def test_the_content_counts_and_not_the_name(self, alice: actors.Actor) -> None:
        assert made(alice, xlsx({"People": PEOPLE}), "people.csv").dialect["sheet"] == "People"
        assert made(alice, b"E-Mail\na@shop.example\n", "people.xlsx").dialect["sheet"] == ""


class TestSource:
    def test_a_campaigns_file_is_frozen_with_its_rows(self, alice: actors.Actor) -> None:
        source = operations.create_upload_source(
            by=alice, file=io.BytesIO(xlsx({"A": PEOPLE})), file_name="a.xlsx", channel="email"
        )

        source = reading.read_source(source)

        assert (source.status, source.row_count, source.bad_count) == (SourceStatus.READY, 3, 2)
        assert source.read_bytes == source.file_bytes
        first = SourceRow.objects.get(source_id=source.pk, id=1)
        assert (first.address, first.data["customer_since"]) == ("ana@shop.example", "2026")
        rejected = list(queries.problem_rows(source))
        assert [row[0] for row in rejected] == ["row", "2", "3"]
        assert rejected[1][-1] == "'=1+1"

    def test_a_sheet_without_addresses_names_the_others(self, alice: actors.Actor) -> None:
        book = xlsx({"Notes": [["a"], ["b"]], "People": PEOPLE})

        with pytest.raises(NoAddressColumn) as refusal:
            operations.create_upload_source(
                by=alice, file=io.BytesIO(book), file_name="a.xlsx", channel="email"
            )

        assert (refusal.value.sheets, refusal.value.sheet) == (("Notes", "People"), "Notes")
        assert not Source.objects.exists()
        chosen = operations.create_upload_source(
            by=alice, file=io.BytesIO(book), file_name="a.xlsx", channel="email",
            dialect_overrides={"sheet": "People"},
        )  # fmt: skip
        assert chosen.dialect["address"] == "e_mail"


def test_suppressions_come_from_a_sheet(alice: actors.Actor) -> None:
    book = ods({"Gone": [["address", "reason"], ["Ana@shop.example", "BOUNCED"], ["rubbish", None]]})

    made = operations.suppress_file(by=alice, file=io.BytesIO(book), file_name="gone.ods", channel="email")
    importing.run_import(made)

    assert (made.created_count, made.skipped_count, made.bad_count) == (1, 0, 1)
    assert Suppression.objects.get().reason == "BOUNCED"


def test_old_sheets_without_an_owner_are_swept_up_and_the_others_kept(alice: actors.Actor) -> None:
    the_import = made(alice, xlsx({"People": PEOPLE}))
    orphan = uploads.folder() / "0123456789abcdef.sheet1"
    orphan.write_text("x")

    reading.sweep_uploads(age_seconds=-1)

    assert not orphan.exists()
    assert queries.import_preview(the_import, the_import.mapping)
