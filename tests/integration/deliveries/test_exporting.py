"""Files of a run's recipients: what stands in them, that they are whole or not there, and how they end."""

import csv
import io
import stat
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.exporting import files, formats, operations, rows, working, writing
from clarion.deliveries.models import Export, ExportFormat, ExportStatus, Run
from clarion.deliveries.states import Result
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import permissions
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Permission, Role
from tests import ledgers

pytestmark = pytest.mark.django_db

#: 1-5 skipped, 6-65 sent, 66-73 failed, 74-76 unknown, 77-81 waiting, 82-85 in flight, 86-100 pending.
KINDS = {"skipped": 5, "sent": 60, "failed": 8, "unknown": 3, "waiting": 5, "in_flight": 4, "pending": 15}


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people(zone="Europe/Berlin")


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    return ledgers.make_run(campaign, **KINDS)


@pytest.fixture(autouse=True)
def _clean_folder() -> Iterator[None]:
    yield
    for path in files.folder().iterdir():
        path.unlink()


def made(run: Run, people: ledgers.People, kind: str = "CSV", has_bom: bool = False, **query: str) -> Export:
    """Return an export that was worked off."""
    export = operations.create_export(
        run=run, wanted=Wanted.read(query), kind=kind, has_bom=has_bom, by=ledgers.actor(people.alice)
    )
    working.run_export_job(export.pk)
    export.refresh_from_db()
    return export


def bytes_of(export: Export) -> bytes:
    return files.path_of(export.file_path).read_bytes()


def table_of(export: Export) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bytes_of(export).decode("utf-8-sig"), newline="")))


