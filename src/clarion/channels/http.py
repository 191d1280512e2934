"""The HTTP client of channels: one provider, kept connections, limits on everything, and never a message twice.

What certainly was not taken is Deferred; what was handed over and not answered is Unknown. Redirects are not
followed, cookies not kept, proxies of the environment not used, and no request is repeated by itself.
"""

import json as jsonlib
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from clarion.channels.exchanges import Exchange, Recorder, shown_body, shown_fields
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

if TYPE_CHECKING:
    from clarion.channels.http_session import HttpSession

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
    facts: dict[str, Any] = {"code": code or f"HTTP {reply.status}", "detail": detail[:200]}
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
            self._headers["Authorization"] = f"Basic {b64encode(':'.join(auth).encode()).decode()}"
        self._verify, self._ca_file = verify_certificate, ca_file
        #: Keeps some of what is said, for the sender's page.
        self.recorder: Recorder | None = None
        self._session: HttpSession | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        where = urlsplit(self._base)
        return f"HttpClient({where.scheme}://{where.netloc.rpartition('@')[2]})"

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
        sent = dict(headers or {})
        if json is not None:
            body = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            sent.setdefault("Content-Type", "application/json")
        elif form is not None:
            body = urlencode(_pairs(form), errors="replace").encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        # Not yarl's own way: it takes a percent sign in a value for an escape that is there already.
        url = self._base + path + (("&" if "?" in path else "?") + urlencode(_pairs(query)) if query else "")
        began = time.monotonic()
        try:
            session = self._session or self._open()
        except OSError as problem:
            # The file with the certificates is gone, or is none.
            return Deferred(reason=Reason.TLS_FAILED, scope=Scope.PROVIDER, detail=problem.strerror or "")
        reply = await session.ask(method, url, hand_over, sent, body)
        if self.recorder is not None:
            failed = not (isinstance(reply, HttpReply) and reply.is_success)
            if self.recorder.wants(failed):
                asked = [*_pairs(query), *_pairs(form or ())] if json is None else json
                self.recorder.add(_exchange(method, path, asked, reply, time.monotonic() - began))
        return reply

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    def _open(self) -> "HttpSession":
        from clarion.channels.http_session import HttpSession

        self._session = HttpSession(self._limits, self._headers, self._tls())
        return self._session

    def _tls(self) -> ssl.SSLContext | bool:
        if not self._verify:
            return False
        if not self._ca_file:
            return True
        return ssl.create_default_context(cafile=self._ca_file)


def _exchange(
    method: str, path: str, asked: Any, reply: HttpReply | Deferred | Unknown, seconds: float
) -> Exchange:
    """Put a request and its answer into words; of the address its path alone, where tokens stand out by length."""
    shown = "/".join(part if len(part) <= 40 else "…" for part in path.partition("?")[0].split("/"))
    if isinstance(reply, HttpReply):
        status, answer = f"HTTP {reply.status}", shown_body(reply.body)
        code = _code_in(reply) if not reply.is_success else ""
    else:
        status, answer, code = reply.reason.name, reply.detail, ""
    return Exchange(
        is_ours=True, what=f"{method} {shown}", request=shown_fields(asked), answer=answer, status=status,
        code=code, failed=status[:6] != "HTTP 2", milliseconds=int(seconds * 1000),
    )  # fmt: skip


def _code_in(reply: HttpReply) -> str:
    """Return the number or word that providers put into `code`, or into `error.code`."""
    try:
        told = reply.json()
        error = told.get("error")
        found = error.get("code") if isinstance(error, dict) else told.get("code", told.get("error_code", ""))
    except (ValueError, AttributeError):
        return ""
    return str(found)[:40] if isinstance(found, str | int) else ""


def _pairs(given: Pairs) -> list[tuple[str, str]]:
    return list(given.items()) if isinstance(given, Mapping) else list(given)


__all__ = ["HttpClient", "HttpLimits", "HttpReply", "outcome_of_status"]
