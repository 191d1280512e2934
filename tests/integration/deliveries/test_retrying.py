"""What failed is sent again, with every counter, and nobody twice."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience.models import Contact, ContactState, Suppression
from clarion.campaigns import operations as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import closing, ledger, retrying
from clarion.deliveries.errors import RetryRefused
from clarion.deliveries.models import Delivery, Run, RunProblem, RunStep, Waiting
from clarion.deliveries.retrying import retry_failed
from clarion.deliveries.states import Stage
from clarion.engine.outcomes import Reason
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests import ledgers


@pytest.fixture
def people(db: None) -> ledgers.People:
    return ledgers.make_people()


def make_run(people: ledgers.People, status: Status = Status.COMPLETED) -> Run:
    campaign = ledgers.make_campaign(people.alice, status=status)
    finished = status is Status.COMPLETED
    return ledgers.make_run(
        campaign, finished=finished, skipped=1, sent=4, failed=6, pending=0 if finished else 3
    )


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.SENDING, Status.PAUSED])
def test_failed_messages_are_pending_again_and_a_completed_run_is_open(
    people: ledgers.People, status: Status
) -> None:
    run = make_run(people, status)

    done = retry_failed(campaign=run.campaign, by=ledgers.actor(people.alice), reason="The host was down.")

    campaign = Campaign.objects.get(pk=run.campaign_id)
    before = run.pending
    run.refresh_from_db()
    assert (done.again, done.suppressed) == (6, 0)
    assert (run.failed, run.pending, run.finished_at) == (0, before + 6, None)
    assert campaign.status == (Status.SENDING if status is Status.COMPLETED else status)
    assert campaign.finished_at is None
    assert Waiting.objects.filter(run_id=run.pk, reason=None).count() == 6
    assert RunStep.objects.get(run=run).handed == 4
    assert ledger.check(run).findings == []
    event = AuditEvent.objects.get(action="campaign.retry_failed")
    assert (event.reason, event.changes["messages"]) == ("The host was down.", [None, 6])


def test_suppressed_addresses_and_people_not_to_be_contacted_are_left_out(people: ledgers.People) -> None:
    run = make_run(people)
    contact = Contact.objects.create(
        workspace=people.workspace, email="x@example.test", state=ContactState.DO_NOT_CONTACT
    )
    ledgers.change("recipient", run, "id = 7", contact_id=contact.pk)
    for channel, number in (("email", 6), ("sms", 8)):
        address = f"person{number:07}@example.test"
        Suppression.objects.create(
            workspace=people.workspace, channel=channel, address=address, reason="BOUNCED"
        )

    seen = retrying.preview(run)
    done = retry_failed(campaign=run.campaign, by=ledgers.actor(people.alice))

    assert (seen.failed, seen.suppressed, seen.again) == (6, 2, 4)
    assert seen.reasons == [(Reason.ADDRESS_UNKNOWN, 6)]
    assert (done.again, done.suppressed) == (4, 2)
    failed = Delivery.objects.filter(run_id=run.pk, stage=Stage.FAILED)
    assert sorted(failed.values_list("id", flat=True)) == [6 * 16, 7 * 16]
    assert ledger.check(run).findings == []


def test_only_what_failed_for_these_reasons_goes_again(people: ledgers.People) -> None:
    run = make_run(people)
    ledgers.change("delivery", run, "id in (96, 112)", reason=int(Reason.ATTEMPTS_EXHAUSTED))
    RunProblem.objects.filter(run=run).update(count=4)
    RunProblem.objects.create(
        run=run, step=0, stage=Stage.FAILED, reason=Reason.ATTEMPTS_EXHAUSTED, code="550 5.1.1", count=2
    )
    by = ledgers.actor(people.alice)

    with pytest.raises(RetryRefused, match="nothing to send again"):
        retry_failed(campaign=run.campaign, by=by, reasons=[Reason.MAILBOX_FULL])
    done = retry_failed(campaign=run.campaign, by=by, reasons=[Reason.ATTEMPTS_EXHAUSTED])

    assert done.again == 2
    assert ledger.check(run).findings == []


def test_where_nothing_failed_or_all_are_suppressed_nothing_changes(people: ledgers.People) -> None:
    by = ledgers.actor(people.alice)
    campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
    run = ledgers.make_run(campaign, finished=True, sent=2)
    with pytest.raises(RetryRefused, match="nothing to send again"):
        retry_failed(campaign=campaign, by=by)
    other = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
    ledgers.make_run(other, finished=True, failed=1)
    address = "person0000001@example.test"
    Suppression.objects.create(workspace=people.workspace, channel="email", address=address, reason="BOUNCED")
    with pytest.raises(RetryRefused, match="suppressed"):
        retry_failed(campaign=other, by=by)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert set(Campaign.objects.values_list("status", flat=True)) == {Status.COMPLETED}


def test_a_campaign_whose_end_has_passed_sends_nothing_again(people: ledgers.People) -> None:
    run = make_run(people)
    Campaign.objects.filter(pk=run.campaign_id).update(ends_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(RetryRefused, match="end has passed"):
        retry_failed(campaign=run.campaign, by=ledgers.actor(people.alice))


@pytest.mark.parametrize(
    "status", [Status.CANCELLED, Status.STOPPED, Status.EXPIRED, Status.DRAFT, Status.FAILED]
)
def test_other_states_allow_no_retry(people: ledgers.People, status: Status) -> None:
    run = make_run(people, status)
    with pytest.raises(TransitionRefused):
        retry_failed(campaign=run.campaign, by=ledgers.actor(people.alice))


def test_a_viewer_may_not_and_a_stranger_finds_no_such_campaign(people: ledgers.People) -> None:
    run = make_run(people)
    with pytest.raises(NotAllowed):
        retry_failed(campaign=run.campaign, by=ledgers.actor(people.vera))
    with pytest.raises(TransitionRefused):
        retry_failed(campaign=run.campaign, by=ledgers.actor(people.mallory))


@pytest.mark.django_db(transaction=True)
def test_many_retries_at_once_send_each_message_again_once() -> None:
    people = ledgers.make_people()
    run = make_run(people)
    by = actors.system(people.workspace)
    done: list[int] = []

    def call() -> None:
        try:
            done.append(retry_failed(campaign=run.campaign, by=by).again)
        except (RetryRefused, TransitionRefused):
            done.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [0] * 11 + [6]
    assert Waiting.objects.filter(run_id=run.pk).count() == 6
    assert ledger.check(run).findings == []


@pytest.mark.django_db(transaction=True)
def test_a_retry_beside_a_stop_loses_nobody() -> None:
    people = ledgers.make_people()
    run = make_run(people, Status.SENDING)
    by = actors.system(people.workspace)

    def call() -> None:
        try:
            retry_failed(campaign=run.campaign, by=by)
        except TransitionRefused:
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=call)
    thread.start()
    campaigns.stop(campaign=run.campaign, by=by)
    thread.join()
    for one in closing.ended():
        closing.close(one)
    run.refresh_from_db()
    assert run.total == run.skipped + run.sent + run.failed + run.cancelled
    assert run.finished_at is not None
    assert ledger.check(run).findings == []