def sheets_of(data: bytes) -> list[list[list[str]]]:
    """Return the cells of each sheet of a workbook as texts, empty ones left out."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        shown = []
        for path in sorted(one for one in book.namelist() if one.startswith("xl/worksheets/sheet")):
            tree = ElementTree.fromstring(book.read(path))  # noqa: S314 - a file of our own
            shown.append([["".join(cell.itertext()) for cell in row] for row in tree.iter(f"{name}row")])
        return shown


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
        monkeypatch.setattr(writing, "BATCH", 7)
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


class TestPrivacy:
    @pytest.fixture
    def masked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Authors may export, but see no addresses."""
        grants = permissions._GRANTS | {Role.AUTHOR: frozenset({Permission.VIEW, Permission.EXPORT})}
        monkeypatch.setattr(permissions, "_GRANTS", grants)
        permissions.permissions_of.cache_clear()
        yield  # type: ignore[misc]
        monkeypatch.undo()
        permissions.permissions_of.cache_clear()

    @pytest.mark.parametrize("kind", ExportFormat.values)
    @pytest.mark.usefixtures("masked")
    def test_without_the_permission_no_name_and_no_address_is_in_the_file(
        self, run: Run, people: ledgers.People, kind: str
    ) -> None:
        by = ledgers.actor(people.bob)
        export = operations.create_export(run=run, wanted=Wanted(), kind=kind, by=by)
        working.run_export_job(export.pk)
        export.refresh_from_db()

        data = bytes_of(export)
        text = str(sheets_of(data)) if kind == "XLSX" else data.decode()

        assert "p…@e….test" in text
        assert "person0" not in text
        assert "Number" not in text

    @pytest.mark.usefixtures("masked")
    def test_a_masked_search_finds_nobody_by_address(self, run: Run, people: ledgers.People) -> None:
        by = ledgers.actor(people.bob)
        export = operations.create_export(
            run=run, wanted=Wanted.read({"q": "person0000012"}), kind="CSV", by=by
        )
        working.run_export_job(export.pk)

        assert table_of(Export.objects.get(pk=export.pk)) == []

    @pytest.mark.usefixtures("masked")
    def test_a_whole_file_is_not_for_who_may_see_masked_ones_only(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = made(run, people)

        with pytest.raises(NotAllowed):
            operations.record_download(export=export, by=ledgers.actor(people.bob))

    def test_a_viewer_gets_none_and_a_stranger_finds_no_run(self, run: Run, people: ledgers.People) -> None:
        with pytest.raises(NotAllowed):
            operations.create_export(run=run, wanted=Wanted(), kind="CSV", by=ledgers.actor(people.vera))
        with pytest.raises(ExportRefused):
            operations.create_export(run=run, wanted=Wanted(), kind="CSV", by=ledgers.actor(people.mallory))

    def test_only_we_can_read_the_file_and_its_name_says_nothing(
        self, run: Run, people: ledgers.People
    ) -> None:
        path = files.path_of(made(run, people).file_path)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(files.folder().stat().st_mode) == 0o700
        assert len(path.stem) == 32
        assert set(path.stem) <= set("0123456789abcdef")

    def test_the_trail_names_the_filter_but_not_what_was_searched_for(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = made(run, people, status="sent", q="person0000012")
        operations.record_download(export=export, by=ledgers.actor(people.alice))
        operations.delete_export(export=export, by=ledgers.actor(people.alice))

        told = list(AuditEvent.objects.order_by("number").values_list("action", "changes"))

        assert [action for action, _changes in told] == [
            "campaign.export", "campaign.export_done", "campaign.export_download", "campaign.export_delete",
        ]  # fmt: skip
        assert {changes["filter"][1] for _action, changes in told} == {"status=sent&q=…"}


class TestEnds:
    def test_a_killed_job_is_taken_up_again_and_gives_a_whole_file(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = operations.create_export(
            run=run, wanted=Wanted(), kind="CSV", by=ledgers.actor(people.alice)
        )
        name = files.new_name("csv")
        Export.objects.filter(pk=export.pk).update(status=ExportStatus.RUNNING, file_path=name, done_count=40)
        part = files.part_of(files.path_of(name))
        part.write_bytes(b"half a li")
        scratch = files.scratch_of(files.path_of(name))
        scratch.mkdir()
        (scratch / "rows").write_text("x")

        working.run_export_job(export.pk)

        export.refresh_from_db()
        assert len(table_of(export)) == 100
        assert [path.name for path in files.folder().iterdir()] == [name]

    def test_a_job_that_runs_twice_changes_nothing(self, run: Run, people: ledgers.People) -> None:
        export = made(run, people)
        events = AuditEvent.objects.count()
        before = bytes_of(export)

        working.run_export_job(export.pk)

        assert bytes_of(Export.objects.get(pk=export.pk)) == before
        assert AuditEvent.objects.count() == events

    def test_deleting_one_that_is_under_way_stops_it_and_leaves_no_file(
        self, run: Run, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, "BATCH", 10)
        monkeypatch.setattr(working, "NOTE_SECONDS", 0.0)
        by = ledgers.actor(people.alice)
        export = operations.create_export(run=run, wanted=Wanted(), kind="XLSX", by=by)
        seen: list[int] = []
        batches = writing._batches

        def deleting(*arguments: Any, **options: Any) -> Iterator[int]:
            for count in batches(*arguments, **options):
                seen.append(count)
                if len(seen) == 3:
                    operations.delete_export(export=export, by=by)
                yield count

        monkeypatch.setattr(writing, "_batches", deleting)

        working.run_export_job(export.pk)

        assert len(seen) == 3
        assert not Export.objects.exists()
        assert list(files.folder().iterdir()) == []

    def test_a_full_disk_is_told_and_leaves_no_file(
        self, run: Run, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_arguments: Any) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files, "keep", full)

        export = made(run, people)

        assert (export.status, export.failure) == ("FAILED", "The file could not be written to the disk.")
        assert list(files.folder().iterdir()) == []

    def test_its_file_goes_when_its_time_is_over(
        self, run: Run, people: ledgers.People, django_capture_on_commit_callbacks: Any
    ) -> None:
        old, young = made(run, people), made(run, people)
        Export.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

        with django_capture_on_commit_callbacks(execute=True):
            assert operations.expire_exports() == 1
            assert operations.expire_exports() == 0

        assert not files.path_of(old.file_path).exists()
        assert files.path_of(young.file_path).exists()
        old.refresh_from_db()
        assert (old.status, old.file_path) == ("EXPIRED", "")
        assert old.run.campaign_id == run.campaign_id
        assert AuditEvent.objects.filter(action="campaign.export_expire").count() == 1

    def test_it_stays_for_as_many_days_as_the_setting_says(
        self, run: Run, people: ledgers.People, settings: Any
    ) -> None:
        settings.CLARION_EXPORT_DAYS = 3

        export = made(run, people)

        assert export.expires_at is not None
        assert export.finished_at is not None
        assert export.expires_at - export.finished_at == timedelta(days=3)

    def test_what_a_crash_left_is_swept_away_and_what_is_known_is_not(
        self, run: Run, people: ledgers.People
    ) -> None:
        export = made(run, people)
        (files.folder() / "aa.csv.part").write_text("x")

        assert files.remove_strays({export.file_path}) == 0
        assert files.remove_strays({export.file_path}, older_than=-1.0) == 1
        assert [path.name for path in files.folder().iterdir()] == [export.file_path]

    @pytest.mark.parametrize("name", ["", "..", "../secret_key", "a/b", ".hidden"])
    def test_no_other_file_can_be_named(self, name: str) -> None:
        with pytest.raises(ValueError, match="not the name"):
            files.path_of(name)

    def test_so_many_at_once_are_too_many(
        self, run: Run, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(operations, "MOST_AT_ONCE", 1)
        by = ledgers.actor(people.alice)
        operations.create_export(run=run, wanted=Wanted(), kind="CSV", by=by)

        with pytest.raises(ExportRefused):
            operations.create_export(run=run, wanted=Wanted(), kind="CSV", by=by)


class TestWanted:
    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"status": "sent", "result": "none", "q": "ana@"},
            {"skip": "suppressed"},
            {"reason": "301", "code": "-"},
            {"result": "bounced", "code": "550 5.1.1"},
        ],
    )
    def test_what_it_says_is_what_it_reads(self, query: dict[str, str]) -> None:
        assert Wanted.read(query).query() == query

    def test_what_it_cannot_understand_is_left_out(self) -> None:
        wrong = {"status": "SENT", "result": 7, "reason": "²", "code": "\x00", "q": "a", "skip": "x"}

        assert Wanted.read(wrong) == Wanted()

    def test_how_many_are_expected_is_exact_where_a_counter_tells(self, run: Run) -> None:
        failed, searched = Wanted.read({"status": "failed"}), Wanted.read({"status": "sent", "q": "ada"})

        assert (writing.expected(run, failed), writing.is_exact(run, failed)) == (8, True)
        assert (writing.expected(run, searched), writing.is_exact(run, searched)) == (60, False)


def test_a_file_elsewhere_is_whole_or_not_there(run: Run, tmp_path: Path) -> None:
    def interrupted(_count: int) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "people.csv"
    with pytest.raises(KeyboardInterrupt):
        writing.write(
            run, Wanted(), kind="CSV", path=target, is_masked=False, has_bom=False, progress=interrupted
        )

    assert list(tmp_path.iterdir()) == []
