"""Messages through telegram-test-api, a Bot API that others wrote: texts and buttons, no photos, no refusals."""

import asyncio
from typing import Any

import aiohttp
import pytest

from clarion.channels.telegram import CHANNEL
from clarion.channels.telegram.tests.making import make_message, make_transport
from clarion.channels.telegram.tests.server import TOKEN
from clarion.channels.testing import HandOvers
from clarion.engine.outcomes import Accepted
from tests.ports import free_port
from tests.servers.peer import node

pytestmark = [pytest.mark.server, pytest.mark.anyio]
PACKAGE = "@vishtar/telegram-test-api"


async def received(port: int) -> list[dict[str, Any]]:
    """Return what the bot has written to people, as their side sees it."""
    url = f"http://127.0.0.1:{port}/getUpdatesHistory"
    async with aiohttp.ClientSession() as session, session.post(url, json={"token": TOKEN}) as answer:
        return [one["message"] for one in (await answer.json())["result"]]


async def test_messages_arrive_with_their_marks_and_buttons() -> None:
    with node("bots.cjs", PACKAGE, str(free_port())) as peer:
        transport = make_transport(peer["port"])
        outcomes = await asyncio.gather(
            *(
                transport.send(
                    make_message(
                        chat, {"name": f"<{chat}>"}, text="*Hi* {{ name }}", format="markdown",
                        buttons="Shop | https://shop.example/{{ name|length }}",
                    ),
                    HandOvers(),
                )
                for chat in range(1, 51)
            )
        )  # fmt: skip
        await transport.aclose()
        found = await received(peer["port"])

    assert {type(one) for one in outcomes} == {Accepted}
    assert {int(one["chat_id"]) for one in found} == set(range(1, 51))
    first = next(one for one in found if int(one["chat_id"]) == 7)
    assert (first["text"], first["parse_mode"]) == ("<b>Hi</b> &lt;7&gt;", "HTML")
    assert first["reply_markup"]["inline_keyboard"] == [[{"text": "Shop", "url": "https://shop.example/3"}]]


async def test_a_check_finds_the_bot() -> None:
    with node("bots.cjs", PACKAGE, str(free_port())) as peer:
        config = {"token": TOKEN, "api_url": f"http://127.0.0.1:{peer['port']}"}
        found = await CHANNEL.check_credentials(CHANNEL.check_config(config))

    assert found.ok
    assert ("Name", "@TestNameBot") in found.lines
