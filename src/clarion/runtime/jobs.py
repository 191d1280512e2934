"""Run the background jobs: imports, reading of uploads, housekeeping. One supervised Procrastinate worker, and beside
it the teller of webhooks.

Three things that the library leaves to its user: its worker ends, mostly without an error, whenever PostgreSQL
restarts, so it is started again; a killed worker's jobs stay "doing" for ever, so every process looks for them
and puts them back; and a job may run twice at once after a long stall, so every task is fenced by its own row.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import psycopg_pool
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from clarion.runtime.telling import Teller
from clarion.runtime.worker import conninfo

log = structlog.get_logger(__name__)

#: Jobs at once in this process. They are long and mostly wait for PostgreSQL.
CONCURRENCY = 2
#: Seconds between signs of life, and after how many without one a worker counts as dead.
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
SWEEP_SECONDS = 2.0
#: A job under way at the stop is given so long; it goes on later where it was.
GRACE_SECONDS = 10.0
#: A job that has died with so many workers is not tried again: it may be what kills them.
MAX_ATTEMPTS = 6
#: Done jobs are forgotten after so many hours.
KEEP_HOURS = 72
_HOUSEKEEPING_SECONDS = 3600.0


def main() -> int:
    """Run jobs until SIGTERM or SIGINT; return the exit code."""

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run(stop)

    asyncio.run(work())
    return 0


async def run(stop: asyncio.Event) -> None:
    """Run jobs until `stop` is set; survives restarts of the database."""
    from procrastinate.contrib.django import app as django_app

    teller = Teller()
    teller.start()
    try:
        await _run(stop, django_app)
    finally:
        await asyncio.to_thread(teller.stop, GRACE_SECONDS)


async def _run(stop: asyncio.Event, django_app: Any) -> None:
    delay = 0.2
    while not stop.is_set():
        began = time.monotonic()
        try:
            async with _opened(django_app) as app:
                await _work(app, stop)
        except (psycopg.Error, psycopg_pool.PoolTimeout, ConnectorException, OSError) as problem:
            log.warning("jobs.interrupted", problem=type(problem).__name__)
        if time.monotonic() - began > 10:
            delay = 0.2
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), delay)
        delay = min(delay * 2, 5.0)


@contextlib.asynccontextmanager
async def _opened(django_app: Any) -> AsyncIterator[App]:
    connector = PsycopgConnector(
        conninfo=conninfo(), pool_factory=_pool, min_size=1, max_size=4, timeout=5, reconnect_timeout=20
    )
    with django_app.replace_connector(connector) as app:
        await app.open_async()
        try:
            yield app
        finally:
            await app.close_async()


def _pool(**options: Any) -> psycopg_pool.AsyncConnectionPool[Any]:
    """Return a pool that throws all dead connections away at the first, instead of backing off for each."""

    async def check(connection: psycopg.AsyncConnection[Any]) -> None:
        try:
            await psycopg_pool.AsyncConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            await pool.drain()
            raise

    pool = psycopg_pool.AsyncConnectionPool(**{**options, "check": check})
    return pool


async def _work(app: App, stop: asyncio.Event) -> None:
    """Run one worker and its helpers until the stop, or until the worker ends by itself."""
    worker = asyncio.create_task(
        app.run_worker_async(
            concurrency=CONCURRENCY,
            install_signal_handlers=False,
            fetch_job_polling_interval=HEARTBEAT_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            shutdown_graceful_timeout=GRACE_SECONDS,
        )
    )
    helpers = [asyncio.create_task(_sweep(app)), asyncio.create_task(_forget_old(app))]
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({worker, asked}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
        if not stop.is_set():
            log.warning("jobs.worker_ended")
    finally:
        for task in (asked, *helpers):
            task.cancel()
        await asyncio.gather(asked, *helpers, return_exceptions=True)


async def _sweep(app: App) -> None:
    """Put back the jobs of workers that have died."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                await _put_back(app, job)
        except (psycopg.Error, psycopg_pool.PoolTimeout, ConnectorException) as problem:
            log.warning("jobs.sweep_failed", problem=type(problem).__name__)


async def _put_back(app: App, job: Job) -> None:
    with contextlib.suppress(ConnectorException):  # another process was first
        if job.attempts >= MAX_ATTEMPTS:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
            log.error("jobs.given_up", task=job.task_name, job_id=job.id, attempts=job.attempts)
        else:
            await app.job_manager.retry_job(job)
            log.warning("jobs.put_back", task=job.task_name, job_id=job.id, attempts=job.attempts)


async def _forget_old(app: App) -> None:
    """Keep the jobs' tables small."""
    while True:
        with contextlib.suppress(psycopg.Error, psycopg_pool.PoolTimeout, ConnectorException):
            await app.job_manager.delete_old_jobs(nb_hours=KEEP_HOURS, include_failed=False)
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
