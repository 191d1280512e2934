"""What Telegram adds to the contract."""

import asyncio
from typing import Any

import pytest

from clarion.channels.telegram import CHANNEL
from clarion.channels.telegram.pacing import GROUP_MOST, Pacing
from clarion.channels.telegram.tests import server
from clarion.channels.telegram.tests.making import file, make_config, make_message, make_transport
from clarion.channels.testing import HandOvers
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


async def outcomes(*chats: int) -> tuple[list[Outcome], server.Server]:
    async with server.Server().running() as far:
        transport = make_transport(far.port)
        found = [await transport.send(make_message(chat), HandOvers()) for chat in chats]
        await transport.aclose()
        return found, far


async def test_what_telegram_says_holds_the_whole_bot_back_for_as_long() -> None:
    (first, second), far = await outcomes(server.THROTTLED, 42)

    assert isinstance(first, Deferred)
    assert (first.scope, first.reason, first.after) == (Scope.SENDER, Reason.THROTTLED, 7.0)
    assert isinstance(second, Deferred)
    assert second.scope is Scope.SENDER
    assert second.after is not None
    assert 0 < second.after <= 7
    assert far.asked == 1


@pytest.mark.parametrize(
    ("chat", "reason", "scope"),
    [
        (server.BLOCKED, Reason.RECIPIENT_BLOCKED, Scope.RECIPIENT),
        (server.UNKNOWN_CHAT, Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
        (server.BAD_MARKUP, Reason.CONTENT_REFUSED, Scope.MESSAGE),
    ],
)
async def test_a_refusal_names_whose_fault_it_is(chat: int, reason: Reason, scope: Scope) -> None:
    (outcome,), _ = await outcomes(chat)

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.scope) == (reason, scope)


async def test_an_ill_server_is_the_providers_and_a_gateway_leaves_it_unknown() -> None:
    (ill, gateway, nonsense), _ = await outcomes(server.ILL, server.GATEWAY, server.NONSENSE)

    assert isinstance(ill, Deferred)
    assert ill.scope is Scope.PROVIDER
    assert isinstance(gateway, Unknown)
    assert isinstance(nonsense, Unknown)


async def test_a_chat_gets_one_message_a_second_and_others_do_not_wait() -> None:
    (first, again, other), far = await outcomes(42, 42, 43)

    assert isinstance(first, Accepted)
    assert isinstance(again, Deferred)
    assert again.scope is Scope.MESSAGE
    assert isinstance(other, Accepted)
    assert far.asked == 2


async def test_a_group_gets_twenty_in_a_minute() -> None:
    pacing = Pacing()
    for n in range(GROUP_MOST):
        assert pacing.wait("-100", n * 1.5) == 0
        pacing.note("-100", n * 1.5)

    assert pacing.wait("-100", 30.0) == 30.0
    assert pacing.wait("-100", 60.0) == 0


async def test_nobody_there_is_the_providers_and_nothing_was_taken() -> None:
    async with server.Server().running() as far:
        port = far.port
    transport = make_transport(port)

    outcome = await transport.send(make_message(), HandOvers())
    await transport.aclose()

    assert isinstance(outcome, Deferred)
    assert (outcome.reason, outcome.scope) == (Reason.CONNECTION_FAILED, Scope.PROVIDER)


async def test_no_answer_in_time_leaves_it_unknown() -> None:
    async with server.Server().running() as far:
        transport = make_transport(far.port, response_timeout=0.2)
        outcome = await transport.send(make_message(server.HANGS), HandOvers())
        await transport.aclose()

    assert isinstance(outcome, Unknown)
    assert outcome.reason is Reason.TIMED_OUT


async def test_a_check_says_which_bot_it_is() -> None:
    async with server.Server().running() as far:
        config = {"token": server.TOKEN, "api_url": f"http://127.0.0.1:{far.port}"}
        good = await CHANNEL.check_credentials(CHANNEL.check_config(config))
        other = await CHANNEL.check_credentials(CHANNEL.check_config(config | {"username": "@other_bot"}))
        bad = await CHANNEL.check_credentials(CHANNEL.check_config(config | {"token": "1:AAAAAAAAAAAA"}))

    assert good.ok
    assert ("Name", "@my_shop_bot") in good.lines
    assert not other.ok
    assert not bad.ok
    assert "AAAAAAAAAAAA" not in bad.problem


def test_the_token_is_not_in_the_repr() -> None:
    assert server.TOKEN.partition(":")[2] not in repr(make_config())


async def test_a_file_is_uploaded_once_and_named_by_everybody_after() -> None:
    sent = {
        "attachments": [file()],
        "format": "markdown",
        "text": "*{{ name }}*",
        "buttons": "Shop | https://a.example",
    }
    async with server.Server().running() as far:
        transport = make_transport(far.port)
        messages = [make_message(chat, {"name": "Ü"}, **sent) for chat in range(41, 47)]
        found = await asyncio.gather(*(transport.send(one, HandOvers()) for one in messages))
        await transport.aclose()

    assert [type(one) for one in found] == [Accepted] * 6
    methods, bodies = zip(*far.taken, strict=True)
    assert set(methods) == {"sendPhoto"}
    assert bodies[0]["photo"] == ("sale.png", "image/png", b"\x89PNG")
    assert bodies[0]["caption"] == bodies[1]["caption"] == "<b>Ü</b>"
    assert bodies[0]["reply_markup"] == '{"inline_keyboard":[[{"text":"Shop","url":"https://a.example"}]]}'
    assert [body["photo"] for body in bodies[1:]] == ["known-1"] * 5


async def test_a_file_that_telegram_forgot_is_uploaded_again_and_nobody_fails() -> None:
    sent: dict[str, Any] = {"attachments": [file("terms.pdf", "application/pdf", b"%PDF")]}
    async with server.Server().running() as far:
        transport = make_transport(far.port)
        await transport.send(make_message(41, **sent), HandOvers())
        far.files[0] = "gone"
        put_off = await transport.send(make_message(42, **sent), HandOvers())
        again = await transport.send(make_message(43, **sent), HandOvers())
        await transport.aclose()

    assert isinstance(put_off, Deferred)
    assert put_off.scope is Scope.MESSAGE
    assert isinstance(again, Accepted)
    assert [body["document"] for _method, body in far.taken] == [
        ("terms.pdf", "application/pdf", b"%PDF")
    ] * 2


async def test_an_upload_that_failed_does_not_keep_the_others_from_theirs() -> None:
    sent: dict[str, Any] = {"attachments": [file()]}
    async with server.Server().running() as far:
        transport = make_transport(far.port)
        refused = await transport.send(make_message(server.BLOCKED, **sent), HandOvers())
        taken = await transport.send(make_message(42, **sent), HandOvers())
        await transport.aclose()

    assert isinstance(refused, Refused)
    assert isinstance(taken, Accepted)
    assert len(far.files) == 1
