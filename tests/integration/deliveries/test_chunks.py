"""Building a run stands in nobody's way, and can be broken off."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from clarion.audience.models import SourceRow
from clarion.campaigns.states import Status
from clarion.deliveries import building, operations
from clarion.deliveries.models import Run
from tests.integration.campaigns import making
from tests.waiting import wait_for


def make_building(people: int) -> Run:
    """Return the run, not yet begun to be built, of a campaign for a file of so many people."""
    campaign = making.make_launchable(making.make_workspace(), status=Status.BUILDING)
    source = campaign.source
    assert source is not None
    source.kind = "UPLOAD"
    source.save()
    SourceRow.objects.bulk_create(
        SourceRow(source_id=source.pk, id=n, address=f"p{n}@example.test", data={"first_name": "Ada"})
        for n in range(1, people + 1)
    )
    run = operations.begin_run(campaign.pk)
    assert run is not None
    return run


#: The key of an advisory lock on which the chunk waits until the test has looked.
_NAP = 4711


def _is_napping() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select 1 from pg_locks where locktype = 'advisory' and objid = %s and not granted)",
            [_NAP],
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_run_can_be_counted_on_while_a_chunk_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_building(people=10)
    facts = building._facts(run)
    held = facts["statement"].replace(
        "with judged as", f"with nap as materialized (select pg_advisory_xact_lock({_NAP})), judged as", 1
    )
    head, _, tail = held.rpartition("from judged")
    held = f"{head}from judged cross join nap{tail}"

    def slowly(_run: Run, *_copy: object) -> dict[str, Any]:
        return facts | {"statement": held}

    monkeypatch.setattr(building, "_facts", slowly)

    def build() -> None:
        try:
            building.build_run(Run.objects.select_related("campaign").get(pk=run.pk))
        finally:
            connection.close()

    thread = threading.Thread(target=build)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [_NAP])
        thread.start()
        wait_for(_is_napping, "the chunk is being added")
        with transaction.atomic():
            cursor.execute("set local lock_timeout = '200ms'")
            cursor.execute("update deliveries_run set pending = pending where id = %s", [run.pk])
            cursor.execute("select total from deliveries_run where id = %s", [run.pk])
            total_meanwhile = cursor.fetchone()[0]
        cursor.execute("select pg_advisory_unlock(%s)", [_NAP])
    thread.join()

    run.refresh_from_db()
    assert (total_meanwhile, run.total, run.pending) == (0, 10, 10)


@pytest.mark.django_db
def test_building_ends_after_a_chunk_when_the_process_stops_and_goes_on_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(building, "FIRST_CHUNK", 4)
    monkeypatch.setattr(building, "CHUNK", 4)
    run = make_building(people=10)
    asked = iter([False, True])

    building.build_run(run, stopping=lambda: next(asked))
    broken_off = Run.objects.get(pk=run.pk)
    building.build_run(run)

    assert (broken_off.total, broken_off.built_at) == (4, None)
    built = Run.objects.get(pk=run.pk)
    assert built.total == 10
    assert built.built_at is not None
