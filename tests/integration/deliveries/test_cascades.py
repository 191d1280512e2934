"""A run of several steps on the ledger: who gets which channel, who is counted as what, and that it all adds up."""

import io
import random

import pytest

from clarion.audience import reading
from clarion.audience.models import Contact
from clarion.audience.operations import create_upload_source
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import (
    closing,
    ledger,
    looking,
    optout,
    pushing,
    receipts,
    refreshing,
    retrying,
    unknowns,
)
from clarion.deliveries.causes import Kind
from clarion.deliveries.explain import explain_now
from clarion.deliveries.models import Delivery, Run, RunStep, Worker
from clarion.deliveries.operations import finish_run
from clarion.deliveries.states import Skip, Stage
from clarion.engine.plan import Settled
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import Workspace
from tests.cascades import both, built, follow, later, make_cascade, messages, run_through, send, stages
from tests.integration.campaigns.making import make_member

pytestmark = pytest.mark.django_db(transaction=True)


def right(run: Run) -> Run:
    """Prove the run's ledger and return it as it is now."""
    fresh = Run.objects.get(pk=run.pk)
    assert [(one.rule, one.sentence, one.ids) for one in ledger.check(fresh).findings] == []
    return fresh


def test_a_fallback_goes_only_to_those_for_whom_the_first_channel_failed() -> None:
    run = built(make_cascade(people=4))
    assert right(run).pending == 4

    send(run, lambda person, step, attempt: Settled.FAILED if person in (2, 4) else Settled.SENT)
    right(run)
    follow(run)

    half = right(run)
    assert (half.pending, half.sent) == (2, 2)
    assert messages(run) == {1: {0: 2}, 2: {0: 4, 1: 0}, 3: {0: 2}, 4: {0: 4, 1: 0}}
    run_through(run, lambda person, step, attempt: Settled.SENT if person == 2 else Settled.FAILED)
    done = right(run)
    assert (done.pending, done.sent, done.partly, done.failed) == (0, 2, 1, 1)
    sms = RunStep.objects.get(run=run, step=1)
    assert (sms.made, sms.accepted, sms.failed) == (2, 1, 1)
    addresses = Delivery.objects.filter(run_id=run.pk, id=2 * 16 + 1).values_list("address", flat=True)
    assert list(addresses) == ["+493000000002"]


def test_whoever_has_no_address_for_a_channel_goes_on_to_the_next_and_nobody_gets_two_on_one_number() -> None:
    people = [
        {"email": "a@example.test", "phone": "+49301"},
        {"email": "", "phone": "+49302"},
        {"email": "c@example.test", "phone": "+49301"},  # shares a's number
        {"email": "", "phone": ""},
        {"email": "e@example.test", "phone": ""},
    ]
    run = built(make_cascade(people=people))
    assert (right(run).total, right(run).skipped, right(run).waterfall["no_address"]) == (5, 1, 1)

    run_through(run, lambda person, step, attempt: Settled.FAILED if step == 0 else Settled.SENT)

    done = right(run)
    assert (done.pending, done.sent, done.partly, done.failed) == (0, 1, 1, 2)
    told = dict(Delivery.objects.filter(run_id=run.pk, stage=Stage.SKIPPED).values_list("id", "code"))
    assert sorted(told.values()) == ["duplicate", "no_address", "no_address"]


def test_channels_of_one_tier_go_together_and_the_next_waits_for_all_of_them() -> None:
    steps = ((0, "email"), (0, "sandbox"), (1, "sms"))
    run = built(make_cascade(people=3, steps=steps))
    fails = {1: {0}, 2: {0, 1}, 3: set()}
    run_through(run, lambda person, step, attempt: Settled.FAILED if step in fails[person] else Settled.SENT)
    done = right(run)
    assert messages(run) == {1: {0: 4, 1: 2}, 2: {0: 4, 1: 4, 2: 2}, 3: {0: 2, 1: 2}}
    assert stages(run) == {1: Stage.PARTLY, 2: Stage.PARTLY, 3: Stage.SENT}
    assert (done.sent, done.partly) == (1, 2)


def test_an_unknown_message_never_lets_the_fallback_go_until_a_person_says_that_it_failed() -> None:
    run = built(make_cascade(people=1))
    run_through(run, lambda person, step, attempt: Settled.UNKNOWN)
    assert (right(run).unknown, messages(run)) == (1, {1: {0: Stage.UNKNOWN}})


