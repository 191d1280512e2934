"""`clarion pushes`: the endpoint for pushing people in a process of its own, for thousands of calls a second.

What comes for a campaign while calls to it are under way is done together after them, so the database sees a few
large transactions instead of many small ones; each call is answered when its own is committed.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from uuid import UUID

import structlog
from aiohttp import web
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection
from django.http import HttpRequest
from django.utils import translation

from clarion.api import problems
from clarion.api.pushes.calls import Answer, Call, answered, of_problem
from clarion.lib.request_ids import HEADER, id_of
from clarion.runtime import serving

log = structlog.get_logger(__name__)

_PATH = re.compile(
    r"/api/v1/campaigns/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/people", re.ASCII
)
#: Campaigns that are pushed to at the same moment; each takes a connection to the database.
THREADS = 4
#: Calls that are done together, and those that wait for their turn; more are refused.
TOGETHER, WAITING = 250, 5_000
#: Where several came together, the next ones are gathered for so long: fewer and larger transactions cost less.
GATHERED_SECONDS = 0.003
#: A connection that was not used for so many seconds is asked whether it still is one.
LOOKED_SECONDS = 1.0


def main(host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    return serving.until_told(lambda stop: run(stop, host, port))


async def run(stop: asyncio.Event, host: str, port: int, *, ready: serving.Ready | None = None) -> None:
    """Serve until `stop` is set; `ready` hears the port. Raises OSError when the port is taken."""
    pushes = Pushes()
    try:
        await serving.serve(pushes, "pushes", host, port, stop, ready)
    finally:
        await asyncio.to_thread(pushes.close)


class Pushes:
    """Answers calls, those for one campaign in the order in which they came."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="pushes")
        #: Calls to each campaign that somebody is at, and those who wait for their answers.
        self._lines: dict[UUID, list[tuple[Call, asyncio.Future[Answer]]]] = {}
        self._working: set[asyncio.Task[None]] = set()
        self._waiting = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        name = id_of(request.headers.get(HEADER, ""), request.remote or "", settings.CLARION_TRUSTED_PROXIES)
        try:
            answer = await self._answer(request, name)
        except problems.Problem as problem:
            answer = of_problem(problem)
        except Exception:
            log.exception("api.failed", request=name, path=request.path)
            answer = of_problem(problems.own("internal_error"))
        headers = {
            "Content-Type": answer.content_type, "Cache-Control": "no-store", "Vary": "Authorization, Accept-Language",
            "X-Content-Type-Options": "nosniff", HEADER: name, **answer.headers,
        }  # fmt: skip
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def _answer(self, request: web.BaseRequest, name: str) -> Answer:
        found = _PATH.fullmatch(request.rel_url.raw_path)
        if found is None:
            raise problems.own("not_found")
        if request.method != "POST":
            raise problems.own("method_not_allowed", headers={"Allow": "POST"})
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.content_length is None or request.content_length > 1024**2:
            request = request.clone(client_max_size=most)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise problems.own("too_large") from None
        headers = request.headers
        call = Call(
            path=request.raw_path, authorization=headers.get("Authorization", ""),
            content_type=request.content_type, idempotency_key=headers.get("Idempotency-Key", "").strip(),
            language=_language(headers.get("Accept-Language", "")), body=body, request_id=name,
        )  # fmt: skip
        return await self._in_line(UUID(found[1]), call)

    def _in_line(self, campaign: UUID, call: Call) -> asyncio.Future[Answer]:
        if self._waiting >= WAITING:
            raise problems.own("unavailable", headers={"Retry-After": "1"})
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        line = self._lines.get(campaign)
        if line is None:
            line = self._lines[campaign] = []
            task = asyncio.create_task(self._work(campaign, line))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        line.append((call, answer))
        self._waiting += 1
        return answer

    async def _work(self, campaign: UUID, line: list[tuple[Call, asyncio.Future[Answer]]]) -> None:
        """Answer the line until nobody is in it."""
        loop = asyncio.get_running_loop()
        while line:
            group, line[:] = line[:TOGETHER], line[TOGETHER:]
            self._waiting -= len(group)
            calls = [call for call, _answer in group]
            answers = await loop.run_in_executor(self._threads, _answered, campaign, calls)
            for (_call, waiting), answer in zip(group, answers, strict=True):
                if not waiting.done():
                    waiting.set_result(answer)
            if len(group) > 1:
                # Those that were just answered come again, since they are many.
                await asyncio.sleep(GATHERED_SECONDS)
        del self._lines[campaign]

    def close(self) -> None:
        """Close the threads' connections."""
        # None takes a second one before each has its own.
        met = threading.Barrier(THREADS)
        for _ in range(THREADS):
            self._threads.submit(_leave, met)
        self._threads.shutdown()


def _answered(campaign: UUID, calls: list[Call]) -> list[Answer]:
    try:
        _look_after_connection()
        return answered(campaign, calls)
    except OperationalError:
        connection.close()
        log.warning("api.database_lost", calls=len(calls), exc_info=True)
        problem = problems.own("unavailable", headers={"Retry-After": "5"})
    except Exception:
        log.exception("api.failed", calls=len(calls))
        problem = problems.own("internal_error")
    return [of_problem(problem) for _ in calls]


def _leave(met: threading.Barrier) -> None:
    connection.close()
    met.wait(serving.STOP_SECONDS)


def _look_after_connection() -> None:
    """Leave a connection that is old or broken, looking after it now and then: asking costs as much as a statement."""
    now = time.monotonic()
    if now - getattr(_looked, "at", 0.0) >= LOOKED_SECONDS:
        close_old_connections()
    _looked.at = now


_looked = threading.local()


@lru_cache(maxsize=1_000)
def _language(accepted: str) -> str:
    """Return the language that a request's Accept-Language asks for, as for pages."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return translation.get_language_from_request(request)
