"""From an SMS centre's receipt to the message: heard by one process, stored before it is acknowledged, applied."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from clarion.channels.sms import pdu
from clarion.channels.sms.pdu import Command, ShortMessage
from clarion.channels.sms.tests.server import PASSWORD, SYSTEM_ID, Server
from clarion.deliveries.inbox import applying
from clarion.deliveries.inbox.putting import Writer
from clarion.deliveries.models import Answer, Delivery, InboxEvent, ProviderMessage
from clarion.deliveries.states import Result, Stage
from clarion.deliveries.store import open_pool
from clarion.runtime import listeners
from clarion.runtime.listeners import Listeners
from clarion.senders import operations
from clarion.senders.exchanges import Log, exchanges_of
from clarion.senders.models import Sender
from clarion.workspaces import actors
from tests.factories import make_workspace
from tests.runs import MadeRun, add_run
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.django_db(transaction=True)

#: ESME_RBINDFAIL (SMPP 3.4, 5.1.3).
BIND_FAILED = 0x0D


def given_a_sent_message(port: int) -> MadeRun:
    workspace = make_workspace()
    config = {
        "host": "127.0.0.1", "port": port, "security": "none", "system_id": SYSTEM_ID.decode(),
        "password": PASSWORD.decode(), "source": "Shop", "receipts": "all",
    }  # fmt: skip
    sender = operations.create_sender(by=actors.system(workspace), channel="sms", name="Texts", config=config)
    made = add_run(workspace, sender, count=1)
    Delivery.objects.filter(run_id=made.run.pk).update(stage=Stage.SENT, attempts=1)
    ProviderMessage.objects.create(
        sender_id=sender.pk, provider_id="id-1", run_id=made.run.pk, delivery_id=16
    )
    return made


def brought(text: bytes, esm_class: int = 4) -> bytes:
    return pdu.short_message_body(
        ShortMessage(source=b"4915112345670", source_ton=1, dest=b"Shop", esm_class=esm_class, text=text)
    )


def apart(do: Callable[..., Any], *arguments: object, **more: object) -> Any:
    """Do it in a thread of the loop's, and leave no connection there."""
    try:
        return do(*arguments, **more)
    finally:
        connection.close()


def test_what_the_centre_brings_is_stored_before_it_is_acknowledged_by_one_of_two_processes(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "LOOK_SECONDS", 0.1)
    made: list[MadeRun] = []

    async def story() -> None:
        async with Server().running() as far, open_pool(dsn) as pool:
            made.append(await asyncio.to_thread(apart, given_a_sent_message, far.port))
            writer = Writer(pool)
            tasks = [
                asyncio.create_task(one)
                for one in (writer.run(), *(Listeners(dsn, writer, Log()).run() for _ in range(2)))
            ]
            await until(lambda: far.binds)
            await asyncio.sleep(0.4)
            assert far.binds == [Command.BIND_RECEIVER]
            far.ask(Command.DELIVER_SM, brought(b"id:id-1 stat:DELIVRD err:000"))
            far.ask(Command.DELIVER_SM, brought(b"STOP", esm_class=0))
            await until(lambda: len(far.answers) == 2)
            assert [one.status for one in far.answers] == [0, 0]
            async with pool.connection() as link:
                count = await (await link.execute("select count(*) from deliveries_inbox")).fetchone()
            assert count == (2,)
            # A sender that is gone is heard no more.
            await asyncio.to_thread(
                apart, Sender.objects.filter(pk=made[0].sender.pk).update, status="BLOCKED", status_reason="x"
            )
            await until(lambda: far.unbinds)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(story())
    assert InboxEvent.objects.count() == 2
    applying.apply_due()

    assert Delivery.objects.get(run_id=made[0].run.pk, id=16).result == Result.DELIVERED
    assert Answer.objects.get().meaning == "STOP"


def test_what_keeps_it_from_listening_stands_in_the_provider_log_once(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "LOOK_SECONDS", 0.05)
    told: list[tuple[bool, str]] = []

    async def story() -> None:
        async with Server(bind_status=BIND_FAILED).running() as far, open_pool(dsn) as pool:
            made = await asyncio.to_thread(apart, given_a_sent_message, far.port)
            kept = Log()
            listening = asyncio.create_task(Listeners(dsn, Writer(pool), kept).run())
            while not await asyncio.to_thread(kept.write):
                await asyncio.sleep(0.05)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await asyncio.to_thread(kept.write)
            told.extend(await asyncio.to_thread(apart, noted_of, made))

    asyncio.run(asyncio.wait_for(story(), PATIENCE_SECONDS))

    assert [failed for failed, _ in told] == [True]
    assert "0x0D" in told[0][1]
    assert PASSWORD.decode() not in told[0][1]


def noted_of(made: MadeRun) -> list[tuple[bool, str]]:
    """Return what the provider log has of the run's sender, newest first."""
    return [(one.failed, one.answer) for one in exchanges_of(made.sender)]
