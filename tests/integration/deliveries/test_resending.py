"""Messages that were accepted and not delivered, and that the provider asks for again: later, so often, and no more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.audience.models import SuppressionReason
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import ledger, receipts
from clarion.deliveries import operations as runs
from clarion.deliveries.inbox import applying, putting
from clarion.deliveries.models import Attempt, Delivery, Receipt, Run, RunStep, StrayEvent, Waiting
from clarion.deliveries.money import operations as paying
from clarion.deliveries.states import Result, Stage
from clarion.engine.outcomes import Reason
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.money import operations as accounts
from clarion.workspaces.money.models import EntryKind
from tests.paying import UNIT, account_of, assert_it_adds_up, make_paid, step_of
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db

HOUR = 3600.0
GAPS = (6 * HOUR, 12 * HOUR)
FAILED_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


_TAKE = """
with due as (
    update deliveries_delivery
    set stage = 2, attempts = attempts + 1, claimed_at = now(), ended_at = now(), reason = null,
        cost = case when %(is_paid)s then %(unit)s end
    where run_id = %(run)s and stage in (0, 1) returning 1
), n as (select count(*)::int as n from due), w as (
    delete from deliveries_waiting where run_id = %(run)s
), a as (
    insert into deliveries_activity (run_id, step, minute, stage, count)
    select %(run)s, 0, date_trunc('minute', now()), 2, n from n
    on conflict (run_id, step, minute, stage) do update set count = deliveries_activity.count + excluded.count
), s as (
    update deliveries_runstep
    set handed = handed + n, accepted = accepted + n, cursor = (select total from deliveries_run where id = %(run)s),
        charged = charged + case when %(is_paid)s then n * %(unit)s else 0 end,
        reserved = greatest(reserved, charged + case when %(is_paid)s then n * %(unit)s else 0 end)
    from n where run_id = %(run)s
)
update deliveries_run set sent = sent + n, pending = 0, in_flight = 0 from n where id = %(run)s
"""


def send(made: MadeRun) -> None:
    """Have everything taken, as the engine leaves it, and end the run."""
    is_paid = RunStep.objects.filter(run=made.run, tariff__isnull=False).exists()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"run": made.run.pk, "is_paid": is_paid, "unit": UNIT})
    runs.finish_run(made.run.pk)


@pytest.fixture
def made() -> MadeRun:
    """A completed campaign of three messages."""
    made = make_run(count=3)
    send(made)
    assert status_of(made) == Status.COMPLETED
    return made


def failure(made: MadeRun, person: int = 1, name: str = "first", **facts: Any) -> ReceiptEvent:
    values: dict[str, Any] = {
        "kind": ReceiptKind.BOUNCED_SOFT, "run_id": made.run.pk, "delivery_id": person * 16, "code": "failed 131049",
        "detail": "In order to maintain a healthy ecosystem.", "event_id": name, "occurred_at": FAILED_AT,
        "again_after": GAPS,
    }  # fmt: skip
    return ReceiptEvent(**values | facts)


def status_of(made: MadeRun) -> str:
    return str(Campaign.objects.get(pk=made.campaign.pk).status)


def message(made: MadeRun, person: int = 1) -> Delivery:
    return Delivery.objects.get(run_id=made.run.pk, id=person * 16)


def waiting_hours(made: MadeRun) -> float:
    """Return how long after its failure became known the first person's message is due."""
    due, known = Waiting.objects.get(run_id=made.run.pk, delivery_id=16).not_before, message(made).ended_at
    assert known is not None
    return (due - known).total_seconds() / HOUR


def assert_counted(made: MadeRun) -> None:
    assert ledger.check(made.run).findings == []


def test_it_waits_as_long_as_the_provider_asks_and_the_campaign_goes_on(made: MadeRun) -> None:
    receipts.apply([failure(made), failure(made, 2)])

    run, step = Run.objects.get(pk=made.run.pk), RunStep.objects.get(run=made.run)
    assert (run.sent, run.pending, run.finished_at, status_of(made)) == (1, 2, None, Status.SENDING)
    assert (step.accepted, step.deferred, step.bounced) == (1, 2, 0)
    waiting = Waiting.objects.filter(run_id=run.pk).order_by("delivery_id")
    assert [(one.delivery_id, one.reason) for one in waiting] == [(n, Reason.PROVIDER_BUSY) for n in (16, 32)]
    assert waiting_hours(made) == 6
    attempt = Attempt.objects.get(run_id=run.pk, delivery_id=16)
    assert (attempt.number, attempt.stage, attempt.code) == (1, Stage.PENDING, "failed 131049")
    assert message(made).result == Result.DELAYED
    assert AuditEvent.objects.filter(action="campaign.retry").count() == 1
    assert_counted(made)


def test_a_replay_puts_nothing_back_again(made: MadeRun) -> None:
    for _time in range(2):
        receipts.apply([failure(made)])
    send(made)
    receipts.apply([failure(made)])

    assert (message(made).stage, message(made).attempts) == (Stage.SENT, 2)
    assert Receipt.objects.filter(run_id=made.run.pk).count() == 1
    assert status_of(made) == Status.COMPLETED
    assert_counted(made)


