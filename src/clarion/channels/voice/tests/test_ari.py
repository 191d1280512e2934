"""What calls over an Asterisk add to the contract."""

import asyncio
import socket
from typing import Any

import pytest

from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers
from clarion.channels.voice import CHANNEL
from clarion.channels.voice.ari import conversation
from clarion.channels.voice.dispositions import REACHED, Disposition
from clarion.channels.voice.tests import exchange
from clarion.channels.voice.tests.exchange import Exchange
from clarion.channels.voice.tests.making import make_config, make_message, make_transport
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

pytestmark = pytest.mark.anyio


class Heard:
    """What a transport brought; the first `refused` times it is not taken."""

    def __init__(self, refused: int = 0) -> None:
        self.events: list[Any] = []
        self.refused = refused

    def __call__(self, events: Any, stored: Any) -> None:
        if self.refused:
            self.refused -= 1
            stored(False)
            return
        self.events += events
        stored(True)


async def called(
    digit: str, far: Exchange | None = None, **fields: Any
) -> tuple[Outcome, list[Any], Exchange]:
    """Call somebody, by a digit or a whole number; return the outcome, what was told, and the exchange."""
    number = f"+493000000{digit}" if len(digit) == 1 else digit
    config = fields.pop("config", {})
    far, heard = far or Exchange(), Heard()
    async with far.running():
        transport = make_transport(far.url, **config)
        transport.hear(heard)
        outcome = await asyncio.wait_for(
            transport.send(make_message(number, **fields), HandOvers()), PATIENCE_SECONDS
        )
        await transport.aclose()
    return outcome, heard.events, far


@pytest.mark.parametrize(
    ("digit", "reason", "scope"),
    [
        (exchange.BUSY, Reason.LINE_BUSY, Scope.MESSAGE),
        (exchange.NO_ANSWER, Reason.NO_ANSWER, Scope.MESSAGE),
        (exchange.REJECTED, Reason.CALL_REJECTED, Scope.RECIPIENT),
        (exchange.UNALLOCATED, Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT),
        (exchange.CONGESTED, Reason.CALL_CONGESTED, Scope.MESSAGE),
        (exchange.HANGS_UP, Reason.CALL_ABANDONED, Scope.MESSAGE),
    ],
)
async def test_a_call_that_reaches_nobody_says_why_and_brings_no_receipt(
    digit: str, reason: Reason, scope: Scope
) -> None:
    outcome, told, _ = await called(digit)

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.scope) == (reason, scope)
    assert not told


async def test_each_disposition_is_tried_again_after_its_own_wait_and_no_more_often_than_said() -> None:
    waits: dict[str, Any] = {"retries": 2, "retry_busy": 120, "retry_no_answer": 3600, "retry_congestion": 30}
    outcomes = [
        (await called(digit, attempt=attempt, **waits))[0]
        for digit, attempt in (
            (exchange.BUSY, 1),
            (exchange.NO_ANSWER, 2),
            (exchange.CONGESTED, 1),
            (exchange.BUSY, 3),
        )
    ]

    assert [getattr(one, "after", None) for one in outcomes] == [120.0, 3600.0, 30.0, None]
    assert all(one.exact for one in outcomes if isinstance(one, Deferred))
    assert isinstance(outcomes[3], Refused)


@pytest.mark.parametrize("who", ["all", "key"])
async def test_who_answers_or_presses_the_key_for_it_is_put_through(
    who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "NOBODY_SECONDS", 0.0)
    keys: dict[str, Any] = {"keys": "5 | Speak to us | connect"} if who == "key" else {}
    outcome, told, far = await called(exchange.PRESSES, connect=who, connect_to="sales", **keys)

    assert isinstance(outcome, Accepted)
    assert outcome.code == "connected"
    assert far.put_through == ["sales@default"]
    assert "connected" in [one.code for one in told if isinstance(one, ReceiptEvent)]


async def test_who_is_put_through_to_nobody_was_told_the_message_and_no_more() -> None:
    outcome, told, _ = await called(exchange.HUMAN, connect="all", connect_to="missing")

    assert isinstance(outcome, Accepted)
    assert outcome.code == "answered"
    assert "not put through" in told[-1].detail


@pytest.mark.parametrize(("retries", "kind"), [(1, Deferred), (0, Refused)])
async def test_a_call_that_cannot_be_put_through_failed(retries: int, kind: type[Outcome]) -> None:
    outcome, _, _ = await called(exchange.FAILS, retries=retries, retry_failed=45)

    assert isinstance(outcome, kind)
    assert (outcome.reason, outcome.code) == (Reason.CALL_FAILED, "failed")  # type: ignore[union-attr]
    assert getattr(outcome, "after", None) == (45.0 if retries else None)


