"""The process of background jobs: what was put off is done, and what a killed one left behind is taken up."""

import asyncio
import io

import pytest
from django.db import connection

from clarion.audience import operations
from clarion.audience.models import Contact, Import
from clarion.runtime import jobs
from clarion.workspaces import actors
from tests.factories import make_cast
from tests.integration.runtime.working import run_jobs_until, until_so
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


def started_import() -> Import:
    by = actors.of_member(make_cast().alice)
    made = operations.create_import(
        by=by, file=io.BytesIO(b"email,name\nana@shop.example,Ana\n"), file_name="people.csv"
    )
    return operations.start_import(by=by, the_import=made, mapping=made.mapping)


def is_done() -> bool:
    try:
        return Import.objects.filter(status="DONE").exists()
    finally:
        connection.close()


def test_an_import_is_run() -> None:
    started_import()

    run_jobs_until(is_done)

    assert Contact.objects.get().email == "ana@shop.example"
    with connection.cursor() as cursor:
        cursor.execute("select status::text from procrastinate_jobs where task_name = 'audience.run_import'")
        assert cursor.fetchall() == [("succeeded",)]


def test_a_job_whose_process_was_killed_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SWEEP_SECONDS", 0.1)
    started_import()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour') returning id"
        )
        worker = cursor.fetchone()[0]
        cursor.execute("update procrastinate_jobs set status = 'doing', worker_id = %s", [worker])

    run_jobs_until(is_done)

    assert Contact.objects.count() == 1


def test_goes_on_after_the_database_has_thrown_it_out() -> None:
    async def work() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(jobs.run(stop))
        await until_so(is_listening, task)
        await asyncio.to_thread(throw_all_out)
        await asyncio.to_thread(start_and_leave)
        await until_so(is_done, task)
        stop.set()
        await asyncio.wait_for(task, PATIENCE_SECONDS)

    connection.close()  # the test's own would be thrown out too, and fail whatever uses it next
    asyncio.run(work())

    assert Contact.objects.count() == 1


def is_listening() -> bool:
    """Whether the process of the jobs is connected and hears of new ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and query ilike 'listen %')"
        )
        is_so = bool(cursor.fetchone()[0])
    connection.close()
    return is_so


def throw_all_out() -> None:
    """As a restart does: every connection but ours ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    connection.close()


def start_and_leave() -> None:
    started_import()
    connection.close()
