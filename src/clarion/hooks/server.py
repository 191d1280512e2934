"""`clarion hooks`: the callbacks' addresses in a process of its own, for many thousands a second.

What comes while a write is under way is written together with the next, so the database sees a few large writes
instead of many small ones; each call is answered when its own is done.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from aiohttp import web
from django.conf import settings
from django.db import Error, close_old_connections, connection

from clarion.channels.base import MAX_HOOK_OCTETS, ConfigInvalid, HookRequest
from clarion.deliveries.inbox.putting import Writer
from clarion.deliveries.store import open_pool
from clarion.hooks import receiving
from clarion.lib.request_ids import HEADER, id_of
from clarion.runtime import serving
from clarion.runtime.worker import conninfo
from clarion.senders.errors import SecretsLost
from clarion.senders.exchanges import WRITE_SECONDS

#: A longer call is read as one of the longest; aiohttp reads a little more than this by itself.
_USUAL_OCTETS = 1_000_000
_PREFIX = "/hooks/"
_METHODS = frozenset({"GET", "POST", "PUT"})


def main(host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    return serving.until_told(lambda stop: run(stop, host, port))


async def run(stop: asyncio.Event, host: str, port: int, *, ready: serving.Ready | None = None) -> None:
    """Serve until `stop` is set; `ready` hears the port. Raises OSError when the port is taken."""
    pool = open_pool(conninfo(), name="clarion-hooks", most=2)
    await pool.open()
    inbox = Writer(pool)
    writing = asyncio.gather(inbox.run(), _write_log())
    hooks = Hooks(inbox)
    try:
        await serving.serve(hooks, "hooks", host, port, stop, ready)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await asyncio.to_thread(hooks.close)
        await pool.close()


async def _write_log() -> None:
    while True:
        await asyncio.sleep(WRITE_SECONDS)
        await asyncio.to_thread(receiving.LOG.write)


class Hooks:
    """Answers one call after the other, or many at once."""

    def __init__(self, inbox: Writer) -> None:
        self._inbox = inbox
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="senders")

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        name = id_of(request.headers.get(HEADER, ""), request.remote or "", settings.CLARION_TRUSTED_PROXIES)
        with structlog.contextvars.bound_contextvars(request=name):
            answer = await self._answer(request)
        headers = {"Cache-Control": "no-store", HEADER: name}
        if answer is receiving.TRY_LATER:
            headers["Retry-After"] = str(receiving.RETRY_SECONDS)
        if answer.body:
            headers["Content-Type"] = answer.content_type
        return web.Response(status=answer.status, body=answer.body or None, headers=headers)

    async def _answer(self, request: web.BaseRequest) -> receiving.Answer:
        path = request.rel_url.raw_path
        key, _, rest = path.removeprefix(_PREFIX).partition("/")
        try:
            public_id = UUID(key)
        except ValueError:
            return receiving.NOBODY
        if not path.startswith(_PREFIX) or len(key) != 36:
            return receiving.NOBODY
        if request.method not in _METHODS:
            return receiving.NOT_ALLOWED
        try:
            if request.content_length is None or request.content_length > _USUAL_OCTETS:
                request = request.clone(client_max_size=MAX_HOOK_OCTETS)
            body = await request.read()
            source = await self._source(public_id)
        except web.HTTPRequestEntityTooLarge:
            return receiving.TOO_LARGE
        except (SecretsLost, ConfigInvalid) as problem:
            return receiving.unusable(public_id, problem)
        except Error:
            return receiving.TRY_LATER
        if source is None:
            return receiving.NOBODY
        answer, events = receiving.understand(source, _read(request, rest, body))
        if events and not await self._inbox.stored(source.sender_id, events):
            return receiving.TRY_LATER
        return answer

    async def _source(self, public_id: UUID) -> receiving.Source | None:
        try:
            return receiving.remembered(public_id)
        except KeyError:
            return await asyncio.get_running_loop().run_in_executor(self._asking, _look_up, public_id)

    def close(self) -> None:
        """Close the connection of the thread that asks."""
        self._asking.submit(lambda: connection.close())
        self._asking.shutdown()


def _look_up(public_id: UUID) -> receiving.Source | None:
    close_old_connections()
    # Many may have asked at once; the first has the answer for all.
    return receiving.source_of(public_id)


def _read(request: web.BaseRequest, rest: str, body: bytes) -> HookRequest:
    return HookRequest(
        method=request.method,
        path=rest,
        url=settings.CLARION_PUBLIC_URL + request.raw_path,
        query=request.rel_url.raw_query_string,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
