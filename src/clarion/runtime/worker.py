"""`clarion worker`: one sending process. Lanes on uvloop, the scheduler in threads, recovery at the start and later."""

import asyncio
import gc
import secrets
import signal
import socket
from collections.abc import Callable
from importlib.metadata import version
from os import getpid
from pathlib import Path

import orjson
import psycopg
import structlog
import uvloop
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from clarion.deliveries.inbox.putting import Writer
from clarion.deliveries.lane_locks import LaneLocks
from clarion.deliveries.recovery import recover
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.dispatcher import Dispatcher
from clarion.engine.journal import Journal
from clarion.engine.ports import StoreDown
from clarion.engine.retry import RetryPolicy
from clarion.runtime import presence
from clarion.runtime.listeners import Listeners
from clarion.runtime.scheduler import Scheduler
from clarion.senders.exchanges import WRITE_SECONDS, Log

log = structlog.get_logger(__name__)

#: Remains of dead processes are looked for so often.
RECOVER_SECONDS = 3.0
STOP_SECONDS = 10.0

_REGISTER = """
insert into deliveries_worker (name, host, pid, started_at, heartbeat_at, version)
values (%s, %s, %s, now(), now(), %s) returning id
"""


def conninfo() -> str:
    """Return Django's database as libpq's connection string."""
    parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "connect_timeout")
    return make_conninfo(**{name: parameters[name] for name in known if parameters.get(name)})


def main(*, is_lent: bool = False) -> int:
    """Send until SIGTERM or SIGINT; return the exit code. A lent process serves one command and goes with it."""

    async def send() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run(stop, is_lent=is_lent)

    uvloop.run(send())
    return 0


async def run(
    stop: asyncio.Event, *, ready: Callable[[], None] = lambda: None, is_lent: bool = False
) -> None:
    """Be a sending process until `stop` is set. Waits for the database as long as it takes."""
    # What is loaded by now stays: the collector need not look at it again, nor so often at the rest.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    folder = Path(settings.CLARION_HOME) / "journal"
    name = f"{socket.gethostname()[:32]}-{getpid()}-{secrets.token_hex(4)}{presence.LENT if is_lent else ''}"
    dsn = conninfo()
    worker_id = await _register(dsn, name, stop)
    if worker_id is None:
        return
    journal = Journal(folder, name)
    scheduler = Scheduler()
    pool = open_pool(dsn, name=name)
    await pool.open()
    inbox, exchanges = Writer(pool), Log()
    store = PostgresStore(
        pool,
        workshop=Workshop(sink=inbox, log=exchanges),
        worker_id=worker_id,
        retry=RetryPolicy(first_gap=settings.CLARION_RETRY_SECONDS),
        drained=lambda run_id: scheduler.wake(),
    )

    def woken(payload: str) -> None:
        scheduler.wake()
        facts = orjson.loads(payload)
        dispatcher.wake(
            campaign_id=facts.get("campaign_id"),
            sender_id=facts.get("sender_id"),
            is_halt=facts.get("halted") is True,
        )

    locks = LaneLocks(dsn, worker_id=worker_id, woken=woken)
    dispatcher = Dispatcher(store=store, locks=locks, journal=journal, worker_id=worker_id)
    helpers = [
        asyncio.create_task(locks.run()),
        asyncio.create_task(_recover_on(store, folder, name)),
        asyncio.create_task(inbox.run()),
        asyncio.create_task(_write_on(exchanges)),
        asyncio.create_task(Listeners(dsn, inbox, exchanges).run()),
    ]
    scheduler.start()
    log.info("worker.started", worker=name)
    ready()
    try:
        await dispatcher.run(stop)
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)
        # The others take over at once, whatever the scheduler still is at.
        await locks.aclose()
        await asyncio.to_thread(scheduler.stop, STOP_SECONDS)
        await _deregister(store, name)
        await pool.close()
        journal.close()
        log.info("worker.stopped", worker=name)


async def _register(dsn: str, name: str, stop: asyncio.Event) -> int | None:
    """Enter this process among the workers; None when `stop` is set before the database answers."""
    facts = (name, socket.gethostname(), getpid(), version("clarion"))
    while not stop.is_set():
        try:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as fresh:
                row = await (await fresh.execute(_REGISTER, facts)).fetchone()
                return int(row[0]) if row else None
        except psycopg.OperationalError as problem:
            log.warning("database.down", detail=str(problem)[:200])
            await asyncio.sleep(0.5)
    return None


async def _deregister(store: PostgresStore, name: str) -> None:
    try:
        await store.retire(name)
    except StoreDown:
        log.warning("worker.not_deregistered", worker=name)


async def _write_on(exchanges: Log) -> None:
    """Write the provider log now and then, in a thread."""
    while True:
        await asyncio.sleep(WRITE_SECONDS)
        await asyncio.to_thread(exchanges.write)


async def _recover_on(store: PostgresStore, folder: Path, name: str) -> None:
    while True:
        try:
            await recover(store, folder, host=socket.gethostname(), own=name)
        except StoreDown:
            log.info("recovery.waits")
        except Exception:
            log.exception("recovery.fault")
        await asyncio.sleep(RECOVER_SECONDS)
