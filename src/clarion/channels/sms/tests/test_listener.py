"""What a provider brings is answered when it is kept, not before, on every session that may bring it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from clarion.channels.events import ReceiptEvent, Reply
from clarion.channels.sms import CHANNEL, pdu
from clarion.channels.sms.listener import Listener
from clarion.channels.sms.pdu import Command, ShortMessage
from clarion.channels.sms.tests.making import make_config, make_message, make_transport
from clarion.channels.sms.tests.server import Server
from clarion.channels.testing import HandOvers, until

pytestmark = pytest.mark.anyio

RECEIPT = pdu.short_message_body(
    ShortMessage(source=b"4915112345670", source_ton=1, esm_class=4, text=b"id:id-1 stat:DELIVRD err:000")
)


class Box:
    """Takes what is heard; tells that it is kept when the test says so."""

    def __init__(self) -> None:
        self.events: list[ReceiptEvent | Reply] = []
        self.stored: list[Callable[[bool], None]] = []

    def __call__(self, events: Sequence[ReceiptEvent | Reply], stored: Callable[[bool], None]) -> None:
        self.events.extend(events)
        self.stored.append(stored)


@asynccontextmanager
async def listening(port: int, box: Box, **changes: object) -> AsyncIterator[Listener]:
    listener = Listener(make_config(port=port, receipts="all", **changes), box)
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_receipt_is_answered_only_when_it_is_kept() -> None:
    box = Box()
    async with Server().running() as far, listening(far.port, box) as listener:
        await until(lambda: far.binds)
        far.ask(Command.DELIVER_SM, RECEIPT)
        far.ask(Command.DELIVER_SM, RECEIPT)
        await until(lambda: len(box.stored) == 2)
        await asyncio.sleep(0.05)
        assert not far.answers

        box.stored[1](True)
        box.stored[0](False)
        await until(lambda: len(far.answers) == 2)

        assert [(one.sequence, one.status) for one in far.answers] == [(2, 0), (1, 0x64)]
        assert far.binds == [Command.BIND_RECEIVER]
        assert [getattr(one, "provider_id", "") for one in box.events] == ["id-1", "id-1"]
        assert listener.problem == ""


async def test_it_comes_back_when_the_provider_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clarion.channels.sms.listener.FIRST_GAP", 0.01)
    box = Box()
    async with Server().running() as far, listening(far.port, box, bind="transceiver"):
        await until(lambda: far.binds)
        far.ask(Command.UNBIND)
        await until(lambda: len(far.binds) == 2)

        assert far.binds == [Command.BIND_TRANSCEIVER] * 2


async def test_what_keeps_it_from_listening_is_told() -> None:
    async with Server(password=b"other").running() as far, listening(far.port, Box()) as listener:
        await until(lambda: "RINVPASWD" in listener.problem)

        assert "s3cret" not in listener.problem


async def test_a_sending_session_hears_too_and_asks_for_receipts() -> None:
    box = Box()
    async with Server().running() as far:
        transport = make_transport(far.port, bind="transceiver", receipts="all")
        transport.hear(box)
        await transport.send(make_message(receipts="all"), HandOvers())
        far.ask(Command.DELIVER_SM, RECEIPT)
        await until(lambda: box.stored)
        box.stored[0](True)
        await until(lambda: far.answers)
        await transport.aclose()

        assert [one.registered_delivery for one in far.received] == [1]
        assert far.answers[0].status == 0


async def test_of_a_long_message_one_receipt_is_asked_for() -> None:
    async with Server().running() as far:
        transport = make_transport(far.port)
        await transport.send(make_message(text="0123456789" * 40, receipts="failures"), HandOvers())
        await transport.aclose()

        assert [one.registered_delivery for one in far.received] == [2, 0, 0]


async def test_a_sender_without_receipts_has_no_listener() -> None:
    config = {"host": "smpp.example.test", "system_id": "a"}

    assert CHANNEL.listener(CHANNEL.check_config(config), Box()) is None
    assert CHANNEL.listener(CHANNEL.check_config(config | {"receipts": "all"}), Box()) is not None
