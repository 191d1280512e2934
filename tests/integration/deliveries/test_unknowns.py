"""What nobody knows is settled by a person, with every counter."""

import pytest

from clarion.campaigns.states import Status
from clarion.deliveries import ledger, unknowns
from clarion.deliveries.details import delivery_details
from clarion.deliveries.errors import UnknownsRefused
from clarion.deliveries.models import Delivery, Run, RunStep, Waiting
from clarion.deliveries.states import Stage
from clarion.deliveries.unknowns import Choice
from clarion.engine.outcomes import Reason
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def make_run(people: ledgers.People, status: Status = Status.SENDING) -> Run:
    campaign = ledgers.make_campaign(people.alice, status=status)
    finished = status is Status.COMPLETED
    return ledgers.make_run(
        campaign, finished=finished, skipped=1, sent=4, unknown=6, pending=0 if finished else 3
    )


def test_marked_as_sent_they_count_as_sent_and_the_ledger_stays_right(people: ledgers.People) -> None:
    run = make_run(people, Status.COMPLETED)

    count = unknowns.settle_unknown(run, by=ledgers.actor(people.alice), choice=Choice.SENT)

    run.refresh_from_db()
    assert (count, run.sent, run.unknown) == (6, 10, 0)
    assert ledger.check(run).findings == []


def test_sent_again_they_wait_to_be_claimed_and_the_ledger_stays_right(people: ledgers.People) -> None:
    run = make_run(people, Status.PAUSED)

    count = unknowns.settle_unknown(run, by=ledgers.actor(people.bob), choice=Choice.AGAIN)

    run.refresh_from_db()
    assert (count, run.pending, run.unknown) == (6, 9, 0)
    assert Waiting.objects.filter(run_id=run.pk, reason=None).count() == 6
    assert RunStep.objects.get(run=run).handed == 4
    assert ledger.check(run).findings == []


def test_only_those_named_are_settled(people: ledgers.People) -> None:
    run = make_run(people)

    count = unknowns.settle_unknown(
        run, by=ledgers.actor(people.alice), choice=Choice.SENT, ids=[6, 8, 2, 99]
    )

    assert count == 2
    unknown = Delivery.objects.filter(run_id=run.pk, stage=Stage.UNKNOWN)
    assert sorted(unknown.values_list("id", flat=True)) == [n * 16 for n in (7, 9, 10, 11)]
    assert ledger.check(run).findings == []


def test_only_those_with_that_reason_and_code_are_settled(people: ledgers.People) -> None:
    run = make_run(people)
    by = ledgers.actor(people.alice)

    assert unknowns.settle_unknown(run, by=by, choice=Choice.SENT, reason=Reason.TIMED_OUT) == 0
    assert unknowns.settle_unknown(run, by=by, choice=Choice.SENT, code="451") == 0
    assert (
        unknowns.settle_unknown(run, by=by, choice=Choice.SENT, reason=Reason.CONNECTION_LOST, code="") == 6
    )


def test_settling_twice_settles_once(people: ledgers.People) -> None:
    run = make_run(people)
    by = ledgers.actor(people.alice)
    unknowns.settle_unknown(run, by=by, choice=Choice.SENT)

    assert unknowns.settle_unknown(run, by=by, choice=Choice.AGAIN) == 0
    assert ledger.check(run).findings == []


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.STOPPED, Status.FAILED])
def test_a_campaign_that_sends_no_more_sends_nothing_again(people: ledgers.People, status: Status) -> None:
    run = make_run(people, status)

    with pytest.raises(UnknownsRefused, match="does not send any more"):
        unknowns.settle_unknown(run, by=ledgers.actor(people.alice), choice=Choice.AGAIN)

    assert ledger.check(run).findings == []


def test_a_run_that_is_being_closed_sends_nothing_again(people: ledgers.People) -> None:
    run = make_run(people)
    Run.objects.filter(pk=run.pk).update(closing_stage=Stage.CANCELLED)

    with pytest.raises(UnknownsRefused):
        unknowns.settle_unknown(run, by=ledgers.actor(people.alice), choice=Choice.AGAIN)


def test_the_trail_tells_who_settled_how_many(people: ledgers.People) -> None:
    run = make_run(people)

    unknowns.settle_unknown(run, by=ledgers.actor(people.alice), choice=Choice.SENT)

    event = AuditEvent.objects.get(object_id=str(run.campaign.public_id))
    assert (event.action, event.actor_name, event.changes["messages"]) == (
        "campaign.settle_unknown",
        "Alice",
        [None, 6],
    )


def test_a_viewer_may_not_and_a_strangers_run_is_out_of_reach(people: ledgers.People) -> None:
    run = make_run(people)

    with pytest.raises(NotAllowed):
        unknowns.settle_unknown(run, by=ledgers.actor(people.vera), choice=Choice.SENT)
    with pytest.raises(run.campaign.DoesNotExist):
        unknowns.settle_unknown(run, by=ledgers.actor(people.mallory), choice=Choice.SENT)


def test_the_attempts_tell_that_it_was_settled_by_hand(people: ledgers.People) -> None:
    run = make_run(people)
    unknowns.settle_unknown(run, by=ledgers.actor(people.alice), choice=Choice.SENT, ids=[6])

    details = delivery_details(run, 6)

    assert details is not None
    assert [(one.stage, one.is_by_hand) for one in details.messages[0].tries] == [
        (Stage.UNKNOWN, False),
        (Stage.SENT, True),
    ]
