"""Where a run's pending messages are, by its counters and cursors: nothing here reads the big tables.

Of the waiting list at most SAMPLE rows are read, by their index. Where that is not all, and where people left out
stand between those not yet released, the numbers are estimates; their sum is true all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection

from clarion.deliveries import queries, tiers
from clarion.deliveries.models import Run, RunStep

#: Rows of the waiting list that are read at most.
SAMPLE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Messages that wait for a moment, for one reason (`engine.outcomes.Reason`; None when given back unsent)."""

    reason: int | None
    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBacklog:
    """Pending messages of one step."""

    step: int
    sender_id: int
    #: Nothing of the run holds these: never tried yet, or due again.
    ready: int = 0
    #: Behind the run's release: for a later day of a spread, or for a second approval.
    unreleased: int = 0
    waiting: Sequence[Put] = field(default_factory=tuple)

    @property
    def total(self) -> int:
        return self.ready + self.unreleased + sum(put.count for put in self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """All pending messages of a run; the steps' totals add up to `pending`."""

    pending: int
    steps: Sequence[StepBacklog]
    is_estimate: bool
    #: Of a cascade: people whose messages have left and whose receipts are waited for, by step.
    awaiting: Sequence[tuple[int, Put]] = ()


_WAITING = """
select step, reason, not_before <= now(), count(*)::int, min(not_before), max(not_before)
from (select step, reason, not_before from deliveries_waiting
      where run_id = %s order by step, not_before limit %s) w
group by 1, 2, 3 order by 1, 5
"""


def backlog(run: Run) -> Backlog:
    """Return where the run's pending messages are. Two queries."""
    rows = queries.lean_steps(run)
    if run.is_cascade and run.pending:
        return cascade_backlog(run, rows)
    if not rows or not run.pending:
        steps = [StepBacklog(step=row.step, sender_id=row.sender_id) for row in rows]
        return Backlog(pending=0, steps=steps, is_estimate=False)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [run.pk, SAMPLE])
        found = cursor.fetchall()
    counted = sum(row[3] for row in found)
    ahead = [max(0, run.last_recipient_id - row.cursor) for row in rows]
    is_cut = counted >= SAMPLE
    waiting = min(run.pending, max(counted, run.pending - sum(ahead)) if is_cut else counted)
    counts = fitted([row[3] for row in found], waiting)
    unclaimed = (
        fitted(ahead, run.pending - waiting)
        if sum(ahead)
        else [run.pending - waiting] + [0] * (len(rows) - 1)
    )
    held = [_unreleased(run, row, count) for row, count in zip(rows, unclaimed, strict=True)]
    steps = [
        StepBacklog(
            step=row.step,
            sender_id=row.sender_id,
            ready=count
            - later
            + sum(n for n, w in zip(counts, found, strict=True) if w[0] == row.step and w[2]),
            unreleased=later,
            waiting=[
                Put(reason=w[1], count=n, first=w[4], last=w[5])
                for n, w in zip(counts, found, strict=True)
                if w[0] == row.step and not w[2] and n
            ],
        )
        for row, count, later in zip(rows, unclaimed, held, strict=True)
    ]
    is_uneven = run.skipped > 0 and any(
        0 < later < count for later, count in zip(held, unclaimed, strict=True)
    )
    return Backlog(pending=run.pending, steps=_complete(steps, run.pending), is_estimate=is_cut or is_uneven)


#: Whose receipts are waited for, of how many people, by the last step that went to them: of a sample.
AWAITED = 2_000
_AWAITED = """
select max(d.id & 15)::int, l.look_at from (
    select recipient_id, look_at from deliveries_look
    where run_id = %(run)s and look_at > now() order by look_at limit %(sample)s) l
join deliveries_delivery d on d.run_id = %(run)s and d.id between l.recipient_id * 16 and l.recipient_id * 16 + 15
where d.stage in (2, 5) group by l.recipient_id, l.look_at
"""
_AWAITED_COUNT = """
select count(*)::int from (
    select from deliveries_look where run_id = %(run)s and look_at > now() limit %(most)s) l
"""


def cascade_backlog(run: Run, rows: Sequence[RunStep]) -> Backlog:
    """Return where a cascade's messages are: those under way by their steps' counters, and who is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [run.pk, SAMPLE])
        found = cursor.fetchall()
        cursor.execute(_AWAITED_COUNT, {"run": run.pk, "most": SAMPLE})
        (awaited,) = cursor.fetchone()
        cursor.execute(_AWAITED, {"run": run.pk, "sample": AWAITED})
        seen = cursor.fetchall()
    steps = [_step_of_cascade(run, row, [w for w in found if w[0] == row.step and not w[2]]) for row in rows]
    by_step: dict[int, list[datetime]] = {}
    for step, at in seen:
        by_step.setdefault(step, []).append(at)
    shares = fitted([len(moments) for moments in by_step.values()], awaited)
    awaiting = [
        (step, Put(reason=None, count=n, first=min(moments), last=max(moments)))
        for (step, moments), n in zip(by_step.items(), shares, strict=True)
    ]
    total = sum(one.total for one in steps) + sum(put.count for _step, put in awaiting)
    return Backlog(pending=total, steps=steps, is_estimate=awaited > len(seen), awaiting=awaiting)


def _step_of_cascade(run: Run, row: RunStep, waiting: Sequence[Sequence[Any]]) -> StepBacklog:
    under_way = max(0, row.made - row.accepted - row.failed - row.unknown - row.dropped)
    counts = [w[3] for w in waiting]
    counts = fitted(counts, min(under_way, sum(counts)))
    left = under_way - sum(counts)
    later = min(left, _unreleased(run, row, left)) if row.cursor < tiers.EVERYBODY else 0
    put = [
        Put(reason=w[1], count=n, first=w[4], last=w[5]) for n, w in zip(counts, waiting, strict=True) if n
    ]
    return StepBacklog(
        step=row.step, sender_id=row.sender_id, ready=left - later, unreleased=later, waiting=put
    )


def _unreleased(run: Run, step: RunStep, unclaimed: int) -> int:
    """Return how many of a step's unclaimed messages are for people who may not be sent to yet."""
    if run.released_id is None or run.last_recipient_id <= step.cursor:
        return 0
    later = run.last_recipient_id - max(step.cursor, run.released_id)
    return max(0, unclaimed * later // (run.last_recipient_id - step.cursor))


def fitted(counts: Sequence[int], total: int) -> list[int]:
    """Return the counts scaled to that sum, each in proportion; all zero when they are."""
    have = sum(counts)
    if have == total or not have:
        return list(counts)
    scaled = [count * total // have for count in counts]
    by_rest = sorted(range(len(counts)), key=lambda i: -(counts[i] * total % have))
    for i in by_rest[: total - sum(scaled)]:
        scaled[i] += 1
    return scaled


def _complete(steps: list[StepBacklog], pending: int) -> list[StepBacklog]:
    """Count what no place was found for as ready: a row may have moved between two readings."""
    missing = pending - sum(step.total for step in steps)
    return [replace(steps[0], ready=max(0, steps[0].ready + missing)), *steps[1:]] if missing else steps
