"""What Telegram calls with. The payloads are worded after Telegram's documentation of Update, read in November 2026."""

from typing import Any

import orjson
import pytest

from clarion.channels.base import HookAnswer, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import Joined, ReceiptKind
from clarion.channels.telegram import CHANNEL, webhook
from clarion.channels.telegram.checking import check_credentials
from clarion.channels.telegram.tests import server
from clarion.channels.telegram.tests.making import make_config, make_settings
from clarion.channels.telegram.tests.test_updates import STARTED, member, message
from clarion.channels.testing_receipts import Payload, ReceiptContract

HOOK = "https://clarion.example/hooks/1/"


def call(update: Any, secret: str | None = None) -> HookRequest:
    """Return a call of Telegram's with its secret."""
    body = update if isinstance(update, bytes) else orjson.dumps(update)
    given = webhook.secret_of(server.TOKEN) if secret is None else secret
    return HookRequest(method="POST", body=body, headers={webhook.HEADER: given})


class TestTelegramReceipts(ReceiptContract):
    channel = CHANNEL
    config = make_settings(updates="call")

    def payloads(self) -> list[Payload]:
        return [
            Payload(
                request=call(message("/start 1_2_abc")), events=[{"address": "42", "payload": "1_2_abc"}]
            ),
            Payload(request=call(message("/stop")), events=[{"address": "42", "has_blocked": False}]),
            Payload(request=call(member("kicked")), events=[{"address": "42", "has_blocked": True}]),
            Payload(request=call(message("Yes!")), events=[{"text": "Yes!", "event_id": "update-7"}]),
            Payload(request=call(message("hi", {"id": -100, "type": "group"})), events=[]),
            Payload(
                request=call({"update_id": 9, "poll_answer": {"poll_id": "1"}}),
                events=[{"kind": ReceiptKind.UNKNOWN, "raw": {"update": ["poll_answer"]}}],
            ),
        ]

    def forged(self) -> list[HookRequest]:
        return [
            call(message("/stop"), ""),
            call(message("/stop"), "wrong"),
            call(message("/stop"), webhook.secret_of("1:another")),
            HookRequest(method="POST", body=orjson.dumps(message("/stop"))),
        ]


def test_the_secret_is_one_that_telegram_takes_and_not_the_token() -> None:
    secret = webhook.secret_of(server.TOKEN)

    assert 1 <= len(secret) <= 256
    assert secret.isalnum()
    assert secret not in server.TOKEN
    assert server.TOKEN.partition(":")[2] not in secret


@pytest.mark.parametrize("changes", [{"updates": "ask"}, {"reads_updates": False}])
def test_calls_for_a_bot_that_is_asked_or_not_read_tell_nothing(changes: dict[str, Any]) -> None:
    assert CHANNEL.receipts(call(message("/start")), make_settings(**{"updates": "call"} | changes)) == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"message": {}}'])
def test_what_is_no_update_is_unreadable(body: bytes) -> None:
    with pytest.raises(HookUnreadable):
        CHANNEL.receipts(call(body), make_settings(updates="call"))


@pytest.mark.parametrize(
    ("text", "newcomers", "is_welcome"),
    [
        ("/start", "add", True),
        ("/start", "ignore", False),
        ("/start 1_2", "ignore", True),
        ("/stop", "add", False),
    ],
)
def test_whoever_joins_is_welcomed_in_the_answer(text: str, newcomers: str, is_welcome: bool) -> None:
    settings = make_settings(updates="call", newcomers=newcomers, welcome="Hello!")

    event, *rest = CHANNEL.receipts(call(message(text)), settings)

    if text == "/start":
        assert event == STARTED
    assert isinstance(event, Joined) is text.startswith("/start")
    answers = [orjson.loads(one.body) for one in rest if isinstance(one, HookAnswer)]
    assert answers == [{"method": "sendMessage", "chat_id": 42, "text": "Hello!"}] * is_welcome


def test_a_token_with_an_umlaut_in_the_header_is_refused_and_breaks_nothing() -> None:
    with pytest.raises(HookRefused):
        CHANNEL.receipts(call(message("/stop"), "ümlaut"), make_settings(updates="call"))


@pytest.mark.anyio
async def test_the_address_is_entered_with_its_secret_and_taken_back_only_where_it_is_ours() -> None:
    async with server.Server().running() as far:
        config = make_config(api_url=f"http://127.0.0.1:{far.port}", updates="call")
        await webhook.enter(config, HOOK)
        entered = dict(far.webhook)
        was_others = await webhook.take_back(config, "https://another.example/")
        was_ours = await webhook.take_back(config, HOOK)

    assert entered == {
        "url": HOOK, "secret_token": webhook.secret_of(server.TOKEN), "max_connections": 1,
        "allowed_updates": ["message", "my_chat_member"],
    }  # fmt: skip
    assert (was_others, was_ours, far.webhook) == (False, True, {})


@pytest.mark.anyio
async def test_the_check_says_where_updates_go_and_what_failed() -> None:
    async with server.Server(failure="Connection timed out").running() as far:
        config = make_config(api_url=f"http://127.0.0.1:{far.port}", updates="call")
        before = await check_credentials(config, HOOK)
        await webhook.enter(config, HOOK)
        after = await check_credentials(config, HOOK)
        unreachable = await check_credentials(config, "http://127.0.0.1:8000/hooks/1/")

    assert before.ok
    assert ("Calls", "are asked for within a minute of saving") in before.lines
    assert after.ok
    assert after.lines[-2:] == [("Calls", "come here"), ("Latest failure", "Connection timed out")]
    assert not unreachable.ok
    assert "https://" in unreachable.problem
