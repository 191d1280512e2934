"""Receipts: kept once, counted once, in any order; a bounce for good suppresses; a proof settles an unknown."""

from datetime import UTC, datetime, timedelta

import pytest

from clarion.audience import operations as audience
from clarion.audience.models import Suppression
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import ledger, queries, receipts, troubles
from clarion.deliveries.models import Delivery, Receipt, Run, RunProblem, RunStep
from clarion.deliveries.states import Result, Stage
from clarion.workspaces import actors
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def sent() -> MadeRun:
    """A run whose four people were sent their message."""
    made = make_run(count=4, channel="email")
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1)
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=4)
    RunStep.objects.filter(run=made.run).update(accepted=4, handed=4, cursor=4)
    return made


def event(made: MadeRun, person: int, kind: ReceiptKind, *, minutes: int = 0, **facts: str) -> ReceiptEvent:
    return ReceiptEvent(
        kind=kind, run_id=made.run.pk, delivery_id=person * 16, occurred_at=NOON + timedelta(minutes=minutes),
        **facts,
    )  # fmt: skip


def step(made: MadeRun) -> RunStep:
    return RunStep.objects.get(run=made.run)


def test_a_replay_changes_nothing(sent: MadeRun) -> None:
    told = [event(sent, 1, ReceiptKind.DELIVERED), event(sent, 2, ReceiptKind.BOUNCED_SOFT)]

    receipts.apply(told)
    receipts.apply(told)
    receipts.apply(reversed(told))

    assert (step(sent).delivered, step(sent).bounced) == (1, 1)
    assert Receipt.objects.filter(run_id=sent.run.pk).count() == 2


