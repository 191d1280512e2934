"""A run of several steps on the ledger: who gets which channel, who is counted as what, and that it all adds up."""

import random

import pytest

from clarion.campaigns.states import Status
from clarion.deliveries import ledger, looking
from clarion.deliveries.models import Delivery, Run, RunStep
from clarion.deliveries.states import Skip, Stage
from clarion.engine.plan import Settled
from tests.cascades import both, built, follow, make_cascade, messages, run_through, send, stages

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


@pytest.mark.parametrize("seed", range(3))
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
    from clarion.deliveries import closing

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
    from clarion.deliveries import optout

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
