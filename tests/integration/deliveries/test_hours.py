"""Sending hours on their way from the campaign to the engine, and back into the ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, ledger
from clarion.deliveries.models import Recipient, RunProblem, RunStep, Waiting
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.outcomes import Reason
from clarion.engine.plan import RunSpec, Settled, Settlement
from clarion.runtime.worker import conninfo
from tests import ledgers
from tests.runs import make_run

pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]
#: A Monday, 12:00 in Berlin, 20:00 in Tokyo.
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)


def on_store(story: Callable[[PostgresStore], Awaitable[Any]], at: datetime) -> Any:
    async def told() -> Any:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1, clock=at.timestamp)
            return await story(store)

    return asyncio.run(told())


def planned(at: datetime) -> list[RunSpec]:
    lanes = on_store(lambda store: store.plan(), at)
    return [run for lane in lanes for run in lane.runs]


def test_a_run_is_planned_within_its_hours_until_they_end() -> None:
    make_run(count=1, campaign={"windows": OFFICE, "zone": "Europe/Berlin"})

    (run,) = planned(NOON)
    assert run.until == (NOON + timedelta(hours=6)).timestamp()
    assert planned(NOON + timedelta(hours=6)) == []
    assert planned(NOON - timedelta(hours=3, seconds=1)) == []
    assert len(planned(NOON - timedelta(hours=3))) == 1


def test_the_hours_may_have_a_zone_of_their_own_and_the_end_comes_first() -> None:
    end = NOON + timedelta(minutes=30)
    facts = {"windows": OFFICE, "zone": "Europe/Berlin", "window_zone": "Africa/Abidjan", "ends_at": end}
    make_run(count=1, campaign=facts)

    (run,) = planned(NOON)
    assert run.until == end.timestamp()
    assert planned(end) == []
    assert planned(NOON - timedelta(hours=2, minutes=1)) == []


def test_hours_or_a_zone_that_make_no_sense_let_nothing_go() -> None:
    make_run(count=1, campaign={"windows": [{"days": "all"}]})
    make_run(count=1, campaign={"windows": OFFICE, "zone": "Mars/Olympus"})
    assert planned(NOON) == []


def test_each_recipient_has_their_own_hours_as_their_contact_says() -> None:
    people = ledgers.make_people()
    for name, zone, phone in (("b", "Europe/Berlin", ""), ("t", "Asia/Tokyo", ""), ("n", "", "+12125550100")):
        Contact.objects.create(
            workspace=people.workspace, email=f"{name}@example.test", zone=zone, phone=phone
        )
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    hours = {"windows": OFFICE, "window_is_recipients": True, "zone": "UTC"}
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source, **hours)
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.BUILDING)
    building.build(campaign.pk)

    (spec,) = planned(NOON)
    batch = on_store(lambda store: store.claim(spec, 1, 10), NOON)
    opens = spec.opens
    assert opens is not None
    at = {one.address: opens(one, NOON.timestamp()) for one in batch.claims}
    assert at == {
        "b@example.test": 0.0,
        "t@example.test": datetime(2026, 11, 24, 0, tzinfo=UTC).timestamp(),
        "n@example.test": datetime(2026, 11, 23, 14, tzinfo=UTC).timestamp(),
    }


def test_a_campaign_without_such_hours_carries_no_zones() -> None:
    people = ledgers.make_people()
    Contact.objects.create(workspace=people.workspace, email="a@example.test", zone="Asia/Tokyo")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source, windows=OFFICE)
    building.build(campaign.pk)
    assert "zone" not in Recipient.objects.get().variables


def test_who_is_put_off_by_their_hours_waits_for_them_and_counts_as_nothing_else() -> None:
    made = make_run(count=3)
    spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)
    opening = NOON + timedelta(days=9_000)

    async def story(store: PostgresStore) -> None:
        batch = await store.claim(spec, 1, 3)
        settlements = [
            Settlement(
                1, one.delivery_id, Settled.PENDING, reason=Reason.OUTSIDE_WINDOW,
                not_before=opening.timestamp(), uncounted=True,
            )
            for one in batch.claims
        ]  # fmt: skip
        await store.settle(spec.key, settlements, [1])

    on_store(story, NOON)

    assert list(Waiting.objects.values_list("reason", "not_before")) == [(Reason.OUTSIDE_WINDOW, opening)] * 3
    step = RunStep.objects.get()
    assert (step.handed, step.deferred, RunProblem.objects.count()) == (0, 0, 0)
    assert ledger.check(made.run).findings == []
