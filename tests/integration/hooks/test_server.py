"""The callbacks' own process: the same answers as the web server's, stored before they are given."""

import asyncio
import hmac
import io
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import structlog

from clarion.channels import registry
from clarion.channels.base import MAX_HOOK_OCTETS
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries.inbox.putting import Writer
from clarion.deliveries.inbox.rows import unpacked
from clarion.deliveries.models import InboxEvent
from clarion.deliveries.store import open_pool
from clarion.hooks import receiving, server
from tests.integration.hooks import bell
from tests.runs import make_run

pytestmark = pytest.mark.django_db(transaction=True)

#: What a provider that gathers much may say in one call.
LONG = "x" * (MAX_HOOK_OCTETS // 2)


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.CHANNELS, "bell", "tests.integration.hooks.bell")
    receiving._remembered.clear()
    yield
    receiving._remembered.clear()


def signed(told: Any, secret: str = bell.SECRET) -> dict[str, Any]:
    body = json.dumps(told).encode()
    return {
        "data": io.BytesIO(body),
        "headers": {"X-Bell": hmac.new(secret.encode(), body, "sha256").hexdigest()},
    }


def test_many_calls_at_once_are_stored_and_answered_like_the_web_servers() -> None:
    made = make_run(count=1, channel="bell", config={"secret": bell.SECRET})
    path = f"/hooks/{made.sender.public_id}"

    async def story() -> list[int]:
        stop = asyncio.Event()
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(server.run(stop, "127.0.0.1", 0, ready=ready))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{await ready}") as session:
            calls = [
                session.post(f"{path}/status", **signed([{"kind": "delivered", "provider_id": f"m{n}"}]))
                for n in range(50)
            ]
            statuses = [answer.status for answer in await asyncio.gather(*calls)]
            others = [
                await session.get(f"{path}/"),
                await session.post(f"{path}/", **signed([], secret="wrong")),
                await session.post(f"{path}/", **signed(7)),
                await session.post(f"{path}/", data=io.BytesIO(b"x" * (MAX_HOOK_OCTETS + 1))),
                await session.post(f"{path[:-4]}0000/", **signed([])),
                await session.post("/hooks/nobody/", **signed([])),
                await session.post("/elsewhere", **signed([])),
                await session.delete(f"{path}/"),
                await session.post(
                    f"{path}/", **signed([{"kind": "read", "provider_id": "m", "detail": LONG}])
                ),
            ]
            assert await others[0].text() == "challenge"
        stop.set()
        await serving
        assert set(statuses) == {204}
        return [one.status for one in others]

    assert asyncio.run(story()) == [200, 403, 400, 413, 404, 404, 404, 405, 204]
    assert InboxEvent.objects.count() == 51


def test_an_answer_and_its_lines_in_the_log_have_one_id(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CLARION_TRUSTED_PROXIES = ()
    made = make_run(count=1, channel="bell", config={"secret": bell.SECRET})
    logged: list[Any] = []

    class Written:
        def warning(self, event: str, **_: Any) -> None:
            logged.append((event, structlog.contextvars.get_contextvars().get("request")))

    monkeypatch.setattr(receiving, "log", Written())

    async def story() -> list[str]:
        stop = asyncio.Event()
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(server.run(stop, "127.0.0.1", 0, ready=ready))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{await ready}") as session:
            told = []
            for secret in ("wrong", "false"):
                call = signed([], secret=secret)
                call["headers"]["X-Request-Id"] = "a-strangers-own"
                answer = await session.post(f"/hooks/{made.sender.public_id}/", **call)
                told.append(answer.headers["X-Request-Id"])
        stop.set()
        await serving
        return told

    first, second = asyncio.run(story())

    assert logged == [("hook.refused", first), ("hook.refused", second)]
    assert len({first, second, "a-strangers-own"}) == 3


def test_what_cannot_be_written_is_told_so_and_the_next_is_kept(dsn: str) -> None:
    event = ReceiptEvent(kind=ReceiptKind.DELIVERED, provider_id='a\\b"\t\n\x00ü', raw={"n": [1]})

    async def story() -> list[bool]:
        async with open_pool(dsn) as pool:
            writer = Writer(pool)
            writing = asyncio.create_task(writer.run())
            async with pool.connection() as link:
                await link.execute("alter table deliveries_inbox rename to elsewhere")
            kept = [await writer.stored(7, [event])]
            async with pool.connection() as link:
                await link.execute("alter table elsewhere rename to deliveries_inbox")
            kept.append(await writer.stored(7, [event, event]))
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return kept

    assert asyncio.run(story()) == [False, True]
    assert [unpacked(row.event) for row in InboxEvent.objects.all()] == [event, event]
