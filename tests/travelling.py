"""Time travel: a clock for Python and for the database, and a worker that lives by it.

Python's clock is moved by time-machine. The database's is moved by functions that stand before the server's own on
the search path of every connection: `now()` in the ledger's statements is then the test's. What a month would do
happens in seconds, in the order and at the moments at which it would.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, connections
from django.db.models import Min

from clarion.campaigns import windows
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries.models import Look, Run, Waiting
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine import settling
from clarion.engine.dispatcher import Dispatcher
from clarion.engine.journal import Journal
from clarion.engine.outcomes import Reason
from clarion.engine.plan import LaneSpec, RunSpec
from clarion.engine.ports import Composer, Transport
from clarion.runtime import scheduler
from tests.conftest import conninfo
from tests.waiting import PATIENCE_SECONDS

_TRAVEL = """
create schema timetravel;
create table timetravel.clock (at timestamptz not null);
insert into timetravel.clock values (pg_catalog.now());
create function timetravel.now() returns timestamptz language sql stable as 'select at from timetravel.clock';
create function timetravel.statement_timestamp() returns timestamptz language sql stable
    as 'select at from timetravel.clock';
create function timetravel.clock_timestamp() returns timestamptz language sql volatile
    as 'select at from timetravel.clock';
"""
#: The public schema first: it is where the partitions are made. The server's own functions come last.
_PATH = "public, timetravel, pg_catalog"


class Clock:
    """The time. It stands still until it is moved."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller

    @property
    def at(self) -> datetime:
        return datetime.now(UTC)

    def move_to(self, at: datetime) -> None:
        self._traveller.move_to(at)
        with connection.cursor() as cursor:
            cursor.execute("update timetravel.clock set at = %s", [at])


@contextmanager
def travelling(at: datetime, patch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Let it be `at`, for Python and for every connection made from now on, in a test with real transactions."""
    with connection.cursor() as cursor:
        cursor.execute(_TRAVEL)
        cursor.execute("select current_database()")
        name = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"alter database {name} set search_path = {_PATH}")
    connections.close_all()
    patch.setattr(settling, "SETTLE_SECONDS", 0.005)  # real ones
    try:
        with time_machine.travel(at, tick=False) as traveller:
            clock = Clock(traveller)
            clock.move_to(at)
            yield clock
    finally:
        with connection.cursor() as cursor:
            cursor.execute("drop schema timetravel cascade")
            cursor.execute(f"alter database {name} reset search_path")
        connections.close_all()


#: Whether lanes still have something to do at this moment: in flight, also of what was paused meanwhile, under the
#: cursor, or waited for until now.
_BUSY = """
select exists (
    select 1 from deliveries_run r
    join campaigns_campaign c on c.id = r.campaign_id
    where r.finished_at is null and r.closing_stage is null and (
        r.in_flight > 0
        or exists (select 1 from deliveries_claim c where c.run_id = r.id)
        or c.status = 'SENDING' and (
            exists (select 1 from deliveries_look l where l.run_id = r.id and l.look_at <= now())
            or exists (select 1 from deliveries_runstep s
                       where s.run_id = r.id and s.cursor < least(r.last_recipient_id, r.released_id))
            or exists (select 1 from deliveries_waiting w where w.run_id = r.id and w.not_before <= now()))))
"""


class Worker:
    """A sending process: the scheduler's looks, taken in turn, and the real dispatcher in a thread.

    Lanes read the clock for what is due and closed, but wait in real time: limits for the second and delays between
    recipients are not for travelling.
    """

    def __init__(self, clock: Clock, folder: Path) -> None:
        self.clock = clock
        self._folder = folder
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._dispatch()), daemon=True)

    def __enter__(self) -> "Worker":
        self._thread.start()
        assert self._is_up.wait(PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_SECONDS)

    def run_until(self, end: datetime) -> None:
        """Live until then: through every week, and every moment at which something is to happen."""
        while self.clock.at < end:
            self.look()
            ahead = [at for at in self._planned() if at > self.clock.at]
            self.clock.move_to(min([end, self.clock.at + timedelta(days=7), *ahead]))
        self.look()

    def look(self) -> None:
        """Do what is to be done at this moment, until nothing more comes of it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            scheduler.tick()
            while scheduler.build_due() or scheduler.follow_cascades():
                pass
            # A second look: what the first let go on, or the builder made, may have to wait or may be let go.
            scheduler.tick()
            if not _is_busy():
                # Lanes may have sent the last message since that look: its run wants to be finished at this moment.
                if _has_settled():
                    continue
                return
            self._loop.call_soon_threadsafe(self._dispatcher.wake)
            while _is_busy():
                scheduler.follow_cascades()
                assert time.monotonic() < until, "it never comes to rest"
                time.sleep(0.003)

    async def _dispatch(self) -> None:
        async with open_pool(conninfo(), most=3) as pool:
            store = PostgresStore(pool, workshop=_Tidy(), worker_id=1)
            journal = Journal(self._folder, "traveller")
            self._dispatcher = Dispatcher(store=store, locks=_Alone(), journal=journal, worker_id=1)
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            self._is_up.set()
            await self._dispatcher.run(self._stop)
            journal.close()

    def _planned(self) -> Iterator[datetime]:
        """The moments at which a worker that looks each second would find something to do."""
        now = self.clock.at
        waiting = Waiting.objects.filter(not_before__gt=now).aggregate(at=Min("not_before"))["at"]
        if waiting is not None:
            yield waiting
        looks = Look.objects.filter(look_at__gt=now).aggregate(at=Min("look_at"))["at"]
        if looks is not None:
            yield looks
        for one in Campaign.objects.exclude(status__in=[Status.DRAFT, Status.COMPLETED, Status.CANCELLED]):
            yield from (at for at in (one.next_at, one.resume_at, one.ends_at) if at is not None)
            if one.windows:
                yield _edge(windows.parse(one.windows), now, one.window_zone or one.zone)
            if one.launch == Launch.SPREAD:
                day = now.astimezone(ZoneInfo(one.zone)).date() + timedelta(days=1)
                yield datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(one.zone)).astimezone(UTC)


