"""Putting into the inbox: what is put is there for good when the call returns, and not before."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import psycopg
import structlog
from django.db import connection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from clarion.deliveries.inbox.rows import Event, packed

log = structlog.get_logger(__name__)

#: Events that wait to be written; more are refused, so that the provider keeps them.
MAX_WAITING = 20_000

_COPY = "copy deliveries_inbox (sender_id, event) from stdin"
_INSERT = "insert into deliveries_inbox (sender_id, event) select %s, unnest(%s::text[])"

Stored = Callable[[bool], None]


def put(sender_id: int, events: Sequence[Event]) -> None:
    """Store these events of a sender, all or none. Raises Django's database errors."""
    if events:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [sender_id, [packed(event) for event in events]])


class Sink(Protocol):
    """Where a listening transport brings what its provider tells."""

    def put(self, sender_id: int, events: Sequence[Event], stored: Stored) -> None:
        """Take events; `stored` hears, on the same loop, whether they are kept. The provider is answered then."""


class Writer:
    """A `Sink` on one event loop. What comes while a write is under way is written together after it."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]]) -> None:
        self._pool = pool
        self._waiting: list[tuple[int, str]] = []
        self._stored: list[Stored] = []
        self._came = asyncio.Event()

    def put(self, sender_id: int, events: Sequence[Event], stored: Stored) -> None:
        """See `Sink`. Refused at once when too much waits."""
        if len(self._waiting) >= MAX_WAITING:
            stored(False)
            return
        self._waiting.extend((sender_id, packed(event)) for event in events)
        self._stored.append(stored)
        self._came.set()

    async def stored(self, sender_id: int, events: Sequence[Event]) -> bool:
        """Store and return whether they are kept."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.put(sender_id, events, lambda kept: None if answer.done() else answer.set_result(kept))
        return await answer

    async def run(self) -> None:
        """Write until cancelled. What cannot be written is refused, and the provider brings it again."""
        while True:
            await self._came.wait()
            self._came.clear()
            rows, self._waiting = self._waiting, []
            stored, self._stored = self._stored, []
            kept = False
            try:
                await self._write(rows)
                kept = True
            except (psycopg.Error, PoolTimeout, OSError) as problem:
                log.warning("inbox.not_written", events=len(rows), problem=type(problem).__name__)
            finally:
                for tell in stored:
                    tell(kept)

    async def _write(self, rows: Iterable[tuple[int, str]]) -> None:
        async with (
            self._pool.connection() as link,
            link.transaction(),
            link.cursor() as cursor,
            cursor.copy(_COPY) as copy,
        ):
            await copy.write("".join([f"{sender}\t{_escaped(event)}\n" for sender, event in rows]))


def _escaped(text: str) -> str:
    """Return JSON as COPY's text form has it: orjson writes no control characters, so only this one is special."""
    return text.replace("\\", "\\\\") if "\\" in text else text
