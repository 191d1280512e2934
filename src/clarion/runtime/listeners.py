"""Keeping open, for every sender that has one, the way on which its provider brings receipts and answers.

One sending process does it for each sender, by a session lock of the database: when it dies the next one begins
within seconds. Two at once, for a moment, do no harm: what comes twice is kept once.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import structlog
from django.db import Error, close_old_connections, connection

from clarion.channels import registry
from clarion.channels.base import ConfigInvalid, Listener
from clarion.channels.exchanges import Exchange, Recorder
from clarion.deliveries.inbox.putting import Sink
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.exchanges import Log
from clarion.senders.models import Sender, SenderStatus

log = structlog.get_logger(__name__)

#: Seconds between two looks at the senders.
LOOK_SECONDS = 3.0
#: First key of the locks, so that they meet no others.
_LOCK_SPACE = 0x48454152
#: Changes whenever a sender of these channels does.
_SEEN = """
select coalesce(md5(string_agg(md5(id || status || config::text || encode(sealed, 'hex')), '' order by id)), '')
from senders_sender where channel = any(%s)
"""
_SESSION = (
    "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 "
    "-c client_connection_check_interval=1000 -c idle_session_timeout=30000"
)


@dataclass(slots=True)
class _Running:
    version: str
    listener: Listener
    task: "asyncio.Task[None]"
    recorder: Recorder
    problem: str = ""


class Listeners:
    """Runs what this process is to listen with."""

    def __init__(self, dsn: str, sink: Sink, provider_log: Log) -> None:
        self._dsn, self._sink, self._log = dsn, sink, provider_log
        self._running: dict[int, _Running] = {}
        #: What the senders were when they were last read, and what was found then.
        self._seen: str | None = None
        self._found: dict[int, tuple[str, str, dict[str, Any]]] = {}

    async def run(self) -> None:
        """Look after the listeners until cancelled."""
        try:
            while True:
                try:
                    await self._with_locks()
                except (psycopg.Error, Error, OSError) as problem:
                    log.warning("listeners.interrupted", problem=type(problem).__name__)
                except Exception:
                    log.exception("listeners.fault")
                await self._stop_all()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._stop_all()

    async def _with_locks(self) -> None:
        """Listen for as long as the session that holds the locks lasts."""
        locks = await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, options=_SESSION, connect_timeout=5
        )
        async with locks:
            while True:
                wanted = await self._wanted(locks)
                for sender_id in [one for one in self._running if one not in wanted]:
                    await self._stop(sender_id, locks)
                for sender_id, (version, channel, config) in wanted.items():
                    await self._keep(sender_id, version, channel, config, locks)
                await asyncio.sleep(LOOK_SECONDS)

    async def _wanted(self, locks: Any) -> dict[int, tuple[str, str, dict[str, Any]]]:
        """Return the senders that may have a listener, read anew when one of them has changed.

        The question also tells the server that this session is alive.
        """
        names = [channel.name for channel in registry.all_channels() if channel.listens]
        seen = (await (await locks.execute(_SEEN, [names])).fetchone())[0]
        if seen != self._seen:
            self._found = await asyncio.to_thread(_senders, names)
            self._seen = seen
        return self._found

    async def _keep(
        self, sender_id: int, version: str, channel: str, config: dict[str, Any], locks: Any
    ) -> None:
        running = self._running.get(sender_id)
        if running is not None and running.version == version and not running.task.done():
            self._tell(sender_id, running)
            return
        if running is not None:
            await self._stop(sender_id, locks)
        listener = registry.get(channel).listener(config, partial(self._sink.put, sender_id))
        if listener is None:
            return
        found = await locks.execute(
            "select pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, sender_id & 0x7FFFFFFF]
        )
        if (await found.fetchone())[0]:
            task = asyncio.create_task(listener.run())
            recorder = self._log.of(sender_id, channel, config)
            self._running[sender_id] = _Running(version, listener, task, recorder, listener.problem)
            log.info("listener.started", sender=sender_id)

    def _tell(self, sender_id: int, running: _Running) -> None:
        if running.problem != running.listener.problem:
            running.problem = running.listener.problem
            log.warning("listener.problem", sender=sender_id, problem=running.problem[:200])
            told = running.problem or "listening"
            running.recorder.add(
                Exchange(is_ours=True, what="listen", answer=told, failed=bool(running.problem))
            )

    async def _stop(self, sender_id: int, locks: Any) -> None:
        await _ended(self._running.pop(sender_id).task)
        await locks.execute("select pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, sender_id & 0x7FFFFFFF])

    async def _stop_all(self) -> None:
        running, self._running = self._running, {}
        for one in running.values():
            await _ended(one.task)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task


def _senders(names: list[str]) -> dict[int, tuple[str, str, dict[str, Any]]]:
    """Return the senders that may have a listener: id → (changes with the settings, channel, settings).

    A paused sender still hears; a blocked one is refused by its provider.
    """
    close_old_connections()
    found: dict[int, tuple[str, str, dict[str, Any]]] = {}
    try:
        for sender in Sender.objects.filter(channel__in=names).exclude(status=SenderStatus.BLOCKED):
            with contextlib.suppress(SecretsLost, ConfigInvalid):
                config = secrets.ready_config(sender)
                found[sender.pk] = (repr(sorted(config.items())), sender.channel, config)
    finally:
        if not connection.in_atomic_block:
            connection.close()
    return found
