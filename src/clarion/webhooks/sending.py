"""Posting requests: guarded, limited, signed, never led elsewhere. Loads the HTTP client: import it late."""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from types import TracebackType

import aiohttp
from yarl import URL

from clarion.channels.exchanges import shown_body
from clarion.lib.fetch_rules import FetchFailed, checked_url
from clarion.lib.fetching import guarded_connector, told_problem
from clarion.lib.reach import Reach
from clarion.webhooks import signing
from clarion.webhooks.answers import Answer, Request

#: Seconds for a whole request, and to connect.
SECONDS = 15.0
CONNECT_SECONDS = 5.0
#: Octets of the answer that are looked at.
_LOOKED_AT = 2_000


class Poster:
    """Posts requests over kept connections. Made and used on one loop; each connection is checked when it is made."""

    def __init__(self, reach: Reach, *, seconds: float = SECONDS, connections: int = 64) -> None:
        self._reach = reach
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(reach, limit=connections, limit_per_host=8, ttl_dns_cache=60),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS),
            headers={"User-Agent": f"Clarion/{version('clarion')}", "Content-Type": "application/json"},
            trust_env=False,
        )

    async def __aenter__(self) -> "Poster":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        # What is closed below TLS is closed a turn of the loop later.
        await asyncio.sleep(0)

    async def post(self, request: Request) -> Answer:
        """Post it once and return what came of it. Raises nothing that the other side can cause."""
        if not request.secrets:
            return Answer(problem="secret")
        began = time.monotonic()
        try:
            answer = await self._posted(request)
        except FetchFailed as problem:
            answer = Answer(problem=problem.reason)
        except TimeoutError:
            answer = Answer(problem="time")
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            answer = Answer(problem=told_problem(problem).reason)
        return Answer(
            problem=answer.problem, status=answer.status, detail=answer.detail, retry_after=answer.retry_after,
            milliseconds=int((time.monotonic() - began) * 1000),
        )  # fmt: skip

    async def _posted(self, request: Request) -> Answer:
        url: URL = checked_url(request.url, self._reach)
        signed = signing.headers(
            request.secrets, id=request.id, timestamp=int(time.time()), body=request.body
        )
        async with self._session.post(
            url, data=request.body, headers=signed, allow_redirects=False
        ) as answer:
            said = b""
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                # The status is what counts, whatever becomes of the rest.
                said = await answer.content.read(_LOOKED_AT)
            if not answer.content.at_eof():
                answer.close()
            if 200 <= answer.status < 300:
                return Answer(status=answer.status)
            return Answer(
                problem="redirect" if 300 <= answer.status < 400 else "status",
                status=answer.status,
                detail=shown_body(said)[:300],
                retry_after=_seconds(answer.headers.get("Retry-After", "")),
            )


def post_now(request: Request, reach: Reach) -> Answer:
    """Post a request and wait for what comes of it. In a thread of its own, since the caller's may run a loop."""

    async def posted() -> Answer:
        async with Poster(reach, connections=1) as poster:
            return await poster.post(request)

    with ThreadPoolExecutor(1) as own:
        return own.submit(lambda: asyncio.run(posted())).result()


def _seconds(words: str) -> float | None:
    words = words.strip()
    return float(words) if words.isascii() and words.isdigit() and len(words) < 8 else None