async def test_sending_again_by_hand_gives_a_call_all_its_retries_anew() -> None:
    outcome, _, _ = await called(exchange.BUSY, attempt=4, retries=2)

    assert isinstance(outcome, Deferred)


async def test_who_answers_hears_the_message_and_the_receipt_says_how_it_went() -> None:
    outcome, told, far = await called(exchange.HUMAN)

    (receipt,) = told
    assert isinstance(outcome, Accepted)
    assert (outcome.code, outcome.provider_id) == ("answered", far.calls[0].id)
    assert isinstance(receipt, ReceiptEvent)
    assert (receipt.kind, receipt.code, receipt.delivery_id) == (ReceiptKind.DELIVERED, "answered", 48)
    assert far.played == ["sound:hello-world"]
    assert far.calls[0].query["callerId"] == "+493012345"
    assert far.calls[0].variables["TIMEOUT(absolute)"] == "50"
    assert not far.living


async def test_a_call_is_recorded_also_by_an_exchange_that_takes_its_time() -> None:
    far = exchange.Exchange(ear_is_late=2)
    _, told, _ = await called(
        exchange.HUMAN, far, config={"record": True, "recording_url": "https://calls.example/{name}.wav"}
    )

    (receipt,) = told
    assert far.recorded == [far.calls[0].id]
    assert f"https://calls.example/{far.calls[0].id}.wav" in str(receipt)


@pytest.mark.parametrize(
    ("digit", "amd", "code"),
    [
        (exchange.HUMAN, "hang_up", "answered"),
        (exchange.MACHINE, "hang_up", "machine"),
        (exchange.MACHINE, "leave", "voicemail"),
        (exchange.MACHINE, "off", "answered"),
    ],
)
async def test_machines_are_treated_as_the_campaign_says(digit: str, amd: str, code: str) -> None:
    outcome, _, far = await called(digit, amd=amd)

    assert not isinstance(outcome, Unknown)
    assert outcome.code == code
    assert bool(far.played) == (code != "machine")


async def test_a_key_is_an_answer_and_one_that_says_stop_is_an_opt_out() -> None:
    _, answered, _ = await called(exchange.PRESSES, keys="5 | Yes")
    _, stopped, _ = await called(exchange.PRESSES, keys="5 | No more | stop")

    (reply,) = [one for one in answered if isinstance(one, Reply)]
    assert (reply.text, reply.run_id, reply.delivery_id) == ("5 (Yes)", 3, 48)
    assert ReceiptKind.UNSUBSCRIBED in [one.kind for one in stopped if isinstance(one, ReceiptEvent)]


async def test_a_key_repeats_the_message_but_not_for_ever() -> None:
    outcome, _, far = await called(exchange.PRESSES, keys="5 | Again | repeat", key_seconds=1)

    assert isinstance(outcome, Accepted)
    assert len(far.played) == 5


async def test_what_a_call_brought_is_offered_until_it_is_kept() -> None:
    far, heard = Exchange(), Heard(refused=1)
    async with far.running():
        transport = make_transport(far.url)
        transport.hear(heard)
        await transport.send(make_message(f"+493000000{exchange.HUMAN}"), HandOvers())
        await transport.aclose()

    assert len(heard.events) == 1


async def test_cancelling_a_call_in_the_air_ends_it_and_knows_what_became_of_it() -> None:
    far = Exchange(plays_on=True)
    async with far.running():
        transport = make_transport(far.url)
        sending = asyncio.create_task(
            transport.send(make_message(f"+493000000{exchange.HUMAN}"), HandOvers())
        )
        await far.is_playing.wait()
        sending.cancel()
        outcome = await sending
        await transport.aclose()

    # It had only begun.
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.CALL_ABANDONED
    assert not far.living


async def test_a_broken_event_socket_is_opened_again_and_what_was_missed_is_asked_for() -> None:
    far = Exchange(plays_on=True)
    async with far.running():
        transport = make_transport(far.url)
        sending = asyncio.create_task(
            transport.send(make_message(f"+493000000{exchange.HUMAN}"), HandOvers())
        )
        await far.is_playing.wait()
        # Nothing of the recording's end is heard: the exchange says afterwards that nothing is playing any more.
        (events,) = far.sockets.values()
        await events.close()
        outcome = await asyncio.wait_for(sending, PATIENCE_SECONDS)
        await transport.aclose()

    assert isinstance(outcome, Accepted)
    assert outcome.code == "answered"