@pytest.mark.parametrize("seed", range(2))
def test_any_mixture_of_people_outcomes_and_interruptions_ends_as_a_plain_model_says(seed: int) -> None:
    dice = random.Random(seed)
    steps = ((0, "email"), (0, "sms"), (1, "sandbox"), (2, "email"))
    people = []
    for n in range(1, 41):
        addresses = both(n)
        if dice.random() < 0.3:
            addresses[dice.choice(["email", "phone"])] = ""
        people.append(addresses)
    outcome = {
        (person, step): dice.choice([Settled.SENT, Settled.FAILED, Settled.FAILED, Settled.UNKNOWN])
        for person in range(1, 41)
        for step in range(4)
    }

    def oracle(person: int, step: int, attempt: int) -> Settled:
        if attempt < 3 and dice.random() < 0.2:
            return Settled.PENDING
        return outcome[person, step]

    run = built(make_cascade(people=people, steps=steps))
    while Run.objects.get(pk=run.pk).pending:
        send(run, oracle)
        looking.look(run, limit=dice.randint(1, 30))
        right(run)

    assert messages(run) == {
        number: _expected(addresses, {step: outcome[number, step] for step in range(4)})
        for number, addresses in enumerate(people, start=1)
    }


def _expected(addresses: dict[str, str], outcome: dict[int, Settled]) -> dict[int, int]:
    """What a person's messages come to, written down plainly."""
    kinds = {0: "email", 1: "phone", 2: "email", 3: "email"}
    got: dict[int, int] = {}
    for tier in ((0, 1), (2,), (3,)):
        for step in tier:
            got[step] = int(outcome[step]) if addresses[kinds[step]] else Stage.SKIPPED
        if any(got[step] in (Stage.SENT, Stage.UNKNOWN) for step in tier):
            break
    return got


def test_a_campaign_called_off_leaves_nobody_pending_and_lets_no_tier_go() -> None:
    campaign = make_cascade(people=[both(n) for n in range(1, 7)] + [{"email": "", "phone": "+49399"}])
    run = built(campaign)
    Run.objects.filter(pk=run.pk).update(released_id=2)
    send(run, lambda person, step, attempt: Settled.FAILED)
    follow(run)
    campaign.refresh_from_db()
    campaign.status, campaign.finished_at = Status.CANCELLED, campaign.created_at
    campaign.save()

    while closing.close(Run.objects.select_related("campaign").get(pk=run.pk)):
        pass

    done = right(run)
    assert (done.finished_at is not None, done.pending, done.cancelled) == (True, 0, 7)
    assert not Delivery.objects.filter(run_id=run.pk, stage__in=[Stage.PENDING, Stage.SENT]).exists()


def test_a_suppression_on_one_channel_leaves_the_others() -> None:
    campaign = make_cascade(people=2)
    run = built(campaign)
    assert optout.skip_pending(workspace=run.workspace, channel="email", address="person1@example.test") == 1
    right(run)
    run_through(run, lambda person, step, attempt: Settled.SENT)
    assert messages(run) == {1: {0: Stage.SKIPPED, 1: Stage.SENT}, 2: {0: Stage.SENT}}
    assert right(run).sent == 2
    assert Skip.SUPPRESSED not in stages(run).values()


def test_a_held_run_lets_no_fallback_go_beyond_its_release() -> None:
    run = built(make_cascade(people=[{"email": "", "phone": f"+4930{n}"} for n in range(1, 5)]))
    Run.objects.filter(pk=run.pk).update(released_id=2)
    run_through(run, lambda person, step, attempt: Settled.SENT)
    assert {one: told.get(1) for one, told in messages(run).items()} == {1: 2, 2: 2, 3: None, 4: None}
    right(run)


def test_following_is_the_same_whoever_does_it_and_however_often() -> None:
    run = built(make_cascade(people=30))
    send(run, lambda person, step, attempt: Settled.FAILED)
    looking.look(run, limit=10)
    looking.note(run.pk, list(range(1, 31)))
    follow(run)
    looking.note(run.pk, list(range(1, 31)))
    follow(run)
    sms = RunStep.objects.get(run=run, step=1)
    assert (sms.made, Delivery.objects.filter(run_id=run.pk).count()) == (30, 60)
    right(run)


def waiting(**campaign: object) -> Run:
    """A cascade from the sandbox, which reports deliveries, to SMS that waits half an hour for receipts."""
    steps = ((0, "sandbox"), (1, "sms"))
    return built(make_cascade(people=5, steps=steps, receipt_wait=30, **campaign))


