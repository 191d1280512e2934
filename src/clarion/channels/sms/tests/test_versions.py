"""Promises of the two versions of SMPP: what a bind asks for, and what is made of the provider's own version."""

import asyncio
from typing import Any

import pytest

from clarion.channels.sms import CHANNEL
from clarion.channels.sms.config import Config
from clarion.channels.sms.listener import Listener
from clarion.channels.sms.tests.making import make_config, make_message, make_transport
from clarion.channels.sms.tests.server import PASSWORD, SYSTEM_ID, Server
from clarion.channels.testing import HandOvers
from clarion.engine.outcomes import Accepted

pytestmark = pytest.mark.anyio


def settings(port: int, **changes: Any) -> dict[str, Any]:
    login = {"system_id": SYSTEM_ID.decode(), "password": PASSWORD.decode()}
    return CHANNEL.check_config({"host": "127.0.0.1", "port": port, "security": "none", **login, **changes})


@pytest.mark.parametrize(
    ("changes", "asked"), [({}, 0x34), ({"version": "3.4"}, 0x34), ({"version": "5.0"}, 0x50)], ids=str
)
async def test_a_bind_asks_for_the_version_of_the_settings(changes: dict[str, Any], asked: int) -> None:
    async with Server(version=asked).running() as far:
        transport = make_transport(far.port, **changes)
        outcome = await transport.send(make_message(), HandOvers())
        await transport.aclose()

    assert isinstance(outcome, Accepted)
    assert far.versions == [asked]


async def test_the_session_for_receipts_asks_for_the_same() -> None:
    async with Server(version=0x50).running() as far:
        listener = Listener(make_config(port=far.port, version="5.0", receipts="all"), lambda _, __: None)
        listening = asyncio.create_task(listener.run())
        async with asyncio.timeout(100):
            while listener.problem:
                await asyncio.sleep(0.01)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    assert far.versions == [0x50]


@pytest.mark.parametrize(
    ("asked", "told", "words"),
    [
        ("5.0", 0x50, "SMPP 5.0"),
        ("3.4", 0x50, "SMPP 3.4; the provider has 5.0"),
        ("5.0", 0x34, "SMPP 3.4, though 5.0 was asked for: what 5.0 adds may be missing"),
        ("5.0", None, "SMPP 5.0 asked for; the provider does not tell its own"),
    ],
)
async def test_a_check_says_which_version_is_spoken(asked: str, told: int | None, words: str) -> None:
    async with Server(version=told).running() as far:
        result = await CHANNEL.check_credentials(settings(far.port, version=asked))

    assert result.ok
    assert dict(result.lines)["version"] == words


def test_a_sender_from_before_there_was_a_choice_speaks_3_4() -> None:
    stored = settings(2775)
    del stored["version"]

    assert Config.of(stored).version == "3.4"
    assert CHANNEL.check_config(stored)["version"] == "3.4"