def _edge(hours: windows.Hours, now: datetime, zone: str) -> datetime:
    """When the hours begin or end next."""
    edge = hours.closes_at(now, zone) if hours.is_open(now, zone) else hours.next_open(now, zone)
    assert edge is not None
    return edge


class _Tidy(Workshop):
    """Closes its thread's connection after each call: nobody else would."""

    def transport(self, spec: LaneSpec) -> Transport:
        try:
            return super().transport(spec)
        finally:
            connections.close_all()

    def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        try:
            return super().composer(spec, run)
        finally:
            connections.close_all()

    def refuse_sender(self, sender_id: int, reason: Reason, detail: str) -> None:
        try:
            super().refuse_sender(sender_id, reason, detail)
        finally:
            connections.close_all()

    def pause_campaign(self, campaign_id: int, reason: Reason, detail: str) -> None:
        try:
            super().pause_campaign(campaign_id, reason, detail)
        finally:
            connections.close_all()


class _Alone:
    """There is no other process."""

    sound = True
    generation = 0

    async def acquire(self, key: Any) -> bool:
        return True

    async def release(self, key: Any) -> None: ...

    async def peers(self) -> int:
        return 1


def _has_settled() -> bool:
    """Whether a run waits for nothing but to be finished."""
    settled = Run.objects.filter(
        finished_at=None, closing_stage=None, built_at__isnull=False, pending=0, in_flight=0
    )
    return settled.filter(campaign__status=Status.SENDING).exists()


def _is_busy() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_BUSY)
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the ledger knows it."""

    run_number: int
    address: str
    at: datetime


def sent(campaign: Campaign) -> list[Sent]:
    """Return everything that was sent of the campaign, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select run.number, r.address, d.ended_at from deliveries_run run"
            " join deliveries_delivery d on d.run_id = run.id and d.stage = 2"
            " join deliveries_recipient r on r.run_id = run.id and r.id = d.id >> 4"
            " where run.campaign_id = %s order by d.ended_at, run.number, r.id",
            [campaign.pk],
        )
        return [Sent(*row) for row in cursor.fetchall()]
