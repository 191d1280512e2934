"""Nobody is written to before they are let go."""

import asyncio
import threading
from datetime import date

import pytest
from django.db import connection

from clarion.campaigns.models import Decision, Launch, Review
from clarion.deliveries import ledger, releasing
from clarion.deliveries.models import Delivery, Run
from clarion.deliveries.states import Stage
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.plan import RunSpec
from clarion.runtime.worker import conninfo
from tests import ledgers
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db(transaction=True)


def claim(made: MadeRun, limit: int) -> list[int]:
    """Claim as a lane does, and return the recipients' numbers."""
    spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)

    async def told() -> list[int]:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
            batch = await store.claim(spec, claim.number, limit)
            return [one.delivery_id // 16 for one in batch.claims]

    claim.number += 1
    return asyncio.run(told())


claim.number = 1


def make_held(count: int, **campaign: object) -> MadeRun:
    made = make_run(count=count, campaign=campaign)
    Run.objects.filter(pk=made.run.pk).update(released_id=0)
    return made


def test_a_claim_never_passes_who_is_let_go() -> None:
    made = make_held(20)

    assert claim(made, 10) == []
    assert releasing.release(made.run.pk, 7)
    assert claim(made, 5) == [1, 2, 3, 4, 5]
    assert claim(made, 5) == [6, 7]
    assert claim(made, 5) == []
    assert releasing.release_all(made.run.pk)
    assert claim(made, 50) == list(range(8, 21))
    assert ledger.check(made.run).findings == []


def test_nothing_is_taken_back_and_a_free_run_stays_free() -> None:
    made = make_held(20)

    assert releasing.release(made.run.pk, 9)
    assert not releasing.release(made.run.pk, 5)
    assert Run.objects.get(pk=made.run.pk).released_id == 9
    releasing.release_all(made.run.pk)
    assert not releasing.release(made.run.pk, 15)
    assert Run.objects.get(pk=made.run.pk).released_id is None


def test_a_share_counts_only_those_who_would_get_something() -> None:
    made = make_held(20)
    ledgers.change("recipient", made.run, "id %% 2 = 0", stage=Stage.SKIPPED, skip=7)

    assert releasing.reach(made.run.pk, 4) == 7
    assert releasing.reach(made.run.pk, 2, after=7) == 11
    assert releasing.reach(made.run.pk, 99) == 19
    assert releasing.reach(made.run.pk, 3, after=19) == 19
    assert releasing.reach(made.run.pk, 0, after=4) == 4
    assert releasing.count_after(made.run.pk, 7) == 6


def test_a_days_share_is_let_go_once_whoever_asks() -> None:
    made = make_held(20, launch=Launch.SPREAD)
    won: list[bool] = []

    def ask() -> None:
        won.append(releasing.release_for_day(made.run.pk, 5, day=date(2026, 11, 23)))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 7 + [True]
    assert not releasing.release_for_day(made.run.pk, 9, day=date(2026, 11, 22))
    assert releasing.release_for_day(made.run.pk, 9, day=date(2026, 11, 24))
    assert not releasing.release_all(made.run.pk)
    assert Run.objects.get(pk=made.run.pk).released_id == 9


def test_a_spread_and_one_approved_for_a_first_part_begin_held() -> None:
    people = ledgers.make_people()
    campaign = ledgers.make_campaign(people.alice)
    assert not releasing.begins_held(campaign)
    facts = {"campaign": campaign, "digest": "", "decided_at": campaign.created_at}
    review = Review.objects.create(number=1, decision=Decision.APPROVED, canary_percent=10, **facts)
    assert releasing.begins_held(campaign)
    review.released_at = campaign.created_at
    review.save()
    assert not releasing.begins_held(campaign)
    campaign.launch = Launch.SPREAD
    assert releasing.begins_held(campaign)


def test_what_was_claimed_once_and_given_back_may_go_again() -> None:
    made = make_held(20)
    releasing.release(made.run.pk, 3)
    assert claim(made, 3) == [1, 2, 3]

    async def give_back() -> None:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
            await store.release([claim.number])

    asyncio.run(give_back())

    assert claim(made, 10) == [1, 2, 3]
    assert Delivery.objects.filter(run_id=made.run.pk, stage=Stage.IN_FLIGHT).count() == 3
    assert ledger.check(made.run).findings == []
