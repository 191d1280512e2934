"""Short messages through node-smpp, an SMPP codec that others wrote."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.sms import CHANNEL, checking
from clarion.channels.sms.listener import Listener
from clarion.channels.sms.tests.making import make_config, make_message, make_transport
from clarion.channels.testing import HandOvers
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown
from tests.servers.smsc import node_smpp

pytestmark = [pytest.mark.server, pytest.mark.anyio]

#: Letters of every kind that both alphabets carry.
GSM = "Grüße @ 5 € [x] {y} ~ ^ \\ | Δ Ω ñ à ¿¡ §"
LONG = (GSM + " ") * 8
CYRILLIC = "Привет, это длинное сообщение! 😀 " * 5


async def test_a_thousand_messages_go_and_each_gets_its_id() -> None:
    with node_smpp() as centre:
        transport = make_transport(centre.port, window=100)
        outcomes = await asyncio.gather(
            *(transport.send(make_message(f"+49151{n:07}0"), HandOvers()) for n in range(1000))
        )
        await transport.aclose()
        taken = centre.taken(1000)

    assert {type(one) for one in outcomes} == {Accepted}
    assert len({getattr(one, "provider_id", "") for one in outcomes}) == 1000
    assert {one["to"] for one in taken} == {f"49151{n:07}0" for n in range(1000)}
    assert {(one["from"], one["text"]) for one in taken} == {("Shop", "Hello")}


@pytest.mark.parametrize("text", [GSM, "Привет 😀"], ids=["GSM", "UCS-2"])
async def test_every_letter_is_read_as_it_was_written(text: str) -> None:
    with node_smpp() as centre:
        transport = make_transport(centre.port)
        await transport.send(make_message(text=text, validity_minutes=90), HandOvers())
        await transport.aclose()
        (one,) = centre.taken(1)

    assert one["text"] == text
    assert one["validity"]


@pytest.mark.parametrize("way", ["udh", "sar", "payload"])
@pytest.mark.parametrize("text", [LONG, CYRILLIC], ids=["GSM", "UCS-2"])
async def test_long_texts_arrive_whole_by_every_way(way: str, text: str) -> None:
    message = make_message(text=text, long_messages=way)
    count = len(message.payload.bodies)
    with node_smpp() as centre:
        transport = make_transport(centre.port)
        outcome = await transport.send(message, HandOvers())
        await transport.aclose()
        taken = centre.taken(count)

    assert isinstance(outcome, Accepted)
    assert "".join(one["text"] for one in taken) == text
    if way == "udh":
        assert [one["udh"] for one in taken] == [f"000307{count:02x}{n:02x}" for n in range(1, count + 1)]
    if way == "sar":
        assert [(one["part"], one["parts"]) for one in taken] == [(n, count) for n in range(1, count + 1)]


async def test_its_refusals_are_understood() -> None:
    outcomes: dict[str, Outcome] = {}
    with node_smpp() as centre:
        transport = make_transport(centre.port)
        for digit in "8970":
            message = make_message(f"+491511234567{digit}")
            outcomes[digit] = await transport.send(message, HandOvers())
        await transport.aclose()

    assert isinstance(outcomes["8"], Deferred)
    assert outcomes["8"].reason is Reason.THROTTLED
    assert isinstance(outcomes["9"], Refused)
    assert outcomes["9"].scope is Scope.RECIPIENT
    assert isinstance(outcomes["7"], Unknown)
    assert isinstance(outcomes["0"], Accepted)


@pytest.mark.parametrize("password", ["s3cret", "wrong"])
async def test_credentials_are_checked_without_sending(password: str) -> None:
    with node_smpp() as centre:
        config = {"host": "127.0.0.1", "port": centre.port, "security": "none", "system_id": "clarion"}
        result = await CHANNEL.check_credentials(CHANNEL.check_config(config | {"password": password}))

    assert result.ok == (password == "s3cret")
    if result.ok:
        assert dict(result.lines)["bind"].startswith("bound as transmitter to node-smpp")


async def test_what_5_0_adds_is_understood() -> None:
    outcomes: list[Outcome] = []
    with node_smpp() as centre:
        transport = make_transport(centre.port, version="5.0")
        for digit in "540":
            outcomes.append(await transport.send(make_message(f"+491511234567{digit}"), HandOvers()))
        config = make_config(port=centre.port, version="5.0")
        checked = await checking.check_credentials(config)
        await transport.aclose()
        asked, taken, again = centre.taken(3)

    denied, congested, held = outcomes
    assert isinstance(denied, Refused)
    assert (denied.code, denied.scope) == ("0x103 RSERTYPDENIED", Scope.SENDER)
    assert isinstance(congested, Accepted)
    assert isinstance(held, Deferred)
    assert (held.reason, held.scope) == (Reason.THROTTLED, Scope.PROVIDER)
    assert taken["to"].endswith("4")
    assert asked == again == {"asked": 0x50}
    assert dict(checked.lines)["version"] == "SMPP 5.0"


async def test_its_receipts_and_answers_are_heard_and_acknowledged() -> None:
    heard: list[ReceiptEvent | Reply] = []

    def hear(events: Sequence[ReceiptEvent | Reply], stored: Callable[[bool], None]) -> None:
        heard.extend(events)
        stored(True)

    with node_smpp() as centre:
        config = make_config(port=centre.port, receipts="all")
        listening = asyncio.create_task(Listener(config, hear).run())
        await asyncio.sleep(0.5)
        transport = make_transport(centre.port, receipts="all")
        for digit in "06":
            await transport.send(make_message(f"+491511234567{digit}", receipts="all"), HandOvers())
        async with asyncio.timeout(5):
            while len(heard) < 6:
                await asyncio.sleep(0.01)
        await transport.aclose()
        told = [line for line in await asyncio.to_thread(centre.taken, 8) if "receipt" in line]
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    receipts = [(one.provider_id, one.code, one.kind) for one in heard if isinstance(one, ReceiptEvent)]
    assert receipts == [
        ("1", "DELIVRD", ReceiptKind.DELIVERED), ("1", "DELIVRD", ReceiptKind.DELIVERED),
        ("2", "UNDELIV", ReceiptKind.BOUNCED_SOFT), ("2", "UNDELIV", ReceiptKind.BOUNCED_SOFT),
    ]  # fmt: skip
    assert [(one.text, one.address) for one in heard if isinstance(one, Reply)] == [
        ("Grüße €", "+4915112345670"), ("Grüße €", "+4915112345676"),
    ]  # fmt: skip
    assert {line["status"] for line in told} == {0}
