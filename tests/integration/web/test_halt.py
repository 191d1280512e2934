"""The kill switches on their pages: who may, what they say before and after, and what every page shows meanwhile."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Run
from clarion.senders.models import Sender, SenderStatus
from clarion.web.templatetags.ui import moment
from clarion.workspaces import operations
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Workspace
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    made = ledgers.make_campaign(people.alice)
    Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
    run = ledgers.make_run(made, sent=10, pending=1200)
    Run.objects.filter(pk=run.pk).update(last_sent_at=timezone.now() - timedelta(seconds=5))
    return made


def base(people: ledgers.People, page: str = "") -> str:
    return f"/w/{people.workspace.slug}/{page}"


def last_out() -> str:
    """The moment of the last message that left, as a page says it."""
    at = Run.objects.get().last_sent_at
    assert at is not None
    return f"<dt>Last message out</dt><dd>{moment(at, 'seconds')}</dd>"


def words(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_halt_is_asked_about_with_its_numbers_and_then_done(
    people: ledgers.People, campaign: Campaign
) -> None:
    client = client_of(people.alice)
    question = client.post(base(people, "halt/on/"), {"reason": "Wrong prices."})
    assert "1,200 messages have not left yet." in question.content.decode()
    assert Workspace.objects.get(pk=people.workspace.pk).halted_at is None

    client.post(base(people, "halt/on/"), {"reason": "Wrong prices.", "confirmed": "1"})

    page = words(client, base(people, "halt/"))
    assert "Nothing leaves" in page
    assert "Wrong prices." in page
    assert "1,200 messages, 1 campaign" in page
    assert last_out() in page
    assert "<bdi>Alice</bdi>" in page
    event = AuditEvent.objects.get(action="workspace.halt")
    assert (event.actor, event.reason, event.changes) == (
        people.alice.user,
        "Wrong prices.",
        {"halted": [False, True]},
    )


def test_every_page_says_that_the_workspace_is_halted_until_it_is_lifted(
    people: ledgers.People, campaign: Campaign
) -> None:
    operations.halt(by=ledgers.actor(people.alice), reason="Wrong prices.")
    banner = "This workspace is halted: nothing leaves"
    for page in ("", "campaigns/", "senders/", "contacts/"):
        assert banner in words(client_of(people.vera), base(people, page))

    question = client_of(people.alice).post(base(people, "halt/lift/"))
    assert "1,200 messages go out from now on." in question.content.decode()
    client_of(people.alice).post(base(people, "halt/lift/"), {"confirmed": "1"})

    assert banner not in words(client_of(people.vera), base(people))
    assert AuditEvent.objects.filter(action="workspace.lift_halt").count() == 1


def test_a_second_click_changes_nothing_and_tells_nothing(people: ledgers.People) -> None:
    first = operations.halt(by=ledgers.actor(people.alice), reason="One.")
    second = operations.halt(by=ledgers.actor(people.alice), reason="Two.")

    assert (second.halted_at, second.halt_reason) == (first.halted_at, "One.")
    assert AuditEvent.objects.filter(action="workspace.halt").count() == 1


def test_only_who_administers_the_ways_out_may_halt(people: ledgers.People) -> None:
    for member in (people.bob, people.vera):
        with pytest.raises(NotAllowed):
            operations.halt(by=ledgers.actor(member))
        page = words(client_of(member), base(people, "halt/"))
        assert "An administrator of this workspace can switch it." in page
        assert "top__halt" not in page
        for url in ("halt/on/", "halt/lift/"):
            assert client_of(member).post(base(people, url), {"confirmed": "1"}).status_code == 403
    assert Workspace.objects.get(pk=people.workspace.pk).halted_at is None


def test_the_switch_is_one_click_away_on_every_page(people: ledgers.People) -> None:
    top = words(client_of(people.alice), base(people, "contacts/")).split("<main")[0]

    assert f'href="{base(people, "halt/")}"' in top


def test_a_sender_says_since_when_by_whom_and_why_it_is_stopped_and_what_it_holds(
    people: ledgers.People, campaign: Campaign
) -> None:
    client, sender = client_of(people.alice), Sender.objects.get()
    url = base(people, f"senders/{sender.public_id}/")
    assert "1,200 messages have not left yet." in words(client, url)

    client.post(url + "pause/", {"reason": "The bank called.", "confirmed": "1"})

    page = words(client, url)
    assert "Nothing leaves by this sender" in page
    assert "The bank called." in page
    assert "<bdi>Alice</bdi>" in page
    assert "1,200 messages, 1 campaign" in page
    assert last_out() in page
    client.post(url + "activate/")
    sender.refresh_from_db()
    assert sender.status == SenderStatus.ACTIVE
    assert "Stop this sender" in words(client, url)


def test_strangers_find_no_switch(people: ledgers.People) -> None:
    mallory = client_of(people.mallory)

    assert mallory.get(base(people, "halt/")).status_code == 404
    assert mallory.post(base(people, "halt/on/"), {"confirmed": "1"}).status_code == 404
    assert mallory.post(base(people, "halt/lift/"), {"confirmed": "1"}).status_code == 404
    assert Workspace.objects.get(pk=people.workspace.pk).halted_at is None