def receipt(run: Run, person: int, kind: ReceiptKind, step: int = 0) -> None:
    event = ReceiptEvent(
        kind=kind, run_id=run.pk, delivery_id=person * 16 + step, event_id=f"{person}-{kind}-{step}"
    )
    receipts.apply([event])


def test_silence_lets_the_fallback_go_after_the_wait_and_what_is_said_too_late_changes_nothing() -> None:
    run = waiting()
    send(run, lambda person, step, attempt: Settled.UNKNOWN if person == 5 else Settled.SENT)
    receipt(run, 1, ReceiptKind.DELIVERED)
    receipt(run, 2, ReceiptKind.BOUNCED_SOFT)
    follow(run)
    assert messages(run) == {1: {0: 2}, 2: {0: 2, 1: 0}, 3: {0: 2}, 4: {0: 2}, 5: {0: 5}}
    assert (right(run).sent, right(run).pending) == (1, 4)
    Worker.objects.create(name="w", host="h", pid=1)
    cause = next(one for one in explain_now(run.campaign).causes if one.kind is Kind.RECEIPTS)
    assert (cause.count, cause.until is not None, "step 1" in cause.title) == (3, True, True)

    later(run, 31)
    follow(run)
    assert {one for one, told in messages(run).items() if 1 in told} == {2, 3, 4}
    receipt(run, 3, ReceiptKind.DELIVERED)  # after the fallback was let go: it stays
    run_through(run, lambda person, step, attempt: Settled.FAILED if person == 4 else Settled.SENT)
    done = right(run)
    assert (done.pending, done.sent, done.partly, done.unknown) == (0, 3, 1, 1)
    assert messages(run)[5] == {0: 5}


@pytest.mark.parametrize("wait", [30, None], ids=["waiting for receipts", "not waiting"])
def test_late_receipts_of_every_kind_in_any_order_never_cause_a_second_message(wait: int | None) -> None:
    """Of four people one was reached at once, two by the fallback, and one by neither."""
    steps = ((0, "sandbox"), (1, "sms"), (2, "email"))
    run = built(make_cascade(people=4, steps=steps, receipt_wait=wait))
    send(run, lambda person, step, attempt: Settled.FAILED if person > 1 and not wait else Settled.SENT)
    if wait:
        receipt(run, 1, ReceiptKind.DELIVERED)
        later(run, 31)
    run_through(run, lambda person, step, attempt: Settled.FAILED if person == 4 else Settled.SENT)
    if wait:
        for person in (2, 3):
            receipt(run, person, ReceiptKind.READ, step=1)
        later(run, 31)
        run_through(run, lambda person, step, attempt: Settled.FAILED)
    before = messages(run)
    assert [sorted(told) for _, told in sorted(before.items())] == [[0], [0, 1], [0, 1], [0, 1, 2]]
    assert right(run).pending == 0

    late = [
        ReceiptEvent(kind=kind, run_id=run.pk, delivery_id=person * 16 + step, event_id=f"{n}/{kind}")
        for n in range(2) for person, steps in before.items() for step in steps for kind in ReceiptKind
    ]  # fmt: skip
    random.Random(wait).shuffle(late)
    for begin in range(0, len(late), 20):
        receipts.apply(late[begin : begin + 20])
        looking.look(run)
    later(run, 31)
    run_through(run, lambda person, step, attempt: Settled.SENT)

    assert messages(run) == before
    right(run)


def test_while_paused_no_fallback_goes_and_a_receipt_still_makes_it_needless() -> None:
    run = waiting()
    send(run, lambda person, step, attempt: Settled.SENT)
    campaign = run.campaign
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.PAUSED, pause_cause="PERSON")
    later(run, 31)
    looking.look(run)
    assert not any(1 in told for told in messages(run).values())
    receipt(run, 1, ReceiptKind.DELIVERED)
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.SENDING, pause_cause="")
    later(run, 1)
    follow(run)
    assert {one for one, told in messages(run).items() if 1 in told} == {2, 3, 4, 5}
    right(run)


def test_what_people_settle_counts_and_what_they_send_again_goes_on() -> None:
    campaign = make_cascade(people=3)
    by = of_member(make_member(campaign.workspace))
    run = built(campaign)
    run_through(run, lambda person, step, attempt: Settled.UNKNOWN)
    assert unknowns.settle_unknown(run, by=by, choice=unknowns.Choice.SENT, ids=[1]) == 1
    assert unknowns.settle_unknown(run, by=by, choice=unknowns.Choice.AGAIN, ids=[2]) == 1
    half = right(run)
    assert (half.sent, half.pending, half.unknown) == (1, 1, 1)
    run_through(run, lambda person, step, attempt: Settled.FAILED)
    done = right(run)
    assert messages(run) == {1: {0: 2}, 2: {0: 4, 1: 4}, 3: {0: 5}}
    assert (done.sent, done.failed, done.unknown) == (1, 1, 1)


