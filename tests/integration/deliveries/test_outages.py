"""Outages of a provider are remembered: from the breaker's opening to the first answer, per run."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.deliveries.models import Outage, Run
from clarion.deliveries.outages import outages_of
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.outcomes import Reason
from clarion.engine.plan import LaneSpec, LaneState, Trouble
from clarion.runtime.worker import conninfo
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db(transaction=True)


class Bench(Workshop):
    """Opens no real transport: that would leave a connection of its own in a thread."""

    def transport(self, spec: LaneSpec) -> Any:
        return None


Save = Callable[[Trouble | None], Awaitable[None]]


@pytest.fixture
def made() -> MadeRun:
    return make_run(count=3)


def told(made: MadeRun, story: Callable[[Save], Awaitable[None]], *, worker: int = 1) -> list[Outage]:
    """Return the sender's outages, oldest first, after an owner of its lane has lived the story."""

    async def live() -> None:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Bench(), worker_id=worker)
            (spec,) = [one for one in await store.plan() if one.sender_id == made.sender.pk]
            await store.open_lane(spec)

            async def save(trouble: Trouble | None) -> None:
                await store.save_lane(spec, LaneState(limits={}), 0.0, trouble)

            await story(save)

    asyncio.run(live())
    return list(Outage.objects.filter(sender=made.sender).order_by("began_at"))


def down(seconds: float = 5, detail: str = "Connection refused") -> Trouble:
    return Trouble(until=time.time() + seconds, reason=Reason.CONNECTION_FAILED, detail=detail)


def test_one_lasts_from_the_first_failure_to_the_first_answer(made: MadeRun) -> None:
    async def story(save: Save) -> None:
        first = down()
        await save(first)
        await save(first)
        await save(down(10, "Still refused"))
        await save(None)
        await save(None)

    (outage,) = told(made, story)

    assert (outage.openings, outage.reason, outage.detail) == (2, Reason.CONNECTION_FAILED, "Still refused")
    assert outage.ended_at is not None
    assert not outage.lasts
    assert list(outages_of(made.run)) == [outage]


def test_a_provider_that_fails_again_within_a_minute_has_one_outage(made: MadeRun) -> None:
    async def story(save: Save) -> None:
        await save(down())
        await save(None)
        await save(down())

    (outage,) = told(made, story)

    assert outage.openings == 2
    assert outage.lasts


def test_one_long_after_the_last_is_another(made: MadeRun) -> None:
    async def story(save: Save) -> None:
        await save(down())
        await save(None)

    told(made, story)
    Outage.objects.update(ended_at=timezone.now() - timedelta(hours=1))

    assert len(told(made, story)) == 2


def test_the_next_owner_ends_what_a_closed_lane_left_open_when_it_was_last_heard_of(made: MadeRun) -> None:
    async def fails(save: Save) -> None:
        await save(down())

    async def answers(save: Save) -> None:
        await save(None)

    told(made, fails)
    seen_at = timezone.now() - timedelta(hours=1)
    until = seen_at + timedelta(minutes=1)
    Outage.objects.update(seen_at=seen_at, until=until)
    assert not Outage.objects.get().lasts

    (outage,) = told(made, answers, worker=2)

    assert outage.ended_at == until


def test_it_is_told_of_the_runs_that_it_held_and_of_no_other(made: MadeRun) -> None:
    beside = add_run(made.workspace, made.sender, count=1)

    async def story(save: Save) -> None:
        await save(down())

    told(made, story)
    later = add_run(made.workspace, made.sender, count=1)

    assert outages_of(made.run).count() == outages_of(beside.run).count() == 1
    assert outages_of(Run.objects.get(pk=later.run.pk)).count() == 0


def test_a_long_wait_is_told_of_once_and_lasts_all_the_same(made: MadeRun) -> None:
    async def waits(save: Save) -> None:
        await save(down(60))

    told(made, waits)
    Outage.objects.update(seen_at=timezone.now() - timedelta(seconds=50))

    assert Outage.objects.get().lasts


def test_a_lane_without_trouble_writes_none(made: MadeRun) -> None:
    async def story(save: Save) -> None:
        await save(None)

    assert told(made, story) == []
