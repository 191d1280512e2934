"""The ledger for the sending engine: psycopg, no ORM, large batches.

Each statement names one run and repeats `run_id` on every big table in it, so that the tables can be spread
over hosts by it. Counters change in the transaction that changes the rows they count.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import orjson
import psycopg
import structlog
from django.db import InterfaceError, OperationalError
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from clarion.deliveries import arrays, following, gates
from clarion.deliveries import statements as sql
from clarion.deliveries.money import statements as money
from clarion.deliveries.money.purses import Purses, Spent
from clarion.deliveries.pool import open_pool as open_pool
from clarion.deliveries.provider_ids import ProviderIds
from clarion.deliveries.settled import rest_facts
from clarion.deliveries.states import STEPS, Stage
from clarion.engine.limits import lanes_within, reshared
from clarion.engine.messages import Claim
from clarion.engine.outcomes import Reason
from clarion.engine.plan import (
    Batch,
    LaneSpec,
    LaneState,
    RunKey,
    RunSpec,
    Settled,
    Settlement,
    Trouble,
)
from clarion.engine.ports import Composer, StoreDown, Transport
from clarion.engine.retry import RetryPolicy

log = structlog.get_logger(__name__)

Row = tuple[Any, ...]
T = TypeVar("T")


class Workshop(Protocol):
    """What the store leaves to the rest of the program; called in a thread."""

    def transport(self, spec: LaneSpec) -> Transport:
        """Return the transport of a sender, for one of its lanes. May raise Django's OperationalError."""

    def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        """Return the composer of a run's step. Raises RenderFailed."""

    def refuse_sender(self, sender_id: int, reason: Reason, detail: str) -> None:
        """Block the sender and pause its campaigns."""

    def pause_campaign(self, campaign_id: int, reason: Reason, detail: str) -> None:
        """Pause the campaign, whose content the provider refused."""

    def fail_run(self, run_id: int, sentence: str) -> None:
        """End the run's campaign as failed."""


