"""People pushed into a triggered campaign: each key once, judged as the builder judges."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience.models import Contact, ContactState, Suppression
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries import closing, ledger, pushing
from clarion.deliveries.errors import PushRefused
from clarion.deliveries.models import Delivery, Push, Recipient, Run, RunStep
from clarion.deliveries.pushing import push
from clarion.deliveries.states import Skip, Stage
from clarion.runtime import scheduler
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from tests import ledgers


@pytest.fixture
def people(db: None) -> ledgers.People:
    return ledgers.make_people()


def triggered(people: ledgers.People, *, status: Status = Status.BUILDING, **facts: Any) -> Campaign:
    facts = {"launch": Launch.TRIGGER, "source": None, "ends_at": timezone.now() + timedelta(days=1)} | facts
    campaign = ledgers.make_campaign(people.alice, status=status, **facts)
    scheduler.build_due()
    campaign.refresh_from_db()
    RunStep.objects.filter(run__campaign=campaign).update(content={"subject": "Hi", "text": "Hello"})
    return campaign


def one(key: str, address: str = "", **variables: Any) -> dict[str, Any]:
    return {"key": key, "address": address or f"{key}@example.test", "variables": variables}


def test_it_opens_without_anybody_and_is_not_over_before_its_end(people: ledgers.People) -> None:
    campaign = triggered(people)
    assert campaign.status == Status.SENDING
    scheduler.tick()
    scheduler.build_due()
    campaign.refresh_from_db()
    assert (campaign.status, campaign.runs.get().built_at) == (Status.SENDING, None)


def test_whoever_is_pushed_is_pending_once_with_their_variables(people: ledgers.People) -> None:
    campaign = triggered(people)
    by = ledgers.actor(people.alice)

    (first,) = push(campaign=campaign, people=[one("a", " A@Example.test ", city="Leipzig")], by=by)
    again, second = push(campaign=campaign, people=[one("a", "other@example.test"), one("b")], by=by)

    assert (first.is_new, again.is_new, second.is_new) == (True, False, True)
    assert (first.recipient_id, again.recipient_id, second.recipient_id) == (1, 1, 2)
    row = Recipient.objects.get(id=1)
    assert (row.address, row.variables) == ("a@example.test", {"email": "a@example.test", "city": "Leipzig"})
    run = Run.objects.get()
    assert (run.total, run.pending, run.last_recipient_id) == (2, 2, 2)
    assert ledger.check(run).findings == []


def test_a_key_that_comes_twice_in_one_call_counts_once(people: ledgers.People) -> None:
    campaign = triggered(people)
    found = push(campaign=campaign, people=[one("a"), one("a"), one("b")], by=ledgers.actor(people.alice))
    assert [(each.key, each.recipient_id, each.is_new) for each in found] == [
        ("a", 1, True),
        ("a", 1, False),
        ("b", 2, True),
    ]


def test_each_is_judged_as_the_builder_judges_and_counted(people: ledgers.People) -> None:
    campaign = triggered(people)
    workspace = people.workspace
    Suppression.objects.create(
        workspace=workspace, channel="email", address="gone@example.test", reason="BOUNCED"
    )
    Contact.objects.create(workspace=workspace, email="no@example.test", state=ContactState.DO_NOT_CONTACT)
    Contact.objects.create(
        workspace=workspace, email="known@example.test", first_name="Ada", attributes={"vip": "yes"}
    )

    found = push(
        campaign=campaign,
        people=[
            {"key": "1", "address": "  "},
            {"key": "2", "address": "not an address"},
            one("3", "x@example.test"),
            one("4", "X@example.test"),
            one("5", "gone@example.test"),
            one("6", "no@example.test"),
            one("7", "known@example.test", first_name="Augusta"),
        ],
        by=ledgers.actor(people.alice),
    )  # fmt: skip

    assert [each.skip for each in found] == [
        Skip.NO_ADDRESS, Skip.INVALID, None, Skip.DUPLICATE, Skip.SUPPRESSED, Skip.DO_NOT_CONTACT, None,
    ]  # fmt: skip
    known = Recipient.objects.get(id=7)
    assert known.contact_id is not None
    assert (known.variables["first_name"], known.variables["vip"]) == ("Augusta", "yes")
    run = Run.objects.get()
    assert (run.total, run.pending, run.skipped) == (7, 2, 5)
    assert {name: n for name, n in run.waterfall.items() if n} == {
        "no_address": 1, "invalid": 1, "duplicate": 1, "suppressed": 1, "do_not_contact": 1,
    }  # fmt: skip
    (late,) = push(campaign=campaign, people=[one("8", "x@example.test")], by=ledgers.actor(people.alice))
    assert late.skip is Skip.DUPLICATE
    assert ledger.check(run).findings == []


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"key": "", "address": "a@example.test"}, "1 to 100"),
        ({"key": "k" * 101, "address": "a@example.test"}, "1 to 100"),
        ({"address": "a@example.test"}, "key and an address"),
        ({"key": "k", "address": 3}, "key and an address"),
        ({"key": "k", "address": "a@example.test", "variables": ["a"]}, "names with values"),
        ({"key": "k", "address": "a@example.test", "variables": {"a": {1}}}, "not JSON"),
        ({"key": "k", "address": "a@example.test", "variables": {"a": "x" * 70_000}}, "too long"),
        ({"key": "k", "adress": "a@example.test"}, "nothing else"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nobody_is_added(
    people: ledgers.People, said: Any, word: str
) -> None:
    campaign = triggered(people)
    with pytest.raises(ValueError, match=word):
        push(campaign=campaign, people=[one("a"), said], by=ledgers.actor(people.alice))
    assert not Push.objects.exists()


def test_who_lacks_a_variable_of_the_message_is_named_and_nobody_of_the_call_is_added(
    people: ledgers.People,
) -> None:
    campaign = triggered(people)
    content = {
        "subject": "Hi {{ first_name|default('you') }}",
        "text": "Your order {{ order.id }} to {{ city }}",
    }
    RunStep.objects.update(content=content)
    by = ledgers.actor(people.alice)

    with pytest.raises(ValueError, match=r"b: city, order"):
        push(campaign=campaign, people=[one("a", city="Rome", order={"id": 7}), one("b")], by=by)
    assert not Recipient.objects.exists()
    assert not Push.objects.exists()

    # What is known of the contact counts, and who gets nothing anyway needs nothing.
    Contact.objects.create(workspace=people.workspace, email="b@example.test", attributes={"city": "Bonn"})
    nobody = {"key": "c", "address": "", "variables": {}}
    found = push(campaign=campaign, people=[one("b", order={"id": 8}), nobody], by=by)
    assert [one.skip for one in found] == [None, Skip.NO_ADDRESS]


def test_more_than_a_thousand_at_once_are_refused(people: ledgers.People) -> None:
    campaign = triggered(people)
    with pytest.raises(ValueError, match="1000"):
        push(campaign=campaign, people=[one(str(n)) for n in range(1001)], by=ledgers.actor(people.alice))


def test_what_the_database_cannot_hold_is_left_out_of_the_variables(people: ledgers.People) -> None:
    campaign = triggered(people)
    push(
        campaign=campaign,
        people=[one("a", a="x\x00y", b=["\\u0000", {"c\x00": 1.5}])],
        by=ledgers.actor(people.alice),
    )
    assert Recipient.objects.get().variables == {
        "email": "a@example.test", "a": "xy", "b": ["\\u0000", {"c": 1.5}],
    }  # fmt: skip


def test_nobody_is_pushed_before_it_starts_after_its_end_or_to_another_kind(people: ledgers.People) -> None:
    by = ledgers.actor(people.alice)
    for facts, word in (
        ({"status": Status.DRAFT, "started_at": None}, "start it first"),
        ({"status": Status.STOPPED}, "start it first"),
        ({"ends_at": timezone.now() - timedelta(seconds=1)}, "ended"),
        ({"launch": Launch.NOW, "status": Status.SENDING}, "not a triggered one"),
    ):
        with pytest.raises(PushRefused, match=word):
            push(campaign=triggered(people, **facts), people=[one("a")], by=by)


def test_a_viewer_may_not_and_a_stranger_finds_no_such_campaign(people: ledgers.People) -> None:
    campaign = triggered(people)
    with pytest.raises(NotAllowed):
        push(campaign=campaign, people=[one("a")], by=ledgers.actor(people.vera))
    with pytest.raises(PushRefused):
        push(campaign=campaign, people=[one("a")], by=ledgers.actor(people.mallory))


def test_at_its_end_it_takes_nobody_more_and_completes_when_all_is_settled(people: ledgers.People) -> None:
    campaign = triggered(people)
    run = Run.objects.get()
    Campaign.objects.filter(pk=campaign.pk).update(ends_at=timezone.now())
    scheduler.tick()
    campaign.refresh_from_db()
    run.refresh_from_db()
    assert (campaign.status, run.finished_at is not None) == (Status.COMPLETED, True)


def test_at_its_end_who_is_pending_expires(people: ledgers.People) -> None:
    campaign = triggered(people)
    push(campaign=campaign, people=[one("a")], by=ledgers.actor(people.alice))
    Campaign.objects.filter(pk=campaign.pk).update(ends_at=timezone.now())
    scheduler.tick()
    campaign.refresh_from_db()
    run = Run.objects.get()
    assert (campaign.status, run.expired) == (Status.EXPIRED, 1)
    assert ledger.check(run).findings == []


def test_while_it_is_paused_people_wait(people: ledgers.People) -> None:
    campaign = triggered(people)
    campaigns.pause(campaign=campaign, by=ledgers.actor(people.alice))
    (found,) = push(campaign=campaign, people=[one("a")], by=ledgers.actor(people.alice))
    assert found.skip is None
    assert Run.objects.get().pending == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_pushed_fifty_times_at_once_is_one_message() -> None:
    people = ledgers.make_people()
    campaign = triggered(people)
    found: list[pushing.Pushed] = []
    ready = threading.Barrier(50)

    def call(n: int) -> None:
        try:
            ready.wait()
            found.extend(
                push(campaign=campaign, people=[one("k"), one(f"own{n}")], by=actors.system(people.workspace))
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    shared = [each for each in found if each.key == "k"]
    assert (len(shared), sum(each.is_new for each in shared)) == (50, 1)
    assert len({each.recipient_id for each in shared}) == 1
    assert Delivery.objects.filter(stage=Stage.PENDING).count() == 51
    run = Run.objects.get()
    assert (run.total, run.pending) == (51, 51)
    assert ledger.check(run).findings == []


@pytest.mark.django_db(transaction=True)
def test_pushes_beside_a_stop_lose_nobody_and_write_to_nobody_after_it() -> None:
    people = ledgers.make_people()
    campaign = triggered(people)
    by = actors.system(people.workspace)
    refused: list[int] = []

    def call(n: int) -> None:
        try:
            push(campaign=campaign, people=[one(f"{n}-{m}") for m in range(20)], by=by)
        except PushRefused:
            refused.append(n)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(n,)) for n in range(12)]
    for thread in threads[:6]:
        thread.start()
    campaigns.stop(campaign=campaign, by=by)
    for thread in threads[6:]:
        thread.start()
    while closing.ended():
        for run in closing.ended():
            closing.close(run)
    for thread in threads:
        thread.join()

    run = Run.objects.get()
    assert run.cancelled == run.total == (12 - len(refused)) * 20
    assert len(refused) >= 6
    assert ledger.check(run).findings == []
