"""Files of a run's recipients: that they are whole or not there, how they end, and what was asked for."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from clarion.deliveries import batching
from clarion.deliveries.errors import ExportRefused
from clarion.deliveries.exporting import files, operations, working, writing
from clarion.deliveries.models import Export, ExportStatus, Run
from clarion.deliveries.states import Result
from clarion.deliveries.wanted import Wanted
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.integration.deliveries.exporting.reading import bytes_of, made, table_of

pytestmark = pytest.mark.django_db


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
        monkeypatch.setattr(batching, "BATCH", 10)
        monkeypatch.setattr(working, "NOTE_SECONDS", 0.0)
        by = ledgers.actor(people.alice)
        export = operations.create_export(run=run, wanted=Wanted(), kind="XLSX", by=by)
        seen: list[int] = []
        batches = batching.batches

        def deleting(*arguments: Any, **options: Any) -> Iterator[int]:
            for count in batches(*arguments, **options):
                seen.append(count)
                if len(seen) == 3:
                    operations.delete_export(export=export, by=by)
                yield count

        monkeypatch.setattr(batching, "batches", deleting)

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

    @pytest.mark.parametrize("result", [None, Result.DELIVERED])
    @pytest.mark.parametrize("no_receipt", [False, True])
    @pytest.mark.parametrize("not_opened", [False, True])
    def test_none_of_several_conditions_on_receipts_is_lost_on_the_way_to_a_job(
        self, result: Result | None, no_receipt: bool, not_opened: bool
    ) -> None:
        wanted = Wanted(result=result, no_receipt=no_receipt, not_opened=not_opened)

        assert Wanted.read(wanted.query()) == wanted

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
