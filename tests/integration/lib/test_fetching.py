"""Fetching from servers that mean no good, on this machine."""

import asyncio
import gzip
import io
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from clarion.lib.fetch_rules import Fetched, FetchFailed, FetchLimits, checked_url
from clarion.lib.fetching import fetch
from clarion.lib.reach import PUBLIC, Reach

pytestmark = pytest.mark.anyio

HERE = Reach.of("127.0.0.1")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Names(AbstractResolver):
    """Answers for every name with the next of some addresses; the last one stays."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return [
            ResolveResult(
                hostname=host, host=one, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
            )
            for one in address.split()
        ]  # fmt: skip

    async def close(self) -> None:
        pass


async def got(handler: Handler, path: str = "/", **rest: Any) -> tuple[Fetched, bytes]:
    """Return what is fetched from a server of one handler."""
    runner = web.AppRunner(_app(handler), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    into = io.BytesIO()
    host = rest.pop("host", "127.0.0.1")
    try:
        found = await fetch(f"http://{host}:{port}{path}", into=into, **{"reach": HERE, **rest})
    finally:
        await runner.cleanup()
    return found, into.getvalue()


def _app(handler: Handler) -> web.Application:
    app = web.Application()
    app.router.add_get("/{rest:.*}", handler)
    return app


async def refused(awaitable: Awaitable[object]) -> FetchFailed:
    with pytest.raises(FetchFailed) as raised:
        await awaitable
    return raised.value


async def rows(request: web.Request) -> web.Response:
    return web.Response(text="email\nada@example.test\n", content_type="text/csv", headers={"ETag": '"7"'})


async def test_a_file_is_written_and_its_version_told() -> None:
    found, body = await got(rows)

    assert body == b"email\nada@example.test\n"
    assert (found.etag, found.content_type, found.size) == ('"7"', "text/csv", len(body))


async def test_an_unchanged_file_is_not_sent_again() -> None:
    async def conditional(request: web.Request) -> web.Response:
        assert request.headers["If-Modified-Since"] == "Sat, 01 Aug 2026 10:00:00 GMT"
        return web.Response(status=304 if request.headers["If-None-Match"] == '"7"' else 200)

    found, body = await got(conditional, etag='"7"', last_modified="Sat, 01 Aug 2026 10:00:00 GMT")

    assert found.is_unchanged
    assert body == b""


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/", "http://[::1]:9999/", "http://[::ffff:127.0.0.1]:9999/", "http://0.0.0.0:8000/",
        "http://169.254.169.254/latest/meta-data/", "http://2130706433:8000/", "http://0x7f000001:8000/",
        "http://0177.0.0.1:8000/", "http://127.1:8000/", "http://localhost:8000/", "http://[fe80::1]:8000/",
    ],
)  # fmt: skip
async def test_no_writing_of_an_address_within_leads_there(url: str) -> None:
    problem = await refused(fetch(url, into=io.BytesIO()))

    assert problem.reason in ("address", "url")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "93.184.216.34 10.0.0.1"]
)
async def test_a_name_that_leads_within_is_refused(address: str) -> None:
    problem = await refused(fetch("http://evil.example:8000/", into=io.BytesIO(), resolver=Names(address)))

    assert problem.reason == "address"


async def test_a_name_is_asked_for_once_and_the_checked_address_used() -> None:
    """An answer that changes between the check and the connection changes nothing: there is one answer."""
    names = Names("127.0.0.1", "169.254.169.254")

    found, _body = await got(rows, host="rebinding.example", resolver=names)

    assert found.size
    assert names.asked == ["rebinding.example"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/", "address"), ("http://[::ffff:a9fe:a9fe]/", "address"),
        ("file:///etc/passwd", "url"), ("gopher://127.0.0.1/", "url"), ("http://user:secret@127.0.0.1/", "url"),
        ("http://127.0.0.1:25/", "url"),
    ],
)  # fmt: skip
async def test_a_redirect_is_checked_like_the_first_address(target: str, reason: str) -> None:
    async def leads(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    assert (await refused(got(leads))).reason == reason


async def test_redirects_end() -> None:
    async def round_and_round(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": f"/{len(request.path)}x"})

    assert (await refused(got(round_and_round))).reason == "redirects"


async def test_headers_of_ours_and_cookies_stay_with_the_first_origin() -> None:
    seen: list[tuple[str, str | None, str | None]] = []

    async def leads(request: web.Request) -> web.Response:
        seen.append((request.path, request.headers.get("Authorization"), request.headers.get("Cookie")))
        port = request.url.port
        if request.path == "/":
            return web.Response(
                status=302, headers={"Location": f"http://other.example:{port}/there", "Set-Cookie": "a=b"}
            )
        return web.Response(text="x")

    reach = Reach.of("127.0.0.1, other.example")
    await got(leads, headers={"Authorization": "Bearer s3cret"}, reach=reach, resolver=Names("127.0.0.1"))

    assert seen == [("/", "Bearer s3cret", None), ("/there", None, None)]


async def test_more_than_allowed_is_not_kept() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 65536)

    assert (await refused(got(endless, limits=FetchLimits(octets=1_000_000)))).reason == "size"


async def test_a_gzip_bomb_is_stopped_when_it_is_too_large() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert len(bomb) < 100_000
    assert (await refused(got(packed, limits=FetchLimits(octets=1_000_000)))).reason == "size"


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"a" * 9999)[:-9], gzip.compress(b"a") * 2])
async def test_damaged_packing_is_told(body: bytes) -> None:
    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    assert (await refused(got(packed))).reason == "encoding"


async def test_packed_files_are_unpacked() -> None:
    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"email\n" * 100_000), headers={"Content-Encoding": "gzip"})

    found, body = await got(packed)

    assert body == b"email\n" * 100_000
    assert found.size == len(body)


async def test_a_slow_server_costs_no_more_than_the_time_allowed() -> None:
    async def trickling(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(b"x")
            await asyncio.sleep(0.05)

    assert (await refused(got(trickling, limits=FetchLimits(seconds=0.3)))).reason == "time"


async def test_a_silent_server_is_left_before_the_whole_time_is_over() -> None:
    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    assert (await refused(got(silent, limits=FetchLimits(silence=0.2)))).reason == "time"


async def test_what_is_broken_off_is_told() -> None:
    async def short(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    assert (await refused(got(short))).reason == "connection"


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_other_answers_are_told_by_their_code(status: int) -> None:
    async def answers(request: web.Request) -> web.Response:
        return web.Response(status=status, text="no")

    problem = await refused(got(answers))

    assert (problem.reason, problem.detail) == ("status", str(status))


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/x", "example.org/x", "http:///x", "http://a:b@example.org/", "http://example.org:22/",
     "http://example.org/a b", "http://example.org/\r\nX: y", "http://example.org/" + "x" * 2000],
)  # fmt: skip
def test_what_is_no_address_of_a_file_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(FetchFailed) as raised:
        checked_url(url, PUBLIC)

    assert raised.value.reason == "url"