class PostgresStore:
    """`engine.ports.Store` on PostgreSQL."""

    def __init__(
        self,
        pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]],
        *,
        workshop: Workshop,
        worker_id: int,
        retry: RetryPolicy | None = None,
        drained: Callable[[int], None] = lambda run_id: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._pool, self._workshop, self._worker_id, self._clock = pool, workshop, worker_id, clock
        self._retry = retry or RetryPolicy()
        #: Called with a run of which nothing is left to send.
        self._drained = drained
        #: Lanes that may have an outage written as lasting: by us, or by an owner before us.
        self._troubled: set[tuple[int, int]] = set()
        self._provider_ids = ProviderIds()
        #: Whether a run has several steps, for those that were sent lately.
        self._cascades: dict[int, bool] = {}
        self._purses = Purses()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Row]]:
        """Lend a connection in autocommit. Raises StoreDown when the server is not there, or goes."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as problem:
            # One dead connection means that the server was restarted, and the others are dead too.
            await self._pool.drain()
            raise StoreDown(str(problem)) from problem
        except PoolTimeout as problem:
            raise StoreDown(str(problem)) from problem

    async def plan(self) -> list[LaneSpec]:
        async with self.connection() as connection:
            rows = await (await connection.execute(sql.PLAN, binary=True)).fetchall()
        senders: dict[int, tuple[Row, list[RunSpec]]] = {}
        for row in rows:
            run = gates.run_spec(row, self._clock())
            if run is not None:
                senders.setdefault(row[0], (row, []))[1].append(run)
        self._cascades = {row[8]: row[19] for row in rows}
        return [
            self._lane_spec(row, lane, lanes, runs)
            for row, runs in senders.values()
            for lanes in [lanes_within(row[2], row[4:8])]
            for lane in range(lanes)
        ]

    def _lane_spec(self, row: Row, lane: int, lanes: int, runs: list[RunSpec]) -> LaneSpec:
        # A delay between recipients is the whole run's: one lane keeps it.
        mine = tuple(r for r in runs if r.delay_max == 0 or r.run_id % lanes == lane)
        limits = {"second": row[4], "minute": row[5], "hour": row[6], "day": row[7]}
        return LaneSpec(
            sender_id=row[0], channel=row[1], lane=lane, lanes=lanes, version=f"{row[3]}/{lanes}", limits=limits,
            retry=self._retry, runs=mine,
        )  # fmt: skip

    async def open_lane(self, spec: LaneSpec) -> tuple[Transport, LaneState]:
        async with self.connection() as connection, connection.transaction():
            state = await self._own_lane(connection, spec)
        self._troubled.add(spec.key)
        transport = await _asked(self._workshop.transport, spec)
        return transport, state

    async def _own_lane(self, connection: psycopg.AsyncConnection[Row], spec: LaneSpec) -> LaneState:
        """Become the owner of a lane's state. What other numbers of lanes have used is shared out first."""
        sender = await (await connection.execute(sql.SENDER_LIMITS, [spec.sender_id])).fetchone()
        if sender is None or lanes_within(sender[0], sender[1:]) != spec.lanes:
            raise StoreDown("the sender was changed meanwhile")
        rows = await (await connection.execute(sql.LANE_STATES, [spec.sender_id])).fetchall()
        state = LaneState()
        if [row[0] for row in rows if row[1] == spec.lanes] != list(range(spec.lanes)):
            used = (
                reshared(((row[2], row[3] + row[4]) for row in rows), spec.lanes, time.time()) if rows else {}
            )
            state = LaneState(limits=used)
            await connection.execute(sql.DROP_LANES, [spec.sender_id, spec.lanes])
            facts = {"sender": spec.sender_id, "lanes": spec.lanes, "limits": orjson.dumps(used).decode()}
            await connection.execute(sql.PUT_LANES, facts)
        else:
            mine = next(row for row in rows if row[0] == spec.lane)
            state = LaneState(limits=mine[2], reserved=mine[3], aside=mine[4])
        facts = {"sender": spec.sender_id, "lane": spec.lane, "worker": self._worker_id}
        await connection.execute(sql.OWN_LANE, facts)
        return state

    async def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        return await _asked(self._workshop.composer, spec, run)

    async def claim(
        self, run: RunSpec, claim_id: int, limit: int, *, counted: LaneSpec | None = None
    ) -> Batch:
        found: list[Row] = []
        async with self.connection() as connection, connection.transaction():
            purse = await self._purses.of(connection, run.key)
            if purse is not None:
                limit = await purse.open(connection, limit)
            found, next_due = await self._claim_due(connection, run, claim_id, limit)
            if not found and next_due != float("inf"):
                found = await self._claim_next(connection, run, claim_id, limit)
            if found and counted is not None and not await self._reserve(connection, counted, len(found)):
                found = []
                raise psycopg.Rollback
            if found and purse is not None and not await purse.hold(connection, found):
                found = []
                raise psycopg.Rollback
        if purse is not None:
            purse.remember(found)
            if purse.is_starved:
                async with self.connection() as connection:
                    await purse.starve(connection)
        claims = [Claim(run.run_id, row[0], row[1], row[2], row[3]) for row in found]
        return Batch(claim_id=claim_id, claims=claims, next_due=next_due or None)

    async def _reserve(self, connection: psycopg.AsyncConnection[Row], lane: LaneSpec, count: int) -> bool:
        """Note that the lane may send so many from now on; return whether it is ours."""
        facts = {"sender": lane.sender_id, "lane": lane.lane, "lanes": lane.lanes, "worker": self._worker_id}
        return (await connection.execute(sql.RESERVE, facts | {"count": count})).rowcount == 1

    async def _claim_due(
        self, connection: psycopg.AsyncConnection[Row], run: RunSpec, claim_id: int, limit: int
    ) -> tuple[list[Row], float]:
        """Claim what waited until now; also return when the next is due (0: none; infinity: may not send)."""
        facts = {"run": run.run_id, "step": run.step, "limit": limit}
        row = await (await connection.execute(sql.DUE, facts, binary=True)).fetchone()
        if row is None:
            return [], float("inf")
        ids, next_due = row
        if not ids:
            return [], next_due or 0.0
        these = {
            "run": run.run_id, "step": run.step, "claim": claim_id, "worker": self._worker_id, "ids": ids,
            "recipients": [i // STEPS for i in ids], "low": min(ids), "high": max(ids),
        }  # fmt: skip
        statement = sql.CLAIM_CASCADE_THESE if run.is_cascade else sql.CLAIM_THESE
        cursor = await connection.execute(statement, these, binary=True)
        return await cursor.fetchall(), next_due or 0.0

    async def _claim_next(
        self, connection: psycopg.AsyncConnection[Row], run: RunSpec, claim_id: int, limit: int
    ) -> list[Row]:
        """Move the step's cursor on and claim what is under it."""
        statement = sql.CLAIM_CASCADE_RANGE if run.is_cascade else sql.CLAIM_RANGE
        while True:
            facts = {"run": run.run_id, "step": run.step, "limit": limit}
            row = await (await connection.execute(sql.MOVE_CURSOR, facts, binary=True)).fetchone()
            if row is None:
                return []
            low, high = row
            facts = {
                "run": run.run_id, "step": run.step, "claim": claim_id, "worker": self._worker_id,
                "first": low + 1, "last": high, "low": (low + 1) * STEPS, "high": high * STEPS + STEPS - 1,
            }  # fmt: skip
            found = await (await connection.execute(statement, facts, binary=True)).fetchall()
            if found:
                return found
            # Whoever was there has been left out since: go on.

    async def release(self, claim_ids: Sequence[int]) -> None:
        async with self.connection() as connection:
            async with connection.transaction():
                await connection.execute("set local lock_timeout = '3s'")
                facts = {"worker": self._worker_id, "ids": list(claim_ids)}
                await connection.execute(sql.FORBID_CLAIMS, facts)
            cursor = await connection.execute(sql.CLAIMS, [list(claim_ids)])
            for claim_id, run_id, step, low, high in await cursor.fetchall():
                async with connection.transaction():
                    cursor = await connection.execute(
                        sql.IN_FLIGHT, {"run": run_id, "claim": claim_id, "low": low, "high": high}
                    )
                    given_back = [
                        Settlement(claim_id, row[0], Settled.PENDING, uncounted=True)
                        for row in await cursor.fetchall()
                    ]
                    await self._settle(connection, (run_id, step), given_back, [claim_id])

    async def retire(self, name: str) -> None:
        """Write that this process, of that name, has ended. Raises StoreDown."""
        async with self.connection() as connection:
            await connection.execute(sql.FORGET_FORBIDDEN, [self._worker_id])
            await connection.execute("update deliveries_worker set ended_at = now() where name = %s", [name])

    async def settle(self, run: RunKey, settlements: Sequence[Settlement], closed: Sequence[int]) -> None:
        async with self.connection() as connection, connection.transaction():
            counts = await self._settle(connection, run, settlements, closed)
        self._purses.forget(run, settlements)
        if counts is not None and counts[0] == 0 and counts[1] == 0:
            self._drained(run[0])

    async def _settle(
        self,
        connection: psycopg.AsyncConnection[Row],
        run: RunKey,
        settlements: Sequence[Settlement],
        closed: Sequence[int],
    ) -> Row | None:
        """Write them and count; return what is (pending, in flight) then, or None when no row was ours."""
        run_id, step = run
        sent = [s for s in settlements if s.stage is Settled.SENT]
        rest = [s for s in settlements if s.stage is not Settled.SENT]
        counts: dict[int, int] = {}
        purse = await self._purses.of(connection, run) if settlements else None
        spent = Spent()
        if sent:
            facts: dict[str, Any] = {
                "run": run_id,
                "ids": arrays.numbers(s.delivery_id for s in sent),
                "claims": arrays.numbers(s.claim_id for s in sent),
                "codes": arrays.texts(s.code for s in sent),
                "provider_ids": arrays.texts(s.provider_id for s in sent),
            }
            statement = sql.SETTLE_SENT
            if purse is not None:
                statement, facts = money.SETTLE_SENT, facts | await purse.priced(connection, sent)
            row = await (await connection.execute(statement, facts, binary=True)).fetchone()
            counts[Stage.SENT] = row[0] if row else 0
            if purse is not None and row:
                spent.charged, spent.freed = row[1], row[2]
            await self._provider_ids.keep(connection, run, facts)
        problems: list[Row] = []
        if rest:
            statement, facts = sql.SETTLE_REST, rest_facts(run_id, rest)
            if purse is not None:
                statement, facts = money.SETTLE_REST, facts | await purse.priced(connection, rest)
            problems = await (await connection.execute(statement, facts, binary=True)).fetchall()
            for stage, _reason, _code, count, _detail, *held in problems:
                counts[stage] = counts.get(stage, 0) + count
                spent.freed += held[0] - held[1] if held else 0
        if closed:
            await connection.execute(sql.CLOSE_CLAIMS, [list(closed)])
        if not any(counts.values()):
            return None
        is_cascade = self._cascades.get(run_id)
        if is_cascade is None:
            is_cascade = self._cascades[run_id] = await following.is_cascade(connection, run_id)
        if is_cascade:
            await following.have_looked(connection, run_id, step, settlements)
        await self._count(connection, run_id, step, counts, problems, spent if purse is not None else None)
        if is_cascade:
            await following.note_sending(connection, run_id, counts.get(Stage.SENT, 0))
            return None
        facts = {
            "run": run_id, "all": sum(counts.values()), "sent": counts.get(Stage.SENT, 0),
            "failed": counts.get(Stage.FAILED, 0), "unknown": counts.get(Stage.UNKNOWN, 0),
            "pending": counts.get(Stage.PENDING, 0),
        }  # fmt: skip
        # Last, because every process that sends this run writes this row.
        return await (await connection.execute(sql.COUNT_RUN, facts)).fetchone()

    async def _count(
        self,
        connection: psycopg.AsyncConnection[Row],
        run_id: int,
        step: int,
        counts: dict[int, int],
        problems: Sequence[Row],
        spent: Spent | None,
    ) -> None:
        told = [row for row in problems if row[1] and row[1] != Reason.OUTSIDE_WINDOW]
        if told:
            await connection.execute(
                sql.COUNT_PROBLEMS,
                {
                    "run": run_id, "step": step, "stages": [r[0] for r in told], "reasons": [r[1] for r in told],
                    "codes": [r[2] or "" for r in told], "counts": [r[3] for r in told],
                    "samples": [r[4] or "" for r in told],
                },
            )  # fmt: skip
        ended = {stage: count for stage, count in counts.items() if stage != Stage.PENDING and count}
        if ended:
            minutes = {"run": run_id, "step": step, "stages": list(ended), "counts": list(ended.values())}
            await connection.execute(sql.COUNT_ACTIVITY, minutes)
        facts = {
            "run": run_id, "step": step, "accepted": counts.get(Stage.SENT, 0),
            "failed": counts.get(Stage.FAILED, 0), "unknown": counts.get(Stage.UNKNOWN, 0),
            "deferred": sum(r[3] for r in told if r[0] == Stage.PENDING),
        }  # fmt: skip
        if spent is None:
            await connection.execute(sql.COUNT_STEP, facts)
        else:
            bill = {"charged": spent.charged, "freed": spent.freed}
            await connection.execute(money.COUNT_STEP, facts | bill)

    async def save_lane(self, spec: LaneSpec, state: LaneState, rate: float, trouble: Trouble | None) -> int:
        facts = {
            "sender": spec.sender_id, "lane": spec.lane, "lanes": spec.lanes, "worker": self._worker_id,
            "rate": rate, "reserved": state.reserved, "aside": state.aside,
            "limits": orjson.dumps(state.limits).decode(),
            "until": trouble.until if trouble else None,
            "reason": trouble.reason.value if trouble else None,
            "detail": arrays.clean(trouble.detail) if trouble else "",
        }  # fmt: skip
        async with self.connection() as connection:
            row = await (await connection.execute(sql.SAVE_LANE, facts)).fetchone()
            if trouble is not None:
                await connection.execute(sql.NOTE_OUTAGE, facts | {"runs": [r.run_id for r in spec.runs]})
                self._troubled.add(spec.key)
            elif spec.key in self._troubled:
                await connection.execute(sql.END_OUTAGE, facts)
                self._troubled.discard(spec.key)
        return int(row[0]) if row is not None else 0

    async def refuse_sender(self, spec: LaneSpec, reason: Reason, detail: str) -> None:
        await _asked(self._workshop.refuse_sender, spec.sender_id, reason, arrays.clean(detail))

    async def pause_campaign(self, run: RunSpec, reason: Reason, detail: str) -> None:
        await _asked(self._workshop.pause_campaign, run.campaign_id, reason, arrays.clean(detail))

    async def fail_run(self, run: RunSpec, sentence: str) -> None:
        await _asked(self._workshop.fail_run, run.run_id, arrays.clean(sentence))


async def _asked(question: Callable[..., T], *arguments: object) -> T:
    """Ask the workshop in a thread. A database that is not there is nobody's fault but its own."""
    try:
        return await asyncio.to_thread(question, *arguments)
    except (OperationalError, InterfaceError) as problem:
        raise StoreDown(str(problem)) from problem
