"""What becomes of a request: taken, certainly not taken, or unknown; never sent twice, never told with its secrets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from clarion.channels.http import HttpClient, HttpLimits, HttpReply, outcome_of_status
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown
from clarion.engine.ports import Withdrawn

pytestmark = pytest.mark.anyio

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client(base: str, **options: Any) -> AsyncIterator[HttpClient]:
    made = HttpClient(
        base, limits=HttpLimits(connect_seconds=2, answer_seconds=0.5, answer_octets=1000), **options
    )
    try:
        yield made
    finally:
        await made.aclose()
        await made.aclose()


class Taken:
    """A provider that counts what it takes and answers as told."""

    def __init__(self, answer: Callable[[], web.StreamResponse] | None = None) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.transports: set[int] = set()
        self.answer = answer or (lambda: web.json_response({"id": "1"}))

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        self.transports.add(id(request.transport))
        return self.answer()


async def test_a_request_is_handed_over_once_and_connections_are_kept() -> None:
    handed: list[int] = []
    taken = Taken()
    async with server(taken) as url, client(url, auth=("me", "s3cret")) as http:
        replies = [
            await http.request("POST", "/m", lambda: handed.append(1), form={"To": "+49 1"}),
            await http.request("POST", "/m", lambda: handed.append(1), json={"to": "Ä"}),
        ]

        assert [reply.json() for reply in replies if isinstance(reply, HttpReply)] == [{"id": "1"}] * 2
        assert taken.bodies == [b"To=%2B49+1", '{"to":"Ä"}'.encode()]
        assert len(taken.transports) == 1
        assert len(handed) == 2
        assert taken.headers[0]["Authorization"].startswith("Basic ")
        assert "s3cret" not in repr(http)


async def test_every_character_of_a_query_arrives_as_it_was() -> None:
    taken: list[str] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        taken.append(request.query["text"])
        return web.Response()

    async with server(note) as url, client(url) as http:
        for text in ("100%20 off & more", "Привет + ✋", "a=b#c"):
            await http.request("GET", "/send?fixed=1", query={"text": text})

    assert taken == ["100%20 off & more", "Привет + ✋", "a=b#c"]


async def test_nothing_is_written_of_a_withdrawn_request_and_the_next_one_goes() -> None:
    def withdraw() -> None:
        raise Withdrawn

    taken = Taken()
    async with server(taken) as url, client(url) as http:
        await http.request("POST", "/m", body=b"first")
        with pytest.raises(Withdrawn):
            await http.request("POST", "/m", withdraw, body=b"never")
        await http.request("POST", "/m", body=b"last")

        assert taken.bodies == [b"first", b"last"]


async def test_nobody_listening_is_put_off_and_not_handed_over() -> None:
    handed: list[int] = []
    async with server(Taken()) as url:
        pass
    async with client(url) as http:
        outcome = await http.request("POST", "/m", lambda: handed.append(1), body=b"x")

        assert isinstance(outcome, Deferred)
        assert (outcome.reason, outcome.scope) == (Reason.CONNECTION_FAILED, Scope.PROVIDER)
        assert not handed


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
async def test_a_broken_answer_leaves_it_unknown_and_it_is_not_sent_again(method: str) -> None:
    calls = 0

    async def breaks(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if calls > 1:
            assert request.transport is not None
            request.transport.abort()
        return web.Response()

    async with server(breaks) as url, client(url) as http:
        await http.request(method, "/first")
        outcome = await http.request(method, "/second")

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.CONNECTION_LOST
        assert calls == 2


async def test_silence_after_the_request_leaves_it_unknown() -> None:
    async def hangs(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(2)
        return web.Response()

    async with server(hangs) as url, client(url) as http:
        outcome = await http.request("POST", "/m", body=b"x")

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.TIMED_OUT


async def test_an_answer_is_read_up_to_its_limit_and_a_redirect_is_not_followed() -> None:
    taken = Taken(lambda: web.Response(status=302, headers={"Location": "/elsewhere"}, body=b"x" * 100_000))
    async with server(taken) as url, client(url) as http:
        reply = await http.request("GET", "/m")

        assert isinstance(reply, HttpReply)
        assert (reply.status, len(reply.body), len(taken.bodies)) == (302, 1000, 1)


async def test_what_is_not_http_is_no_crash() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example.test ESMTP\r\n")
        writer.close()

    listener = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with listener, client(f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}") as http:
        outcome = await http.request("POST", "/m", body=b"x")

        assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(
    ("status", "kind", "scope", "reason"),
    [
        (429, Deferred, Scope.SENDER, Reason.THROTTLED),
        (500, Deferred, Scope.PROVIDER, Reason.PROVIDER_DOWN),
        (503, Deferred, Scope.PROVIDER, Reason.PROVIDER_DOWN),
        (502, Unknown, None, Reason.PROVIDER_DOWN),
        (504, Unknown, None, Reason.PROVIDER_DOWN),
        (401, Refused, Scope.SENDER, Reason.CREDENTIALS_REFUSED),
        (404, Refused, Scope.SENDER, Reason.SENDER_REFUSED),
        (302, Refused, Scope.SENDER, Reason.SENDER_REFUSED),
        (413, Refused, Scope.MESSAGE, Reason.MESSAGE_TOO_LARGE),
        (400, Refused, Scope.MESSAGE, Reason.MESSAGE_REFUSED),
    ],
)
async def test_a_status_alone_says_what_stops(
    status: int, kind: type, scope: Scope | None, reason: Reason
) -> None:
    outcome = outcome_of_status(HttpReply(status=status))

    assert isinstance(outcome, kind)
    assert outcome.reason is reason
    assert getattr(outcome, "scope", None) is scope


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("120", 120.0),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_retry_after_is_read_in_both_forms(given: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    assert HttpReply(status=429, headers={"retry-after": given}).retry_after(now) == seconds


# uvloop looks names up in C, where no test can answer; the guard comes after the look-up, and is the same.
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254", "100.100.100.200"]
)
async def test_a_clouds_own_service_is_never_called_whatever_name_leads_there(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def rebound(host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", place)]

    written = f"[{address}]" if ":" in address else address
    for host in (written, "gateway.example"):
        async with client(f"http://{host}:8080") as http:
            with monkeypatch.context() as patch:
                patch.setattr(socket, "getaddrinfo", rebound)
                reply = await http.request("GET", "/latest/meta-data/", lambda: pytest.fail("handed over"))
        assert isinstance(reply, Deferred)
        assert (reply.reason, reply.detail) == (Reason.CONNECTION_FAILED, "this address is never called")

    assert "gateway.example" in asked