def test_nobody_is_woken_by_receipts_but_who_follows_a_cascade_that_waits_for_them(
    sent: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[object] = []
    # The notification itself goes out at a commit, which a test's transaction has none of.
    monkeypatch.setattr(receipts, "wake", lambda **facts: woken.append(facts))

    receipts.apply([event(sent, 1, ReceiptKind.DELIVERED)])
    assert woken == []

    Run.objects.filter(pk=sent.run.pk).update(receipt_wait=5)
    receipts.apply([event(sent, 2, ReceiptKind.DELIVERED)])
    assert woken == [{"run_id": sent.run.pk}]


def test_the_farthest_stands_whatever_the_order(sent: MadeRun) -> None:
    receipts.apply([event(sent, 1, ReceiptKind.READ, minutes=2)])
    receipts.apply([event(sent, 1, ReceiptKind.DELIVERED, minutes=1)])

    row = Delivery.objects.get(run_id=sent.run.pk, id=16)
    assert (row.result, row.result_at) == (Result.READ, NOON + timedelta(minutes=2))
    assert (step(sent).delivered, step(sent).read) == (1, 1)


def test_reading_twice_counts_one_reader(sent: MadeRun) -> None:
    receipts.apply([event(sent, 1, ReceiptKind.READ, minutes=1), event(sent, 1, ReceiptKind.READ, minutes=5)])
    receipts.apply([event(sent, 1, ReceiptKind.READ, minutes=9)])

    assert step(sent).read == 1
    assert Receipt.objects.filter(run_id=sent.run.pk).count() == 3


def test_a_bounce_for_good_and_a_complaint_suppress_and_a_full_mailbox_does_not(sent: MadeRun) -> None:
    receipts.apply(
        [
            event(sent, 1, ReceiptKind.BOUNCED_HARD, code="5.1.1"),
            event(sent, 2, ReceiptKind.COMPLAINT),
            event(sent, 3, ReceiptKind.BOUNCED_SOFT, code="5.2.2"),
        ]
    )

    found = Suppression.objects.filter(workspace=sent.workspace).order_by("address")
    assert [(s.address, s.reason) for s in found] == [
        ("person1@example.test", "BOUNCED"),
        ("person2@example.test", "COMPLAINED"),
    ]


def test_a_receipt_proves_that_an_unknown_message_was_sent(sent: MadeRun) -> None:
    Delivery.objects.filter(run_id=sent.run.pk, id=16).update(
        stage=Stage.UNKNOWN, problem=Stage.UNKNOWN, ended_at=NOON
    )
    Run.objects.filter(pk=sent.run.pk).update(sent=3, unknown=1)
    RunStep.objects.filter(run=sent.run).update(accepted=3, unknown=1)

    receipts.apply([event(sent, 1, ReceiptKind.DELAYED)])
    assert Run.objects.get(pk=sent.run.pk).unknown == 1
    receipts.apply([event(sent, 1, ReceiptKind.DELIVERED), event(sent, 1, ReceiptKind.READ, minutes=1)])

    run = Run.objects.get(pk=sent.run.pk)
    assert (run.sent, run.unknown) == (4, 0)
    assert Delivery.objects.get(run_id=run.pk, id=16).stage == Stage.SENT


def test_what_is_not_ours_is_left_alone(sent: MadeRun) -> None:
    receipts.apply([event(sent, 99, ReceiptKind.DELIVERED)])
    receipts.apply([ReceiptEvent(kind=ReceiptKind.DELIVERED, run_id=10**9, delivery_id=16)])

    assert step(sent).delivered == 0
    assert not Receipt.objects.exists()


def test_an_address_is_given_up_after_so_many_messages_that_came_back_for_now() -> None:
    made = make_run(count=1, channel="email")
    runs = [made, *(add_run(made.workspace, made.sender, count=1) for _ in range(4))]
    audience.set_opt_out_rules(by=actors.operator(made.workspace), soft_bounces=3, soft_days=7)
    Delivery.objects.filter(run_id__in=[one.run.pk for one in runs[:4]]).update(stage=Stage.SENT, attempts=1)
    days = [0, 10, 12, 14]  # the first is too long ago when the third comes

    for one, day in zip(runs[:4], days, strict=True):
        assert not Suppression.objects.exists()
        bounce = event(one, 1, ReceiptKind.BOUNCED_SOFT, minutes=day * 24 * 60)
        receipts.apply([bounce, bounce])
        receipts.apply([event(one, 1, ReceiptKind.BOUNCED_SOFT, minutes=day * 24 * 60 + 5)])

    row = Suppression.objects.get()
    assert (row.address, row.reason) == ("person1@example.test", "SOFT_BOUNCED")
    assert Run.objects.get(pk=runs[4].run.pk).skipped == 1


def test_no_number_of_soft_bounces_gives_up_an_address_where_that_is_switched_off(sent: MadeRun) -> None:
    audience.set_opt_out_rules(by=actors.operator(sent.workspace), soft_bounces=0, soft_days=7)

    receipts.apply([event(sent, 1, ReceiptKind.BOUNCED_SOFT, minutes=n) for n in range(5)])

    assert not Suppression.objects.exists()


def test_what_came_back_is_an_error_by_the_code_of_its_receipt(sent: MadeRun) -> None:
    """The provider took it, so its stage says nothing of it: the errors page would not know it otherwise."""
    told = [
        event(sent, 1, ReceiptKind.BOUNCED_HARD, code="UNDELIV", detail="no such subscriber"),
        event(sent, 2, ReceiptKind.BOUNCED_SOFT, code="UNDELIV"),
        event(sent, 2, ReceiptKind.BOUNCED_SOFT, code="EXPIRED", minutes=5),
        event(sent, 3, ReceiptKind.BOUNCED_SOFT, code="EXPIRED"),
        event(sent, 4, ReceiptKind.DELIVERED, code="DELIVRD"),
    ]

    receipts.apply(told)
    receipts.apply(told)
    receipts.apply([event(sent, 1, ReceiptKind.BOUNCED_HARD, code="REJECTD", minutes=9)])

    (group,) = queries.problems(sent.run)
    assert (group.reason.name, group.stage, group.came_back, group.is_of_job) == (
        "undelivered", Stage.SENT, True, False,
    )  # fmt: skip
    assert {one.code: (one.count, one.sample) for one in group.codes} == {
        "UNDELIV": (2, "no such subscriber"), "EXPIRED": (1, ""),
    }  # fmt: skip
    assert step(sent).bounced == 3
    assert troubles.counts(sent.run.campaign, sent.run).messages == 3
    assert not [one for one in ledger.check(sent.run).findings if one.rule == "problems.bounced"]
    RunProblem.objects.filter(run=sent.run, code="EXPIRED").update(count=7)
    assert [one for one in ledger.check(sent.run).findings if one.rule == "problems.bounced"]
