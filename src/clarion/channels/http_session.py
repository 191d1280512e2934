"""The connections to one HTTP provider. Apart from `clarion.channels.http`, as aiohttp is loaded only where it is used:
a worker that sends mail alone does without its 12 MB.
"""

import asyncio
import errno
import os
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from clarion.channels.http import HttpLimits, HttpReply
from clarion.engine.outcomes import Deferred, Reason, Scope, Unknown
from clarion.lib.reach import configured_socket


@dataclass(slots=True)
class _Request:
    """One request on its way: whether it was handed over."""

    hand_over: Callable[[], None]
    handed: bool = False


_under_way: ContextVar[_Request | None] = ContextVar("clarion_http_request", default=None)


class _Connector(aiohttp.TCPConnector):
    """Tells of the moment when there is a connection and nothing of the request is written yet."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: Any, timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        connection = await super().connect(req, traces, timeout)
        request = _under_way.get()
        if request is not None:
            try:
                request.hand_over()
            except BaseException:
                connection.release()
                raise
            request.handed = True
        return connection


class HttpSession:
    """Kept connections within limits. `tls` is what aiohttp takes for `ssl`. Made and used on one loop."""

    def __init__(self, limits: HttpLimits, headers: Mapping[str, str], tls: ssl.SSLContext | bool) -> None:
        self._most = limits.answer_octets
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                limit=limits.connections, keepalive_timeout=limits.idle_seconds, ssl=tls, ttl_dns_cache=60,
                socket_factory=configured_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            timeout=aiohttp.ClientTimeout(
                total=limits.connect_seconds + limits.answer_seconds, connect=limits.connect_seconds,
                sock_read=limits.answer_seconds,
            ),
            read_bufsize=65_536,
            trust_env=False,
        )  # fmt: skip
        # aiohttp repeats GET and PUT by itself when a kept connection breaks. A gateway that takes messages by GET
        # may have taken this one already.
        self._session._retry_connection = False

    async def ask(
        self,
        method: str,
        url: str,
        hand_over: Callable[[], None],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> HttpReply | Deferred | Unknown:
        """Ask once; see `HttpClient.request`. `url` is encoded already."""
        request = _Request(hand_over)
        token = _under_way.set(request)
        try:
            async with self._session.request(
                method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as answer:
                return await self._read(answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            return _failed(problem, request.handed)
        finally:
            _under_way.reset(token)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()
        # What is closed below TLS is closed a turn of the loop later.
        await asyncio.sleep(0)

    async def _read(self, answer: aiohttp.ClientResponse) -> HttpReply:
        parts: list[bytes] = []
        size = 0
        async for part in answer.content.iter_chunked(65_536):
            parts.append(part[: self._most - size])
            size += len(part)
            if size >= self._most:
                answer.close()
                break
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpReply(status=answer.status, headers=headers, body=b"".join(parts))


def _failed(problem: Exception, handed: bool) -> Deferred | Unknown:
    """Return the outcome of a request without an answer."""
    words = _words(problem)
    if handed:
        timed_out = isinstance(problem, TimeoutError)
        return Unknown(reason=Reason.TIMED_OUT if timed_out else Reason.CONNECTION_LOST, detail=words)
    reason = Reason.CONNECTION_FAILED
    if isinstance(problem, aiohttp.ClientSSLError | ssl.SSLError):
        reason = Reason.TLS_FAILED
    return Deferred(reason=reason, scope=Scope.PROVIDER, detail=words)


def _words(problem: Exception) -> str:
    """Say what happened without the address, which may hold secrets."""
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return str(getattr(problem.certificate_error, "verify_message", "") or "the certificate is not valid")
    if isinstance(problem, aiohttp.ClientConnectorDNSError):
        return "the host name is not known"
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    if isinstance(problem, OSError) and problem.errno == errno.EACCES:
        return "this address is never called"
    number = problem.errno if isinstance(problem, OSError) else None
    if number and number > 0:
        return os.strerror(number)
    return {
        aiohttp.ServerDisconnectedError: "the provider closed the connection",
        aiohttp.ClientResponseError: "the answer is not HTTP",
    }.get(type(problem), type(problem).__name__)
