"""Starting a bot by a link makes the chat the contact's; stopping and blocking end it."""

from collections.abc import Iterator
from typing import Any

import pytest

from clarion.audience import addresses, operations
from clarion.audience.models import Contact, Suppression
from clarion.channels.telegram.tests import server
from clarion.deliveries.inbox import applying
from clarion.deliveries.models import Answer
from clarion.runtime import bots
from clarion.senders import invitations
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors
from tests.acceptance.smtp import Running
from tests.factories import make_cast

pytestmark = pytest.mark.django_db(transaction=True)

CHAT = {"id": 42, "type": "private"}
FROM = {"id": 42, "first_name": "Ada", "last_name": "L", "language_code": "en"}


@pytest.fixture
def far() -> Iterator[server.Server]:
    """Run a Bot API in a thread of its own."""
    far = server.Server()
    running = Running({"far": far})
    yield far
    running.close()


def make_sender(far: server.Server, **changes: Any) -> Sender:
    config = {
        "token": server.TOKEN, "api_url": f"http://127.0.0.1:{far.port}", "username": "my_shop_bot",
    } | changes  # fmt: skip
    cast = make_cast()
    return senders.create_sender(
        by=actors.of_member(cast.alice), channel="telegram", name="Bot", config=config
    )


def say(far: server.Server, text: str) -> None:
    far.happens(message={"message_id": 1, "date": 1_700_000_000, "chat": CHAT, "from": FROM, "text": text})


def test_a_personal_link_gives_the_chat_to_its_contact_and_welcomes_them(far: server.Server) -> None:
    sender = make_sender(far, welcome="Hello!")
    ada = operations.create_contact(by=actors.system(sender.workspace), fields={"email": "ada@example.test"})
    link = invitations.start_link(sender, contact_id=ada.pk)
    assert link.startswith("https://t.me/my_shop_bot?start=")
    payload = link.partition("=")[2]
    assert len(payload) <= 64

    say(far, f"/start {payload}")
    bots.listen(sender)
    bots.listen(sender)

    assert list(Contact.objects.all()) == [ada]
    assert addresses.all_of(ada)["telegram"] == ["42"]
    ada.refresh_from_db()
    assert ada.consents == ["telegram"]
    assert [body["text"] for method, body in far.taken] == ["Hello!"]


def test_a_link_of_another_sender_or_a_made_up_one_names_nobody(far: server.Server) -> None:
    sender = make_sender(far)
    ada = operations.create_contact(by=actors.system(sender.workspace), fields={"email": "ada@example.test"})
    good = invitations.start_link(sender, contact_id=ada.pk).partition("=")[2]
    other = Sender(pk=sender.pk + 1, workspace=sender.workspace, channel="telegram")

    assert invitations.contact_of(sender, good) == ada.pk
    assert invitations.contact_of(other, good) is None
    assert invitations.contact_of(sender, good[:-1] + ("0" if good[-1] != "0" else "1")) is None
    assert invitations.contact_of(sender, "") is None


@pytest.mark.parametrize(("newcomers", "count"), [("add", 1), ("ignore", 0)])
def test_strangers_are_taken_where_the_sender_says_so(far: server.Server, newcomers: str, count: int) -> None:
    sender = make_sender(far, newcomers=newcomers)

    say(far, "/start")
    bots.listen(sender)

    assert Contact.objects.count() == count
    assert [(one.first_name, one.last_name) for one in Contact.objects.all()] == [("Ada", "L")] * count


def test_who_stops_or_blocks_gets_no_more_and_may_come_back(far: server.Server) -> None:
    sender = make_sender(far, newcomers="add")
    say(far, "/start")
    far.happens(my_chat_member={"chat": CHAT, "from": FROM, "new_chat_member": {"status": "kicked"}})
    bots.listen(sender)

    assert Suppression.objects.get().address == "42"
    assert Contact.objects.get().refusals == ["telegram"]

    say(far, "/start")
    bots.listen(sender)

    assert not Suppression.objects.exists()
    assert Contact.objects.get().consents == ["telegram"]


def test_what_people_write_is_kept_as_an_answer(far: server.Server) -> None:
    sender = make_sender(far)
    say(far, "Is it still on?")

    bots.listen(sender)
    applying.apply_due()

    assert [(one.address, one.text) for one in Answer.objects.all()] == [("42", "Is it still on?")]


def test_a_bot_that_cannot_be_read_is_left_alone_for_a_while(far: server.Server) -> None:
    make_sender(far, token="1:another-token")
    now = [0.0]
    listener = bots.Listener(clock=lambda: now[0])

    for now[0] in (0.0, 10.0, 61.0):
        listener.look()

    assert far.asked == 2