async def test_a_call_that_ended_unheard_while_it_rang_is_unknown() -> None:
    far = Exchange()
    async with far.running():
        transport = make_transport(far.url)
        await transport._client.ready()
        (events,) = far.sockets.values()
        real = far._say

        async def deaf(channel: Any, kind: str, **facts: Any) -> None:
            if kind == "ChannelDestroyed":
                await events.close()
            else:
                await real(channel, kind, **facts)

        far._say = deaf  # type: ignore[method-assign]
        outcome = await asyncio.wait_for(
            transport.send(make_message(f"+493000000{exchange.BUSY}"), HandOvers()), PATIENCE_SECONDS
        )
        await transport.aclose()

    assert isinstance(outcome, Unknown)
    assert outcome.reason is Reason.CONNECTION_LOST


async def test_a_call_whose_request_was_not_answered_is_led_all_the_same() -> None:
    far = Exchange()
    async with far.running():
        transport = make_transport(far.url)
        outcome = await asyncio.wait_for(
            transport.send(make_message(exchange.UNTOLD), HandOvers()), PATIENCE_SECONDS
        )
        await transport.aclose()

    assert isinstance(outcome, Accepted)
    assert len(far.calls) == 1


async def test_a_trunk_that_is_not_there_is_the_providers_and_rings_nobody() -> None:
    outcome, _, far = await called(exchange.HUMAN, config={"endpoint": "PJSIP/{number}@nowhere"})

    assert isinstance(outcome, Deferred)
    assert outcome.scope is Scope.PROVIDER
    assert not far.calls


async def test_a_host_that_takes_the_connection_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        transport = make_transport(f"http://127.0.0.1:{port}", connect_timeout=0.2)
        outcome = await asyncio.wait_for(transport.send(make_message(), HandOvers()), PATIENCE_SECONDS)
        await transport.aclose()

    assert isinstance(outcome, Deferred)
    assert outcome.scope is Scope.PROVIDER


async def test_a_check_rings_nobody() -> None:
    far = Exchange()
    async with far.running():
        good = await CHANNEL.check_credentials(make_config(far.url))
        trunk = await CHANNEL.check_credentials(make_config(far.url, endpoint="PJSIP/{number}@nowhere"))
        login = await CHANNEL.check_credentials(make_config(far.url, password="wrong"))

    assert good.ok
    assert ("Asterisk", "22.10.1") in good.lines
    assert not trunk.ok
    assert not login.ok
    assert not far.calls


#: How to come by each disposition: whom to call, and with what.
WAYS: dict[Disposition, tuple[str, dict[str, Any]]] = {
    Disposition.ANSWERED: (exchange.HUMAN, {}),
    Disposition.CONNECTED: (exchange.HUMAN, {"connect": "all", "connect_to": "sales"}),
    Disposition.VOICEMAIL: (exchange.MACHINE, {"amd": "leave"}),
    Disposition.MACHINE: (exchange.MACHINE, {"amd": "hang_up"}),
    Disposition.BUSY: (exchange.BUSY, {}),
    Disposition.NO_ANSWER: (exchange.NO_ANSWER, {}),
    Disposition.REJECTED: (exchange.REJECTED, {}),
    Disposition.INVALID: (exchange.UNALLOCATED, {}),
    Disposition.CONGESTION: (exchange.CONGESTED, {}),
    Disposition.FAILED: (exchange.FAILS, {}),
    Disposition.ABANDONED: (exchange.HANGS_UP, {}),
}


@pytest.mark.parametrize("disposition", Disposition)
async def test_every_disposition_of_the_list_is_come_by_and_kept_as_the_code(
    disposition: Disposition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "NOBODY_SECONDS", 0.0)
    who, fields = WAYS[disposition]
    outcome, _, _ = await called(who, **fields)

    assert isinstance(outcome, Accepted | Refused)
    assert outcome.code == disposition.value
    assert isinstance(outcome, Accepted) == (disposition in REACHED)
    assert CHANNEL.sentence_of(outcome.code)


def test_dispositions_of_every_code_have_a_sentence() -> None:
    assert CHANNEL.sentence_of("voicemail").startswith("An answering machine")
    assert CHANNEL.sentence_of("250 2.0.0") == ""
