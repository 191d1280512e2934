"""How many people a second one core pushes into a triggered campaign through the API: one by one, and in calls."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.deliveries.models import Recipient, RunStep
from clarion.runtime import scheduler
from tests import ledgers
from tests.factories import make_cast
from tests.integration.api.asking import asking

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]


def test_people_pushed_in_calls_of_a_hundred_and_one_by_one() -> None:
    cast = make_cast()
    facts: dict[str, Any] = {"launch": Launch.TRIGGER, "source": None}
    campaign = ledgers.make_campaign(
        cast.alice, status=Status.BUILDING, ends_at=timezone.now() + timedelta(days=1), **facts
    )
    scheduler.build_due()
    RunStep.objects.filter(run__campaign=campaign).update(content={"subject": "Hi", "text": "Hello"})
    bobs = asking(cast.bob, per_minute=1_000_000)
    url = f"/campaigns/{campaign.public_id}/people"

    def pushed(calls: int, size: int, name: str) -> float:
        begin, cpu = time.perf_counter(), time.process_time()
        for call in range(calls):
            people = [
                {
                    "key": f"{name}-{call}-{n}",
                    "address": f"{name}-{call}-{n}@x.example",
                    "variables": {"n": n},
                }
                for n in range(size)
            ]
            assert bobs.post(url, {"people": people}).status_code == 202
        wall = time.perf_counter() - begin
        rate = calls * size / wall
        cost = (time.process_time() - cpu) / (calls * size) * 1e6
        print(f"\n{name}: {rate:,.0f} people/s, {cost:,.0f} us of our CPU each, {wall:.1f} s")
        return rate

    pushed(5, 10, "warm")
    pushed(20, 100, "hundreds")
    pushed(5, 1000, "thousands")
    pushed(200, 1, "single")
    assert Recipient.objects.count() == 50 + 2000 + 5000 + 200
