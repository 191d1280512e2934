"""A first part goes, the rest waits for a second yes, and nobody gets round that."""

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from clarion.campaigns import moderation, operations, review
from clarion.campaigns.errors import AwaitsRelease, TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import canary, ledger, pushing
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.outcomes import Reason
from clarion.engine.plan import RunSpec, Settled, Settlement
from clarion.runtime import scheduler
from clarion.runtime.worker import conninfo
from clarion.senders import operations as senders
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db(transaction=True)

_claims = count(1)


@pytest.fixture
def bob() -> Membership:
    return making.make_member(making.make_workspace(moderation=True), Role.AUTHOR, "Bob")


@pytest.fixture
def mona(bob: Membership) -> Membership:
    return making.make_member(bob.workspace, Role.MODERATOR, "Mona")


def approved(
    bob: Membership,
    mona: Membership,
    *,
    people: int,
    percent: int | None,
    first: int | None = None,
    **values: Any,
) -> Campaign:
    making.make_contacts(bob.workspace, people)
    values = {"launch": "MANUAL", "created_by": bob.user, **values}
    campaign = making.make_launchable(bob.workspace, **values)
    operations.submit(campaign=campaign, by=making.actor(bob))
    return operations.approve(
        campaign=campaign, digest=review.digest_of(campaign), by=making.actor(mona),
        canary_percent=percent, canary_people=first,
    )  # fmt: skip


def started(campaign: Campaign, by: Membership) -> Run:
    operations.start(campaign=campaign, by=making.actor(by))
    scheduler.build_due()
    scheduler.tick()
    run = Run.objects.filter(campaign=campaign).latest("number")
    assert run.built_at is not None
    return run


