"""What updates tell. The payloads are worded after Telegram's documentation of Update, read in November 2026."""

from dataclasses import replace
from typing import Any

import pytest

from clarion.channels.events import Joined, Left, Reply
from clarion.channels.telegram.tests import server
from clarion.channels.telegram.tests.making import make_config
from clarion.channels.telegram.updates import Event, NotRead, Reader, event_of

PRIVATE = {"id": 42, "type": "private", "first_name": "Ada"}
FROM = {"id": 42, "is_bot": False, "first_name": "Ada", "last_name": "L", "language_code": "de-AT"}


def message(text: Any, chat: dict[str, Any] = PRIVATE, number: int = 7) -> dict[str, Any]:
    return {
        "update_id": number,
        "message": {"message_id": 1, "date": 1_700_000_000, "chat": chat, "from": FROM, "text": text},
    }


def member(status: str, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    return {
        "update_id": 8,
        "my_chat_member": {"chat": chat, "from": FROM, "date": 1, "new_chat_member": {"status": status}},
    }


STARTED = Joined(address="42", first_name="Ada", last_name="L", language="de")


@pytest.mark.parametrize(
    ("update", "event"),
    [
        (message("/start"), STARTED),
        (message("/START@my_shop_bot"), STARTED),
        (message("/start 1_2_abc"), replace(STARTED, payload="1_2_abc")),
        (message("/stop"), Left(address="42")),
        (member("kicked"), Left(address="42", has_blocked=True)),
        (member("member"), None),
        (message("/start", {"id": -100, "type": "supergroup"}), None),
        (member("kicked", {"id": -100, "type": "group"}), None),
        (message(None), None),
        ({"update_id": 1}, None),
        ({"update_id": 1, "message": {"chat": {"id": "x"}, "text": "/start"}}, None),
        ({"update_id": 1, "message": []}, None),
    ],
)  # fmt: skip
def test_each_kind_is_understood(update: dict[str, Any], event: Event | None) -> None:
    assert event_of(update) == event


def test_what_is_written_is_an_answer_that_counts_once() -> None:
    found = event_of(message("Stop it, please"))

    assert isinstance(found, Reply)
    assert (found.address, found.text, found.event_id) == ("42", "Stop it, please", "update-7")
    assert found.occurred_at is not None


@pytest.mark.anyio
async def test_what_is_confirmed_does_not_come_again_and_what_is_not_does() -> None:
    far = server.Server(updates=[message("/start"), message("hello", number=9)])
    async with far.running():
        reader = Reader(make_config(api_url=f"http://127.0.0.1:{far.port}"))
        first = await reader.read()
        await reader.aclose()
        reader = Reader(make_config(api_url=f"http://127.0.0.1:{far.port}"))
        again = await reader.read()
        await reader.confirm()
        after = await reader.read()
        await reader.aclose()

    assert len(first) == 2
    assert again == first
    assert after == []


@pytest.mark.anyio
async def test_a_bot_that_cannot_be_read_says_why_without_its_token() -> None:
    async with server.Server(token="1:another").running() as far:
        reader = Reader(make_config(api_url=f"http://127.0.0.1:{far.port}"))
        with pytest.raises(NotRead) as refusal:
            await reader.read()
        await reader.aclose()

    assert "401" in str(refusal.value)
    assert server.TOKEN not in str(refusal.value)
