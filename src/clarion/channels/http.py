"""The HTTP client of channels: one provider, kept connections, limits on everything, and never a message twice.

What certainly was not taken is Deferred; what was handed over and not answered is Unknown. Redirects are not
followed, cookies not kept, proxies of the environment not used, and no request is repeated by itself.
"""

import asyncio
import json as jsonlib
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from yarl import URL

from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown
from clarion.engine.ports import Withdrawn

USER_AGENT = "Clarion"
#: Longest wait that a provider can ask for, in seconds.
MAX_RETRY_AFTER = 86_400.0

Pairs = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """How much at once, and how long."""

    #: Connections, and so requests, at once.
    connections: int = 20
    #: Seconds to connect and encrypt, and for the whole answer after that.
    connect_seconds: float = 10.0
    answer_seconds: float = 30.0
    #: Octets of an answer that are read; the rest is left.
    answer_octets: int = 262_144
    #: Seconds that an idle connection is kept: less than servers do, so that none is used as it is being closed.
    idle_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """What the provider answered, whatever the status."""

    status: int
    #: By names in lower case; of repeated ones the last.
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body read as JSON. Raises ValueError."""
        try:
            return jsonlib.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def text(self) -> str:
        """Return the body as text, what is not UTF-8 replaced."""
        return self.body.decode("utf-8", "replace")

    def retry_after(self, now: datetime | None = None) -> float | None:
        """Return the seconds that Retry-After asks for (RFC 9110 10.2.3), at most a day; None without."""
        given = self.headers.get("retry-after", "").strip()
        if given.isascii() and given.isdecimal() and len(given) < 10:
            return min(float(given), MAX_RETRY_AFTER)
        try:
            moment = parsedate_to_datetime(given)
        except (TypeError, ValueError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max(0.0, (moment - (now or datetime.now(UTC))).total_seconds()), MAX_RETRY_AFTER)


def outcome_of_status(reply: HttpReply, *, code: str = "", detail: str = "") -> Deferred | Refused | Unknown:
    """Return what an unsuccessful status alone says, for answers that the provider's own codes do not explain."""
    facts = {"code": code or f"HTTP {reply.status}", "detail": detail[:200]}
    status = reply.status
    if status == 429:
        return Deferred(reason=Reason.THROTTLED, scope=Scope.SENDER, after=reply.retry_after(), **facts)
    if status in (502, 504):
        # A gateway gave up: the service behind it may have taken the message.
        return Unknown(reason=Reason.PROVIDER_DOWN, **facts)
    if status >= 500:
        return Deferred(reason=Reason.PROVIDER_DOWN, scope=Scope.PROVIDER, after=reply.retry_after(), **facts)
    if status in (401, 407):
        return Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, **facts)
    if status in (403, 404, 405) or status < 400:
        # Nobody may, nobody is there, or somebody else is: a matter of the settings, not of this message.
        return Refused(reason=Reason.SENDER_REFUSED, scope=Scope.SENDER, **facts)
    if status == 413:
        return Refused(reason=Reason.MESSAGE_TOO_LARGE, scope=Scope.MESSAGE, **facts)
    return Refused(reason=Reason.MESSAGE_REFUSED, scope=Scope.MESSAGE, **facts)


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


class HttpClient:
    """One provider's address, and the connections to it. Connects on first use; made anywhere, used on one loop.

    `base_url` has no slash at its end. `headers` go with every request; the client's repr shows none of them.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limits: HttpLimits | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        verify_certificate: bool = True,
        ca_file: str = "",
    ) -> None:
        self._base = base_url.rstrip("/")
        self._limits = limits or HttpLimits()
        self._headers = {"User-Agent": USER_AGENT, **(headers or {})}
        if auth is not None:
            self._headers["Authorization"] = aiohttp.encode_basic_auth(auth[0], auth[1], "utf-8")
        self._verify, self._ca_file = verify_certificate, ca_file
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return f"HttpClient({URL(self._base).origin() if '://' in self._base else '?'})"

    async def request(
        self,
        method: str,
        path: str,
        hand_over: Callable[[], None] = lambda: None,
        *,
        query: Pairs = (),
        json: Any = None,
        form: Pairs | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpReply | Deferred | Unknown:
        """Ask once, and return the answer, or what became of it without one.

        `path` stands behind the base address, encoded already. At most one of `json`, `form` and `body` is given.
        `hand_over` is called when the connection stands and nothing is written; when it raises, nothing is.
        Raises Withdrawn alone of what `hand_over` may raise.
        """
        if self._is_closed:
            return Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail="closed")
        request = _Request(hand_over)
        options: dict[str, Any] = {"headers": dict(headers or {}), "allow_redirects": False}
        if json is not None:
            body = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            options["headers"].setdefault("Content-Type", "application/json")
        if body is not None:
            options["data"] = body
        elif form is not None:
            options["data"] = aiohttp.FormData(_pairs(form))
        url = URL(self._base + path, encoded=True)
        if query:
            url = url.extend_query(_pairs(query))
        token = _under_way.set(request)
        try:
            session = self._session or self._open()
            async with session.request(method, url, **options) as answer:
                return await self._read(answer)
        except Withdrawn:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
            return _failed(problem, request.handed)
        finally:
            _under_way.reset(token)

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            # What is closed below TLS is closed a turn of the loop later.
            await asyncio.sleep(0)

    def _open(self) -> aiohttp.ClientSession:
        limits = self._limits
        session = aiohttp.ClientSession(
            connector=_Connector(
                limit=limits.connections, keepalive_timeout=limits.idle_seconds, ssl=self._tls(), ttl_dns_cache=60
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(
                total=limits.connect_seconds + limits.answer_seconds, connect=limits.connect_seconds,
                sock_read=limits.answer_seconds,
            ),
            read_bufsize=65_536,
            trust_env=False,
        )  # fmt: skip
        # aiohttp repeats GET and PUT by itself when a kept connection breaks. A gateway that takes messages by GET
        # may have taken this one already.
        session._retry_connection = False
        self._session = session
        return session

    def _tls(self) -> ssl.SSLContext | bool:
        if not self._verify:
            return False
        if not self._ca_file:
            return True
        return ssl.create_default_context(cafile=self._ca_file)

    async def _read(self, answer: aiohttp.ClientResponse) -> HttpReply:
        most = self._limits.answer_octets
        parts: list[bytes] = []
        size = 0
        async for part in answer.content.iter_chunked(65_536):
            parts.append(part[: most - size])
            size += len(part)
            if size >= most:
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
    number = problem.errno if isinstance(problem, OSError) else None
    if number and number > 0:
        return os.strerror(number)
    return {
        aiohttp.ServerDisconnectedError: "the provider closed the connection",
        aiohttp.ClientResponseError: "the answer is not HTTP",
    }.get(type(problem), type(problem).__name__)


def _pairs(given: Pairs) -> list[tuple[str, str]]:
    return list(given.items()) if isinstance(given, Mapping) else list(given)


__all__ = ["HttpClient", "HttpLimits", "HttpReply", "outcome_of_status"]
