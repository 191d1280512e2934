"""Calls over a real Asterisk, through a trunk to a second one that plays the telephone network."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.testing import HandOvers, until
from clarion.channels.voice import CHANNEL
from clarion.channels.voice.ari import config
from clarion.channels.voice.ari.transport import Transport
from clarion.channels.voice.tests.making import make_message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope
from tests.servers import asterisk
from tests.servers.asterisk import Asterisk

pytestmark = [pytest.mark.server, pytest.mark.anyio]

KEYS = "5 | Yes\n9 | Never again | stop"


@pytest.fixture(scope="module")
def exchange() -> Iterator[Asterisk]:
    with asterisk.asterisk() as running:
        yield running


def settings(exchange: Asterisk, **changes: Any) -> dict[str, Any]:
    given = {
        "url": exchange.url, "username": asterisk.USER, "password": asterisk.PASSWORD,
        "endpoint": "PJSIP/{number}@trunk", "caller_id": "+493012345", "connections": 10, "ring_seconds": 5,
        "connect_context": "agents",
    }  # fmt: skip
    return CHANNEL.check_config(given | changes)


class Heard:
    """What a transport brought."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, events: Any, stored: Any) -> None:
        self.events += events
        stored(True)


@asynccontextmanager
async def transport(exchange: Asterisk, **changes: Any) -> AsyncIterator[tuple[Transport, Heard]]:
    folder = changes.pop("folder", "")
    made = Transport(config.Config.of(settings(exchange, **changes) | {"folder": folder}))
    heard = Heard()
    made.hear(heard)
    try:
        yield made, heard
    finally:
        await made.aclose()


def number(digit: int, line: int = 0) -> str:
    return f"+49300000{line:02d}{digit}"


async def call(made: Transport, digit: int, line: int = 0, **fields: Any) -> Outcome:
    message = make_message(number(digit, line), delivery=(line + 1) * 160 + digit * 16, **fields)
    return await asyncio.wait_for(made.send(message, HandOvers()), 60)


async def test_every_way_a_call_can_end_has_its_disposition(exchange: Asterisk) -> None:
    async with transport(exchange) as (made, heard):
        digits = (
            asterisk.HUMAN, asterisk.BUSY, asterisk.NO_ANSWER, asterisk.REJECTED, asterisk.UNALLOCATED,
            asterisk.CONGESTED, asterisk.HANGS_UP,
        )  # fmt: skip
        human, busy, silent, rejected, invalid, congested, abandoned = await asyncio.gather(
            *(call(made, digit, retries=2, retry_busy=90) for digit in digits)
        )

    assert isinstance(human, Accepted)
    assert human.code == "answered"
    assert busy == Deferred(
        reason=Reason.LINE_BUSY, after=90.0, exact=True, code="busy", detail="SIP 486 cause 17"
    )
    assert isinstance(silent, Deferred)
    assert (silent.reason, silent.after) == (Reason.NO_ANSWER, 60.0)
    assert isinstance(rejected, Refused)
    assert (rejected.reason, rejected.scope) == (Reason.CALL_REJECTED, Scope.RECIPIENT)
    assert isinstance(invalid, Refused)
    assert (invalid.reason, invalid.scope) == (Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT)
    assert isinstance(congested, Deferred)
    assert congested.reason is Reason.CALL_CONGESTED
    assert isinstance(abandoned, Refused)
    assert abandoned.reason is Reason.CALL_ABANDONED
    (receipt,) = heard.events
    assert isinstance(receipt, ReceiptEvent)
    assert (receipt.kind, receipt.code, receipt.run_id) == (ReceiptKind.DELIVERED, "answered", 3)


async def test_a_machine_is_told_from_a_person_and_hung_up_on_or_left_the_message(exchange: Asterisk) -> None:
    async with transport(exchange) as (made, _):
        person, hung_up, left = await asyncio.gather(
            call(made, asterisk.HUMAN, 1, amd="hang_up"),
            call(made, asterisk.MACHINE, 2, amd="hang_up"),
            call(made, asterisk.MACHINE, 3, amd="leave"),
        )

    assert isinstance(person, Accepted)
    assert isinstance(hung_up, Refused)
    assert hung_up.reason is Reason.MACHINE_ANSWERED
    assert isinstance(left, Accepted)
    assert (person.code, left.code) == ("answered", "voicemail")
    # Ours begins after their beep.
    assert _seconds(exchange.log, "Playing 'hello-world", last=True) > _seconds(
        exchange.network_log, "Playing 'beep"
    )


def _seconds(log: Path, words: str, *, last: bool = False) -> str:
    lines = [line for line in log.read_text().splitlines() if words in line]
    return lines[-1 if last else 0].partition("]")[0]


async def test_a_key_is_an_answer(exchange: Asterisk) -> None:
    async with transport(exchange) as (made, heard):
        outcome = await call(made, asterisk.KEYS, keys=KEYS, key_seconds=5)

    assert isinstance(outcome, Accepted)
    (reply,) = [one for one in heard.events if isinstance(one, Reply)]
    assert (reply.text, reply.address, reply.delivery_id) == ("5 (Yes)", number(asterisk.KEYS), 160 + 128)


