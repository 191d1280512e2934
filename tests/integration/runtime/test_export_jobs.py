"""The process of background jobs makes exports, and takes up the one that a killed process left behind."""

import pytest
from django.db import connection

from clarion.deliveries.exporting import files, operations
from clarion.deliveries.models import Export, ExportStatus
from clarion.deliveries.wanted import Wanted
from clarion.runtime import jobs
from clarion.workspaces import actors
from tests.integration.runtime.working import run_jobs_until
from tests.runs import make_run

pytestmark = pytest.mark.django_db(transaction=True)


def asked_for() -> Export:
    run = make_run(count=5000).run
    return operations.create_export(
        run=run, wanted=Wanted(), kind="TXT", has_bom=False, by=actors.operator(run.workspace)
    )


def is_done() -> bool:
    try:
        return Export.objects.filter(status=ExportStatus.DONE).exists()
    finally:
        connection.close()


def lines_of(export: Export) -> list[str]:
    export.refresh_from_db()
    path = files.path_of(export.file_path)
    try:
        return path.read_text().splitlines()
    finally:
        path.unlink()


def test_an_export_is_made() -> None:
    export = asked_for()

    run_jobs_until(is_done)

    assert lines_of(export) == [f"person{n}@example.test" for n in range(1, 5001)]


def test_one_whose_process_was_killed_is_taken_up_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SWEEP_SECONDS", 0.1)
    export = asked_for()
    there = set(files.folder().iterdir())  # of other tests
    name = files.new_name("txt")
    Export.objects.filter(pk=export.pk).update(status=ExportStatus.RUNNING, file_path=name, done_count=2000)
    files.part_of(files.path_of(name)).write_text("person1@example.test\nperson2@exa")
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour') returning id"
        )
        worker = cursor.fetchone()[0]
        cursor.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", [worker])

    run_jobs_until(is_done)

    assert len(lines_of(export)) == 5000
    assert set(files.folder().iterdir()) <= there
