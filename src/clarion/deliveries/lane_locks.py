"""Who owns which lane: session advisory locks on one connection, with a heartbeat of its own.

The server frees the locks by itself when their owner dies: at once when the process is killed, within about
nine seconds when its host vanishes (the session's settings below). An owner that hears nothing from the server
for `FENCE_SECONDS` therefore holds still before anybody else can become the owner.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

import psycopg
import structlog

from clarion.engine.ports import StoreDown
from clarion.workspaces.wake import WAKE_CHANNEL

log = structlog.get_logger(__name__)

#: Settings of the session that holds the locks; measured, see docs/explanation/engine.md.
_SESSION = (
    "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 "
    "-c tcp_user_timeout=4000 -c client_connection_check_interval=1000 -c idle_session_timeout=10000"
)
HEARTBEAT_SECONDS = 1.0
#: The shortest time after which the server may have given the locks to somebody else is 4 s.
FENCE_SECONDS = 3.0
#: A process that was taken for dead and comes back counts again.
_BEAT = "update deliveries_worker set heartbeat_at = now(), ended_at = null where id = %s returning 1"
#: First key of the locks, so that they meet no others.
_LOCK_SPACE = 0x4C414E45
#: First key of the locks by which sending processes know each other. Shared, because a session that was lost may
#: hold it beside the one that follows.
_PEER_SPACE = 0x50454552
_PEERS = """
select count(distinct objid) from pg_locks
where locktype = 'advisory' and classid = %s::oid and objsubid = 2
  and database = (select oid from pg_database where datname = current_database())
"""


class LaneLocks:
    """`engine.dispatcher.Locks` on PostgreSQL."""

    def __init__(self, dsn: str, *, worker_id: int, woken: Callable[[str], None]) -> None:
        self._dsn, self._worker_id, self._woken = dsn, worker_id, woken
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._turn = asyncio.Lock()
        #: Set when something came from the server, an answer or a notification; and the descriptor that tells.
        self._stirred = asyncio.Event()
        self._watched: int | None = None
        self._heard_at = -FENCE_SECONDS
        self._generation = 0
        #: What this session holds: the server would count a lock taken twice, and keep it when it is released once.
        self._held: set[tuple[int, int]] = set()

    @property
    def sound(self) -> bool:
        """Whether the server answered lately."""
        return _now() - self._heard_at < FENCE_SECONDS

    @property
    def generation(self) -> int:
        """How often the connection, and with it every lock, was made anew."""
        return self._generation

    async def run(self) -> None:
        """Keep the connection, beat, and pass on what is notified; until cancelled."""
        while True:
            try:
                await self._connect()
                while True:
                    await self._beat()
                    await self._listen(HEARTBEAT_SECONDS)
            except (psycopg.Error, OSError, StoreDown) as problem:
                log.warning("locks.lost", detail=str(problem)[:200])
            except Exception:
                # Without this task no lane would ever send again.
                log.exception("locks.fault")
            await self._disconnect()
            await asyncio.sleep(0.3)

    async def aclose(self) -> None:
        """Give up every lock by ending the session."""
        await self._disconnect()

    async def acquire(self, key: tuple[int, int]) -> bool:
        if key in self._held:
            return True
        generation = self._generation
        row = await self._ask("select pg_try_advisory_lock(%s::int, %s::int)", _lock(key))
        if generation != self._generation:
            raise StoreDown("the session ended meanwhile")
        if row[0]:
            self._held.add(key)
        return bool(row[0])

    async def release(self, key: tuple[int, int]) -> None:
        if key in self._held:
            self._held.discard(key)
            await self._ask("select pg_advisory_unlock(%s::int, %s::int)", _lock(key))

    async def peers(self) -> int:
        row = await self._ask(_PEERS, (_PEER_SPACE,))
        return int(str(row[0]))

    async def _connect(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, options=_SESSION, keepalives_idle=3, keepalives_interval=1,
            keepalives_count=3, tcp_user_timeout=4000, connect_timeout=5,
        )  # fmt: skip
        await connection.execute(f"listen {WAKE_CHANNEL}")
        await connection.execute(
            "select pg_advisory_lock_shared(%s, %s)", (_PEER_SPACE, self._worker_id & 0x7FFFFFFF)
        )
        # A descriptor of our own: the driver watches the connection's while it waits for an answer.
        self._watched = os.dup(connection.fileno())
        asyncio.get_running_loop().add_reader(self._watched, self._stirred.set)
        self._connection = connection
        self._generation += 1
        self._held.clear()
        self._heard_at = _now()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        watched, self._watched = self._watched, None
        if watched is not None:
            asyncio.get_running_loop().remove_reader(watched)
            os.close(watched)
        if connection is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await connection.close()

    async def _beat(self) -> None:
        asked_at = _now()
        await self._ask(_BEAT, (self._worker_id,))
        # The answer proves that the locks were held when it was asked for, not later.
        self._heard_at = asked_at

    async def _listen(self, seconds: float) -> None:
        """Let notifications in for a while; other questions may be asked in between."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._connection is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._stirred.wait()
            async with self._turn:
                self._stirred.clear()
                async for notify in self._connection.notifies(timeout=0):
                    self._woken(notify.payload)

    async def _ask(self, query: str, parameters: tuple[object, ...]) -> tuple[object, ...]:
        connection = self._connection
        if connection is None:
            raise StoreDown("not connected")
        try:
            async with self._turn:
                row = await (await connection.execute(query, parameters)).fetchone()
        except (psycopg.OperationalError, psycopg.InterfaceError) as problem:
            raise StoreDown(str(problem)) from problem
        return row or (None,)


def _now() -> float:
    """Return seconds that also pass while the machine sleeps, or is held still."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _lock(key: tuple[int, int]) -> tuple[int, int]:
    """Return the two keys of a lane's lock: 32 lanes at most to a sender."""
    sender, lane = key
    return (_LOCK_SPACE + (sender >> 26), (sender << 5 | lane) & 0x7FFFFFFF)