async def test_who_answers_is_put_through(exchange: Asterisk) -> None:
    async with transport(exchange) as (made, heard):
        outcome = await call(made, asterisk.HUMAN, 4, connect="all", connect_to="sales")
        nobody = await call(made, asterisk.HUMAN, 5, connect="all", connect_to="missing")

    assert isinstance(outcome, Accepted)
    assert outcome.code == "connected"
    assert "An agent takes the call" in exchange.log.read_text()
    assert isinstance(nobody, Accepted)
    assert nobody.code == "answered"
    assert "not put through" in heard.events[-1].detail


async def test_a_text_is_spoken_once_and_fetched_from_us(exchange: Asterisk, tmp_path: Path) -> None:
    asked: list[str] = []

    async def give(request: web.Request) -> web.StreamResponse:
        asked.append(request.match_info["name"])
        return web.FileResponse(tmp_path / request.match_info["name"])

    app = web.Application()
    app.router.add_get("/s/{name}", give)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with transport(exchange, folder=str(tmp_path), record=True) as (made, _):
            outcomes = []
            for line in (6, 7):
                message = make_message(
                    number(asterisk.HUMAN, line), delivery=line * 16, media_url="", text="Good day."
                )
                url = f"http://127.0.0.1:{runner.addresses[0][1]}/s/{message.payload.speech}.wav"
                object.__setattr__(message.payload, "speech_url", url)
                outcomes.append(await asyncio.wait_for(made.send(message, HandOvers()), 60))
    finally:
        await runner.cleanup()

    assert [type(one) for one in outcomes] == [Accepted, Accepted]
    (recording,) = tmp_path.glob("*.wav")
    octets = recording.read_bytes()
    assert struct.unpack_from("<HHI", octets, 20) == (1, 1, 8000)
    assert set(asked) == {recording.name}
    # Asterisk writes it down once the call is over.
    await until(lambda: any((asterisk.ROOT / exchange.home / "spool/recording").glob("*.wav")))


async def test_what_is_missing_at_the_exchange_stops_the_sender_and_not_only_one_call(
    exchange: Asterisk,
) -> None:
    async with transport(exchange, amd_context="nowhere") as (made, _):
        context = await call(made, asterisk.HUMAN, 8, amd="hang_up")
        sound = await call(made, asterisk.HUMAN, 9, media_url="sound:there-is-no-such-sound")
    async with transport(exchange, endpoint="PJSIP/{number}@nowhere") as (made, _):
        trunk = await call(made, asterisk.HUMAN, 10)
    async with transport(exchange, password="wrong") as (made, _):
        login = await call(made, asterisk.HUMAN, 11)

    for outcome in (context, sound):
        assert isinstance(outcome, Refused)
        assert (outcome.reason, outcome.scope) == (Reason.SENDER_UNUSABLE, Scope.SENDER)
    assert isinstance(trunk, Deferred)
    assert trunk.scope is Scope.PROVIDER
    assert isinstance(login, Refused)
    assert login.reason is Reason.CREDENTIALS_REFUSED


async def test_stopping_ends_calls_and_knows_what_became_of_them(exchange: Asterisk) -> None:
    async with transport(exchange) as (made, _):
        ringing = asyncio.create_task(
            made.send(make_message(number(asterisk.NO_ANSWER), retries=1), HandOvers())
        )
        talking = asyncio.create_task(
            made.send(
                make_message(number(asterisk.HUMAN), delivery=64, media_url="sound:demo-congrats"),
                HandOvers(),
            )
        )
        await asyncio.sleep(2.5)
        began = time.monotonic()
        ringing.cancel()
        talking.cancel()
        first, second = await asyncio.gather(ringing, talking)

    assert isinstance(first, Deferred)
    assert isinstance(second, Accepted)
    assert time.monotonic() - began < 4


async def test_a_check_rings_nobody_and_says_what_is_there(exchange: Asterisk) -> None:
    good = await CHANNEL.check_credentials(settings(exchange))
    trunk = await CHANNEL.check_credentials(settings(exchange, endpoint="PJSIP/{number}@nowhere"))
    login = await CHANNEL.check_credentials(settings(exchange, password="wrong"))

    assert good.ok
    assert dict(good.lines)["Machine detection"] == "loaded"
    assert "nowhere" in trunk.problem
    assert not login.ok


async def test_a_call_in_the_air_survives_a_broken_event_socket(exchange: Asterisk) -> None:
    async with transport(exchange) as (made, _):
        # A long announcement: the call is still in the air when the socket is open again, however busy the machine.
        message = make_message(number(asterisk.HUMAN, 12), media_url="sound:tt-monkeys")
        sending = asyncio.create_task(made.send(message, HandOvers()))
        while not (made._client._socket and made._client._calls):
            await asyncio.sleep(0.01)
        await made._client._socket.close()
        outcome = await asyncio.wait_for(sending, 60)

    assert isinstance(outcome, Accepted)
