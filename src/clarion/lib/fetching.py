"""Fetch what a URL names that somebody typed, into a file: guarded, limited, and without telling anybody a secret.

Every connection goes through `guarded_connector`, so names are resolved once and the socket connects to the address
that was checked; each redirect is a new request with the same checks. What arrives is written as it comes, with
limits on its size, packed and unpacked, and on the time that all of it takes.
"""

import asyncio
import socket
import ssl
import time
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import IO, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from clarion.lib.fetch_rules import Fetched, FetchFailed, FetchLimits, checked_url
from clarion.lib.reach import PUBLIC, Reach

#: What one fetch may take unless told otherwise.
USUAL = FetchLimits()
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WITH_GZIP_HEADER = zlib.MAX_WBITS | 16


class _Resolver(AbstractResolver):
    """Answers with allowed addresses only; remembers those of hosts that are allowed by name."""

    def __init__(self, reach: Reach, inner: AbstractResolver) -> None:
        self._reach, self._inner = reach, inner
        self.admitted: set[str] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if self._reach.names(host):
            self.admitted |= {one["host"] for one in found}
            return found
        # All of them: a name with one address inside and one outside is there to get in.
        if not all(self._reach.allows(one["host"]) for one in found):
            raise FetchFailed("address", host[:100])
        return found

    async def close(self) -> None:
        await self._inner.close()


def guarded_connector(
    reach: Reach = PUBLIC, *, resolver: AbstractResolver | None = None, **options: Any
) -> aiohttp.TCPConnector:
    """Return a connector whose sockets connect to allowed addresses only; else FetchFailed("address") is raised.

    Made within a running loop. `resolver` answers for names in place of the system's; `options` are the connector's.
    """
    names = _Resolver(reach, resolver or aiohttp.ThreadedResolver())

    def made(told: Any) -> socket.socket:
        family, kind, protocol, _name, address = told
        if not (reach.allows(address[0]) or address[0] in names.admitted):
            raise FetchFailed("address", str(address[0])[:100])
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.TCPConnector(resolver=names, socket_factory=made, **options)


def fetch_now(url: str, **rest: Any) -> Fetched:
    """Do what `fetch` does, and wait for it. In a thread of its own, since the caller's may run a loop."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(lambda: asyncio.run(fetch(url, **rest))).result()


async def fetch(
    url: str,
    *,
    into: IO[bytes],
    reach: Reach = PUBLIC,
    limits: FetchLimits = USUAL,
    headers: Mapping[str, str] | None = None,
    etag: str = "",
    last_modified: str = "",
    resolver: AbstractResolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> Fetched:
    """GET the URL and write what comes into the file. Raises FetchFailed; what was written by then is of no use.

    `etag` and `last_modified` are those of the version that is known already (RFC 9110, 13.1). `headers` go to the
    first origin only, never over a redirect to another.
    """
    until = time.monotonic() + limits.seconds
    try:
        async with asyncio.timeout(limits.seconds):
            connector = guarded_connector(reach, resolver=resolver, force_close=True, ssl=tls or True)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.silence, sock_read=limits.silence)
            async with aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                auto_decompress=False,
            ) as session:  # fmt: skip
                asked = _Asked(session, into, reach, limits, until)
                return await asked.follow(checked_url(url, reach), dict(headers or {}), etag, last_modified)
    except TimeoutError:
        raise FetchFailed("time") from None
    except (aiohttp.ClientError, OSError, ValueError) as problem:
        raise told_problem(problem) from problem


class _Asked:
    """One fetch under way."""

    def __init__(
        self, session: aiohttp.ClientSession, into: IO[bytes], reach: Reach, limits: FetchLimits, until: float
    ) -> None:
        self._session, self._into, self._reach, self._limits = session, into, reach, limits
        self._until = until

    async def follow(self, url: URL, headers: dict[str, str], etag: str, last_modified: str) -> Fetched:
        plain = {"Accept-Encoding": "gzip", "User-Agent": f"Clarion/{version('clarion')}", "Accept": "*/*"}
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        plain |= {name: value for name, value in known.items() if value}
        first = url.origin()
        for _turn in range(self._limits.redirects + 1):
            own = headers if url.origin() == first else {}
            async with self._session.get(url, headers=plain | own, allow_redirects=False) as answer:
                if answer.status in _REDIRECTS and "Location" in answer.headers:
                    url = self._led_on(url, answer.headers["Location"])
                    continue
                return await self._taken(url, answer)
        raise FetchFailed("redirects", "many")

    def _led_on(self, url: URL, location: str) -> URL:
        try:
            target = url.join(URL(location))
        except ValueError:
            raise FetchFailed("redirects", "form") from None
        if url.scheme == "https" and target.scheme == "http":
            raise FetchFailed("redirects", "downgrade")
        return checked_url(str(target), self._reach)

    async def _taken(self, url: URL, answer: aiohttp.ClientResponse) -> Fetched:
        if answer.status not in (200, 304):
            raise FetchFailed("status", str(answer.status))
        is_unchanged = answer.status == 304
        size = 0 if is_unchanged else await self._written(answer)
        return Fetched(
            url=str(url),
            is_unchanged=is_unchanged,
            size=size,
            content_type=answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()[:100],
            etag=answer.headers.get("ETag", "")[:500],
            last_modified=answer.headers.get("Last-Modified", "")[:100],
        )

    async def _written(self, answer: aiohttp.ClientResponse) -> int:
        packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in ("identity", "", "gzip", "x-gzip"):
            raise FetchFailed("encoding", packing[:40])
        if (answer.content_length or 0) > self._limits.octets:
            raise FetchFailed("size")
        unpacking = zlib.decompressobj(_WITH_GZIP_HEADER) if "gzip" in packing else None
        size = packed = 0
        async for chunk in answer.content.iter_chunked(_CHUNK):
            packed += len(chunk)
            if packed > self._limits.octets:
                raise FetchFailed("size")
            size = self._kept(chunk, unpacking, size)
        if unpacking is not None and not unpacking.eof:
            raise FetchFailed("encoding", "gzip")
        return size

    def _kept(self, chunk: bytes, unpacking: Any, size: int) -> int:
        """Write a piece, unpacked a little at a time, and return how much there is now."""
        while chunk:
            piece = chunk
            if unpacking is not None:
                try:
                    piece = unpacking.decompress(chunk, _CHUNK)
                except zlib.error:
                    raise FetchFailed("encoding", "gzip") from None
                if unpacking.eof and unpacking.unused_data:
                    raise FetchFailed("encoding", "gzip")  # several members: nobody serves a file so
            size += len(piece)
            if size > self._limits.octets:
                raise FetchFailed("size")
            if time.monotonic() > self._until:
                raise FetchFailed("time")  # unpacking lets no timer in
            self._into.write(piece)
            chunk = unpacking.unconsumed_tail if unpacking is not None else b""
        return size


def told_problem(problem: Exception) -> FetchFailed:
    """Return what a library's error means. The guard's own may come wrapped in one."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, FetchFailed):
            return cause
        cause = cause.__cause__ or cause.__context__
    match problem:
        case aiohttp.ServerTimeoutError():
            return FetchFailed("time")
        case aiohttp.ClientConnectorDNSError():
            return FetchFailed("dns")
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return FetchFailed("tls")
        case aiohttp.ClientPayloadError():
            return FetchFailed("connection", "short")
        case aiohttp.InvalidURL():
            return FetchFailed("url", "form")
    return FetchFailed("connection")
