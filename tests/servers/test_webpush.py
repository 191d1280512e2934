"""Notifications through web-push-testing, which reads them as browsers do and which others wrote."""

import json
from typing import Any

import aiohttp
import pytest

from clarion.channels.testing import HandOvers
from clarion.channels.webpush import CHANNEL, vapid
from clarion.channels.webpush.tests.making import KEY, PUBLIC, make_message, make_transport
from clarion.engine.outcomes import Accepted, Outcome, Reason, Refused, Scope
from tests.servers.peer import node

pytestmark = [pytest.mark.server, pytest.mark.anyio]


async def ask(port: int, path: str, **said: str) -> Any:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/{path}", json=said) as answer,
    ):
        text = await answer.text()
        return json.loads(text) if text.startswith("{") else text


async def subscribed(port: int, key: str = PUBLIC) -> dict[str, Any]:
    said = await ask(port, "subscribe", userVisibleOnly="true", applicationServerKey=key)
    found: dict[str, Any] = said["data"]
    return found


async def sent(subscription: dict[str, Any], **fields: Any) -> Outcome:
    address = CHANNEL.normalise_address(json.dumps(subscription))
    transport = make_transport(private_key=KEY)
    try:
        return await transport.send(make_message(address, **fields), HandOvers())
    finally:
        await transport.aclose()


async def test_a_browser_reads_every_letter() -> None:
    with node("pushes.cjs", "web-push-testing") as peer:
        browser = await subscribed(peer["port"])
        outcome = await sent(browser, subject="Grüße 😀", text="x" * 3000, link="https://shop.example/")
        got = await ask(peer["port"], "get-notifications", clientHash=browser["clientHash"])

    assert isinstance(outcome, Accepted)
    (note,) = map(json.loads, got["data"]["messages"])
    assert (note["title"], note["body"], note["link"]) == ("Grüße 😀", "x" * 3000, "https://shop.example/")


async def test_a_subscription_that_ended_is_told() -> None:
    with node("pushes.cjs", "web-push-testing") as peer:
        browser = await subscribed(peer["port"])
        await ask(peer["port"], f"expire-subscription/{browser['clientHash']}")
        outcome = await sent(browser)

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.scope) == (Reason.ADDRESS_EXPIRED, Scope.RECIPIENT)


async def test_a_browser_that_subscribed_with_another_key_does_not_get_it() -> None:
    with node("pushes.cjs", "web-push-testing") as peer:
        browser = await subscribed(peer["port"], key=vapid.public_of(vapid.new_key()))
        outcome = await sent(browser)
        got = await ask(peer["port"], "get-notifications", clientHash=browser["clientHash"])

    assert isinstance(outcome, Refused)
    assert got["data"]["messages"] == []
