"""Telling webhooks, in the process of the background jobs: nothing of it costs the sending processes anything.

A look is made each second: what was noted is put into lines, what the ledger holds is read, and then every endpoint
that has something due is talked to by a task of its own, so that a slow one keeps no other waiting. Database work is
done in a few threads. Where nothing is asked for, a look is three small queries.
"""

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from clarion.deliveries.telling import feeding, filling, reading, suppressions
from clarion.lib.reach import Reach
from clarion.webhooks import operations
from clarion.webhooks.answers import Answer, Request
from clarion.webhooks.models import Kind

if TYPE_CHECKING:
    from clarion.webhooks.sending import Poster

log = structlog.get_logger(__name__)
T = TypeVar("T")

LOOK_SECONDS = 1.0
#: The ledger is read for about so long before requests go on.
TURN_SECONDS = 0.3
#: Endpoints that are talked to at once by this process, and requests to one before others have their turn.
AT_ONCE = 16
TURNS = 50
_THREADS = 4
#: How long the end waits for what a thread is at.
END_SECONDS = 5.0
_READERS = {Kind.RECEIPT: reading.receipts}


def gather(*, seconds: float = TURN_SECONDS) -> bool:
    """Put into lines what has happened; return whether there is more to put now."""
    more = operations.tell_notices(_READERS)
    more = suppressions.tell_due() or more
    return feeding.feed_due(seconds=seconds) or more


class Thread(Protocol):
    """Runs a function of the database in a thread."""

    async def __call__(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Return what the function returns."""


async def talk(poster: "Poster", run: Thread, request: Request) -> int:
    """Post this request and what follows it to the same endpoint; return how many were posted.

    It ends at the first that does not go well for the endpoint, and after its share of turns.
    """
    count, now = 0, request
    while True:
        answer = await _posted(poster, run, now)
        await run(operations.settle, now, answer)
        count += 1
        if count >= TURNS:
            await run(operations.release, now)
            return count
        following = await run(operations.next_of, now)
        if following is None:
            return count
        now = following


async def _posted(poster: "Poster", run: Thread, request: Request) -> Answer:
    body = await run(filling.body_of, request.body, with_addresses=request.with_addresses)
    return await poster.post(replace(request, body=body))


class Teller:
    """Tells webhooks from a thread of its own until it is stopped."""

    def __init__(self, reach: Reach | None = None) -> None:
        self._reach = reach or settings.CLARION_FETCH_ALLOW
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._main, name="webhooks", daemon=True)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhooks")
        self._poster: Poster | None = None
        self._talks: dict[asyncio.Task[int], int] = {}

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Stop; a request under way may take so long, and is posted again later when it takes longer."""
        self._stopping.set()
        self._thread.join(seconds)

    def _main(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    more = await self._look()
                except DatabaseError as problem:
                    log.warning("webhooks.database_down", detail=str(problem)[:200])
                    more = False
                except Exception:
                    log.exception("webhooks.fault")
                    more = False
                if not more:
                    await self._pause()
        finally:
            if self._talks:
                await asyncio.wait(self._talks, timeout=5.0)
            if self._poster is not None:
                await self._poster.__aexit__(None, None, None)
            await asyncio.to_thread(self._end_threads)

    def _end_threads(self) -> None:
        """Let each thread close its connection: all of them are at it at once, so that none does it for two."""
        all_at_it = threading.Barrier(_THREADS)
        for _ in range(_THREADS):
            self._threads.submit(_end, all_at_it)
        self._threads.shutdown()

    async def _look(self) -> bool:
        more = await self._in_thread(gather)
        while len(self._talks) < AT_ONCE:
            request = await self._in_thread(
                operations.take, secrets.token_hex(16), busy=list(self._talks.values())
            )
            if request is None:
                break
            if self._poster is None:
                from clarion.webhooks.sending import Poster

                self._poster = Poster(self._reach)
            task = asyncio.create_task(self._talk(self._poster, request))
            self._talks[task] = request.endpoint_id
            task.add_done_callback(self._talks.pop)
        return more

    async def _talk(self, poster: "Poster", request: Request) -> int:
        try:
            return await talk(poster, self._in_thread, request)
        except DatabaseError as problem:
            log.warning("webhooks.database_down", detail=str(problem)[:200])
        except Exception:
            log.exception("webhooks.fault", endpoint=request.endpoint_id)
        return 0

    async def _pause(self) -> None:
        """Wait for the next look: sooner where a talk has ended, for it may leave more to do."""
        until = asyncio.get_running_loop().time() + LOOK_SECONDS
        while not self._stopping.is_set():
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return
            if self._talks:
                done, _others = await asyncio.wait(
                    self._talks, timeout=min(left, 0.1), return_when=asyncio.FIRST_COMPLETED
                )
                if done:
                    return
            else:
                await asyncio.sleep(min(left, 0.1))

    async def _in_thread(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        job = partial(_kept, partial(function, *arguments, **named))
        return await asyncio.get_running_loop().run_in_executor(self._threads, job)


def _kept(function: Callable[[], T]) -> T:
    """Do it on this thread's connection, which stays open unless it broke."""
    close_old_connections()
    try:
        return function()
    except DatabaseError:
        with contextlib.suppress(DatabaseError):
            connection.close()
        raise


def _end(all_at_it: threading.Barrier) -> None:
    with contextlib.suppress(threading.BrokenBarrierError):
        all_at_it.wait(END_SECONDS)
    connection.close()