def test_a_retry_sends_on_one_channel_again_and_never_to_whom_another_was_sent() -> None:
    campaign = make_cascade(people=3)
    by = of_member(make_member(campaign.workspace))
    run = built(campaign)
    run_through(
        run, lambda person, step, attempt: Settled.SENT if (person, step) == (1, 1) else Settled.FAILED
    )
    assert (right(run).partly, right(run).failed) == (1, 2)
    assert finish_run(run.pk)

    assert retrying.retry_failed(campaign=campaign, by=by).again == 2
    right(run)
    assert messages(run) == {1: {0: 4, 1: 2}, 2: {0: 0, 1: 4}, 3: {0: 0, 1: 4}}
    run_through(run, lambda person, step, attempt: Settled.SENT)
    assert (right(run).partly, right(run).pending) == (3, 0)


def test_a_refresh_adds_and_removes_people_of_a_paused_cascade_with_all_their_addresses() -> None:
    campaign = make_cascade(people=3)
    by = of_member(make_member(campaign.workspace))
    run = built(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.PAUSED, pause_cause="PERSON")
    Contact.objects.filter(email="person1@example.test").delete()
    Contact.objects.filter(email="person2@example.test").update(phone="+49177")
    Contact.objects.create(workspace=campaign.workspace, phone="+49178")

    done = refreshing.refresh(campaign=campaign, by=by)

    assert (done.added, done.removed, done.changed) == (1, 1, 1)
    assert (right(run).total, right(run).pending, right(run).skipped) == (4, 3, 1)
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.SENDING, pause_cause="")
    run_through(run, lambda person, step, attempt: Settled.FAILED if step == 0 else Settled.SENT)
    right(run)
    sms = Delivery.objects.filter(run_id=run.pk, id__in=[2 * 16 + 1, 4 * 16 + 1]).order_by("id")
    assert list(sms.values_list("address", "stage")) == [("+49177", 2), ("+49178", 2)]


def test_whoever_is_pushed_is_reached_by_the_channels_that_are_known_of_them() -> None:
    campaign = make_cascade(people=1, launch="TRIGGER", source=None)
    by = of_member(make_member(campaign.workspace))
    pushed = pushing.push(
        campaign=campaign,
        by=by,
        people=[
            {"key": "a", "address": "person1@example.test"},
            {"key": "b", "address": "", "variables": {"phone": "+49 30 123456", "first_name": "Bo"}},
            {"key": "c", "address": "nonsense"},
        ],
    )
    run = Run.objects.get(campaign=campaign)
    assert [one.skip for one in pushed] == [None, None, Skip.INVALID]
    Campaign.objects.filter(pk=campaign.pk).update(status=Status.SENDING)
    run_through(run, lambda person, step, attempt: Settled.FAILED if step == 0 else Settled.SENT)
    right(run)
    sms = Delivery.objects.filter(run_id=run.pk, id__in=[17, 33]).order_by("id")
    assert list(sms.values_list("address", flat=True)) == ["+493000000001", "+4930123456"]


def test_a_file_gives_the_further_address_by_the_column_that_is_named_for_it() -> None:
    campaign = make_cascade(people=0)
    by = of_member(make_member(campaign.workspace))
    text = "Email,Handy,first_name\na@example.test,+49 30 1234567,Ana\nb@example.test,nobody,Bo\n,030 7654321,Cy\n"
    source = create_upload_source(
        by=by, file=io.BytesIO(text.encode()), file_name="p.csv", channel="email", dialect_overrides={}
    )
    reading.read_source(source)
    Campaign.objects.filter(pk=campaign.pk).update(source=source)
    Workspace.objects.filter(pk=campaign.workspace_id).update(default_country="DE")
    run = built(campaign)
    run_through(run, lambda person, step, attempt: Settled.FAILED if step == 0 else Settled.SENT)
    right(run)
    rows = Delivery.objects.filter(run_id=run.pk).order_by("id").values_list("id", "address", "stage")
    assert [row for row in rows if row[0] & 15] == [
        (17, "+49301234567", 2), (33, None, 6), (49, "+49307654321", 2),
    ]  # fmt: skip