def test_the_gaps_grow_and_after_the_last_it_counts_as_not_delivered(made: MadeRun) -> None:
    for name, hours in (("first", 6), ("second", 12)):
        receipts.apply([failure(made, name=name)])
        assert waiting_hours(made) == hours
        send(made)
        assert_counted(made)

    receipts.apply([failure(made, name="third")])

    row, step = message(made), RunStep.objects.get(run=made.run)
    assert (row.stage, row.attempts, row.result) == (Stage.SENT, 3, Result.BOUNCED)
    assert (step.bounced, step.accepted, status_of(made)) == (1, 3, Status.COMPLETED)
    assert_counted(made)


def test_one_that_arrives_the_second_time_has_arrived(made: MadeRun) -> None:
    receipts.apply([failure(made)])
    send(made)
    receipts.apply([failure(made, name="d", kind=ReceiptKind.DELIVERED, again_after=())])

    assert message(made).result == Result.DELIVERED
    step = RunStep.objects.get(run=made.run)
    assert (step.delivered, step.bounced) == (1, 0)
    assert_counted(made)


@pytest.mark.parametrize(
    "why", ["its end", "recurring", "cancelled", "archived", "a later run", "suppressed"]
)
def test_where_it_cannot_go_again_it_counts_as_not_delivered(made: MadeRun, why: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "its end": {"ends_at": timezone.now() + timedelta(hours=5)},
        "recurring": {"launch": Launch.RECURRING},
        "cancelled": {"status": Status.CANCELLED},
        "archived": {"archived_at": timezone.now()},
    }
    Campaign.objects.filter(pk=made.campaign.pk).update(**changes.get(why, {"notes": why}))
    if why == "a later run":
        Run.objects.create(
            workspace=made.workspace, campaign=made.campaign, number=2, built_at=timezone.now()
        )
    if why == "suppressed":
        whom: Any = {"workspace": made.workspace, "channel": "sandbox", "address": "person1@example.test"}
        audience.suppress(**whom, reason=SuppressionReason.UNSUBSCRIBED, origin="test")

    receipts.apply([failure(made)])

    assert (message(made).stage, message(made).result) == (Stage.SENT, Result.BOUNCED)
    assert not Waiting.objects.exists()
    assert RunStep.objects.get(run=made.run).bounced == 1
    assert_counted(made)


@pytest.mark.parametrize(("step", "goes_again"), [(0, False), (1, True)])
def test_a_cascade_goes_on_with_its_next_channel_instead(step: int, goes_again: bool) -> None:
    made = make_run(count=1)
    send(made)
    RunStep.objects.create(run=made.run, step=1, tier=1, channel="sandbox", sender_id=made.sender.pk)
    Delivery.objects.create(
        run_id=made.run.pk,
        id=17,
        stage=Stage.SENT,
        attempts=1,
        ended_at=timezone.now(),
        claimed_at=timezone.now(),
    )

    receipts.apply([failure(made, delivery_id=16 + step)])

    found = Delivery.objects.get(run_id=made.run.pk, id=16 + step)
    assert (found.stage == Stage.PENDING) is goes_again
    assert found.result == (Result.DELAYED if goes_again else Result.BOUNCED)


def test_a_failure_told_before_the_answer_is_kept_until_the_answer_is_there() -> None:
    made = make_run(count=1)
    Delivery.objects.filter(run_id=made.run.pk).update(
        stage=Stage.IN_FLIGHT, claim_id=7, claimed_at=FAILED_AT
    )

    putting.put(made.sender.pk, [failure(made, provider_id="wamid.1")])
    applying.apply_due()
    assert message(made).stage == Stage.IN_FLIGHT
    assert not Receipt.objects.exists()
    send(made)
    StrayEvent.objects.update(due_at=FAILED_AT)
    applying.apply_due()

    assert (message(made).stage, message(made).result) == (Stage.PENDING, Result.DELAYED)
    assert Waiting.objects.filter(run_id=made.run.pk).count() == 1
    assert not StrayEvent.objects.exists()
    assert_counted(made)


@pytest.mark.parametrize("is_booked", [False, True])
def test_what_it_cost_is_taken_back_and_charged_once_when_it_is_taken_again(is_booked: bool) -> None:
    made = make_paid(count=2, units=2)
    # As the engine takes it from the account before it hands over.
    account = account_of(made.workspace)
    accounts.enter(account, EntryKind.RESERVE, reserved_change=2 * UNIT, run_id=made.run.pk, step=0)
    RunStep.objects.filter(run=made.run).update(reserved=2 * UNIT)
    send(made)
    if is_booked:
        paying.book(step_of(made).pk)

    receipts.apply([failure(made)])

    assert (step_of(made).charged, message(made).cost) == (UNIT, None)
    assert_it_adds_up(made.workspace)
    send(made)
    paying.book(step_of(made).pk)
    assert (step_of(made).charged, message(made).cost) == (2 * UNIT, UNIT)
    assert account_of(made.workspace).balance == 0
    assert_it_adds_up(made.workspace)
    assert_counted(made)