def send(run: Run, limit: int = 100, outcome: Settled = Settled.SENT) -> list[int]:
    """Claim and settle as a lane does; return whom."""
    spec = RunSpec(run_id=run.pk, step=0, campaign_id=run.campaign_id)

    async def told() -> list[int]:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
            number = next(_claims)
            batch = await store.claim(spec, number, limit)
            ids = [one.delivery_id for one in batch.claims]
            reason = Reason.REJECTED if outcome is Settled.FAILED else None
            settled = [Settlement(batch.claim_id, one, outcome, reason=reason) for one in ids]
            if settled:
                await store.settle(spec.key, settled, [batch.claim_id])
            return [one // 16 for one in ids]

    return asyncio.run(told())


def now(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


def release(campaign: Campaign, by: Membership) -> Campaign:
    return operations.release(campaign=campaign, digest=review.digest_of(campaign), by=making.actor(by))


def test_the_first_part_goes_the_campaign_waits_and_the_rest_goes_after_the_second_yes(
    bob: Membership, mona: Membership
) -> None:
    campaign = approved(bob, mona, people=21, percent=10)
    run = started(campaign, bob)

    assert send(run) == [1, 2, 3]
    assert send(run) == []
    assert now(campaign).status == Status.SENDING
    scheduler.tick()

    held = now(campaign)
    assert (held.status, held.pause_cause) == (Status.PAUSED, PauseCause.REVIEW)
    assert held.status_reason == "The first 10 % are out (3 people); a moderator lets the rest go."
    run.refresh_from_db()
    assert (canary.figures(run).sent, canary.figures(run).waiting) == (3, 18)
    assert moderation.waiting_count(mona) == 1

    release(campaign, mona)
    scheduler.tick()

    assert now(campaign).status == Status.SENDING
    assert send(run) == list(range(4, 22))
    scheduler.tick()
    assert now(campaign).status == Status.COMPLETED
    run.refresh_from_db()
    assert ledger.check(run).findings == []


def test_a_launcher_gets_nobody_more_by_pausing_and_continuing(bob: Membership, mona: Membership) -> None:
    campaign = approved(bob, mona, people=10, percent=20)
    run = started(campaign, bob)
    send(run, 1)

    operations.pause(campaign=campaign, by=making.actor(bob))
    scheduler.tick()
    operations.continue_(campaign=campaign, by=making.actor(bob))
    scheduler.tick()

    assert send(run) == [2]
    assert send(run) == []
    scheduler.tick()
    with pytest.raises(AwaitsRelease):
        operations.continue_(campaign=campaign, by=making.actor(bob))
    with pytest.raises(TransitionRefused):
        operations.start(campaign=campaign, by=making.actor(bob))
    assert send(run) == []


def test_stopping_and_starting_again_lets_only_another_first_part_go(
    bob: Membership, mona: Membership
) -> None:
    campaign = approved(bob, mona, people=10, percent=20)
    first = started(campaign, bob)
    send(first)
    scheduler.tick()
    operations.stop(campaign=campaign, by=making.actor(bob))
    scheduler.tick()

    second = started(now(campaign), bob)

    assert second.number == 2
    assert send(second) == [3, 4]
    assert send(second) == []


def test_it_waits_until_everybody_of_it_is_settled(bob: Membership, mona: Membership) -> None:
    campaign = approved(bob, mona, people=10, percent=20)
    run = started(campaign, bob)

    send(run, outcome=Settled.PENDING)
    scheduler.tick()
    assert now(campaign).status == Status.SENDING
    assert send(run, outcome=Settled.FAILED) == [1, 2]
    RunStep.objects.filter(run=run).update(bounced=1, unsubscribed=2)
    scheduler.tick()

    assert now(campaign).status == Status.PAUSED
    run.refresh_from_db()
    assert canary.figures(run) == canary.Figures(failed=2, bounced=1, unsubscribed=2, waiting=8)


def test_nobody_is_written_to_before_it_is_known_how_many_the_first_part_is(
    bob: Membership, mona: Membership
) -> None:
    campaign = approved(bob, mona, people=10, percent=20)
    operations.start(campaign=campaign, by=making.actor(bob))
    scheduler.build_due()

    assert send(Run.objects.get(campaign=campaign)) == []


def test_who_is_the_whole_of_it_is_not_waited_for(bob: Membership, mona: Membership) -> None:
    campaign = approved(bob, mona, people=1, percent=50)
    run = started(campaign, bob)

    assert send(run) == [1]
    scheduler.tick()

    assert now(campaign).status == Status.COMPLETED


def test_without_a_percentage_everybody_goes(bob: Membership, mona: Membership) -> None:
    campaign = approved(bob, mona, people=10, percent=None)

    assert len(send(started(campaign, bob))) == 10


def test_of_a_first_part_by_number_so_many_go(bob: Membership, mona: Membership) -> None:
    campaign = approved(bob, mona, people=10, percent=None, first=4)
    run = started(campaign, bob)

    assert send(run) == [1, 2, 3, 4]
    scheduler.tick()

    assert now(campaign).status_reason == "The first 4 people are out; a moderator lets the rest go."


def test_a_spreads_days_go_no_farther_than_its_first_part_and_are_planned_anew_after_it(
    bob: Membership, mona: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, moment = timedelta(days=1), [timezone.now().replace(hour=9)]
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment[0])
    span = {"starts_at": moment[0] - day, "ends_at": moment[0] + 3 * day + day / 24, "zone": "UTC"}
    campaign = approved(bob, mona, people=20, percent=40, launch="SPREAD", auto_start=False, **span)
    run = started(campaign, bob)

    assert send(run) == [1, 2, 3, 4, 5]  # of 20 on four days
    scheduler.tick()
    assert now(campaign).status == Status.SENDING
    moment[0] += day
    scheduler.tick()
    assert send(run) == [6, 7, 8]
    scheduler.tick()
    assert now(campaign).pause_cause == PauseCause.REVIEW
    with pytest.raises(AwaitsRelease):
        operations.continue_(campaign=campaign, by=making.actor(bob))

    release(campaign, mona)
    scheduler.tick()

    assert send(run) == [9, 10, 11, 12]  # of 12 on three days
    moment[0] += 2 * day
    scheduler.tick()
    assert len(send(run)) == 8
    scheduler.tick()
    assert now(campaign).status == Status.COMPLETED


class TestTriggered:
    @pytest.fixture
    def campaign(self, bob: Membership, mona: Membership) -> Campaign:
        now = timezone.now()
        span = {"starts_at": now, "ends_at": now + timedelta(days=1)}
        facts: dict[str, Any] = {"launch": "TRIGGER", "auto_start": False, "source": None, **span}
        campaign = approved(bob, mona, people=0, percent=None, first=2, **facts)
        operations.start(campaign=campaign, by=making.actor(bob))
        scheduler.build_due()
        return campaign

    def pushed(self, campaign: Campaign, by: Membership, *keys: str) -> Run:
        people = [
            {"key": key, "address": f"{key}@example.test", "variables": {"first_name": "Ada"}} for key in keys
        ]
        pushing.push(campaign=campaign, people=people, by=making.actor(by))
        scheduler.tick()
        return Run.objects.get(campaign=campaign)

    def test_those_pushed_first_go_and_later_ones_wait_for_the_second_yes(
        self, bob: Membership, mona: Membership, campaign: Campaign
    ) -> None:
        run = self.pushed(campaign, bob, "a")
        assert send(run) == [1]
        scheduler.tick()
        assert now(campaign).status == Status.SENDING

        self.pushed(campaign, bob, "b", "c")
        assert send(run) == [2]
        scheduler.tick()
        assert now(campaign).pause_cause == PauseCause.REVIEW
        self.pushed(campaign, bob, "d")
        assert send(run) == []

        release(campaign, mona)
        scheduler.tick()
        assert send(run) == [3, 4]

    def test_it_completes_at_its_end_though_nobody_said_yes_when_nobody_waits(
        self, bob: Membership, campaign: Campaign
    ) -> None:
        run = self.pushed(campaign, bob, "a", "b")
        send(run)
        scheduler.tick()
        assert now(campaign).status == Status.PAUSED

        Campaign.objects.update(ends_at=timezone.now())
        scheduler.tick()
        scheduler.tick()

        assert now(campaign).status == Status.COMPLETED

    def test_who_waits_at_its_end_expires(self, bob: Membership, campaign: Campaign) -> None:
        run = self.pushed(campaign, bob, "a", "b", "c")
        send(run)
        scheduler.tick()

        Campaign.objects.update(ends_at=timezone.now())
        scheduler.tick()
        scheduler.tick()

        run.refresh_from_db()
        assert (now(campaign).status, run.sent, run.expired) == (Status.EXPIRED, 2, 1)


def test_a_run_does_not_begin_when_the_sender_was_changed_after_the_start(
    bob: Membership, mona: Membership
) -> None:
    campaign = approved(bob, mona, people=10, percent=None)
    operations.start(campaign=campaign, by=making.actor(bob))
    step = campaign.steps.select_related("sender").get()
    assert step.sender is not None
    senders.update_sender(
        sender=step.sender,
        by=actors.operator(bob.workspace),
        config={**step.sender.config, "from_address": "ceo@example.test"},
    )

    scheduler.build_due()

    failed = now(campaign)
    assert (failed.status, failed.approved_at) == (Status.FAILED, None)
    assert "From address" in failed.status_reason
    assert not Run.objects.filter(campaign=campaign).exists()
    latest = moderation.latest_review(campaign)
    assert latest is not None
    assert latest.decision == "VOIDED"
