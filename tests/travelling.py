"""Time travel: a clock for Python and for the database, and a process that schedules, builds and sends by it.

Python's clock is moved by time-machine. The database's is moved by functions that stand before the server's own on
the search path of every connection: `now()` in the ledger's statements is then the test's. What a month would do
happens in seconds, in the order and at the moments at which it would.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import time_machine
from django.db import connection, connections
from django.db.models import F, Min

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Waiting
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.messages import Claim
from clarion.engine.outcomes import Accepted
from clarion.engine.plan import LaneSpec, RunSpec, Settled, Settlement
from clarion.engine.ports import Composer, Transport
from clarion.runtime import scheduler
from tests.conftest import conninfo

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
def travelling(at: datetime) -> Iterator[Clock]:
    """Let it be `at`, for Python and for every connection made from now on, in a test with real transactions."""
    with connection.cursor() as cursor:
        cursor.execute(_TRAVEL)
        cursor.execute("select current_database()")
        name = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"alter database {name} set search_path = {_PATH}")
    connections.close_all()
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


class Process:
    """One worker without threads: what its scheduler, builder and lanes would do at each moment.

    Lanes take whatever the ledger lets them take, by the sender's own transport; limits and delays of the lane are
    not its matter.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._runner = asyncio.Runner()
        self._pool = open_pool(conninfo(), most=2)
        self._runner.run(self._pool.open())
        self._store = PostgresStore(self._pool, workshop=Workshop(), worker_id=1)
        self._opened: dict[Any, tuple[Transport, dict[Any, Composer]]] = {}
        self._claims = count(1)

    def run_until(self, end: datetime, *, step: timedelta = timedelta(hours=1)) -> None:
        """Live through the time until then: every step, and every moment for which something is planned."""
        while self.clock.at < end:
            self.look()
            self.clock.move_to(min(self.clock.at + step, end, *self._planned()))
        self.look()

    def look(self) -> None:
        """Do what is to be done now, until nothing more comes of it."""
        for _ in range(20):
            scheduler.tick()
            more = scheduler.build_due()
            if not (self._runner.run(self._send()) or more):
                scheduler.tick()
                return
        raise AssertionError("it never comes to rest")

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _planned(self) -> list[datetime]:
        """The coming moments of which the ledger knows."""
        now = self.clock.at
        moments: list[datetime | None] = [
            Waiting.objects.filter(not_before__gt=now).aggregate(at=Min("not_before"))["at"]
        ]
        live = Campaign.objects.exclude(status__in=[Status.COMPLETED, Status.CANCELLED, Status.EXPIRED])
        for name in ("next_at", "resume_at", "ends_at"):
            moments.append(live.filter(**{f"{name}__gt": now}).aggregate(at=Min(F(name)))["at"])
        return [at for at in moments if at is not None]

    async def _send(self) -> bool:
        """Send what may be sent; return whether that was anything."""
        sent = False
        for spec in await self._store.plan():
            for run in spec.runs:
                while await self._send_batch(spec, run):
                    sent = True
        return sent

    async def _send_batch(self, spec: LaneSpec, run: RunSpec) -> bool:
        transport, composer = await self._tools(spec, run)
        claim_id = next(self._claims)
        batch = await self._store.claim(run, claim_id, 500)
        if not batch.claims:
            return False
        settled = [await self._hand_over(transport, composer, claim_id, one) for one in batch.claims]
        await self._store.settle(run.key, settled, [claim_id])
        return True

    async def _tools(self, spec: LaneSpec, run: RunSpec) -> tuple[Transport, Composer]:
        if spec.key not in self._opened:
            self._opened[spec.key] = ((await self._store.open_lane(spec))[0], {})
        transport, composers = self._opened[spec.key]
        if run.key not in composers:
            composers[run.key] = await self._store.composer(spec, run)
        return transport, composers[run.key]

    async def _hand_over(
        self, transport: Transport, composer: Composer, claim_id: int, claim: Claim
    ) -> Settlement:
        outcome = await transport.send(composer.compose(claim), lambda: None)
        assert isinstance(outcome, Accepted)
        return Settlement(
            claim_id, claim.delivery_id, Settled.SENT, outcome.code, provider_id=outcome.provider_id
        )


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
