"""Ending runs that were called off: what is still pending becomes cancelled or expired, in chunks."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Q

from clarion.campaigns.states import Status
from clarion.deliveries import locks, looking, operations, tiers
from clarion.deliveries.models import Run
from clarion.deliveries.states import STEPS, Stage

CHUNK = 10_000

#: What pending recipients become when the campaign ends like this.
_STAGES = {
    Status.CANCELLED: Stage.CANCELLED,
    Status.STOPPED: Stage.CANCELLED,
    Status.FAILED: Stage.CANCELLED,
    Status.EXPIRED: Stage.EXPIRED,
}

_WAITING = """
with w as (
    delete from deliveries_waiting
    where run_id = %(run)s and delivery_id in (
        select delivery_id from deliveries_waiting where run_id = %(run)s limit %(chunk)s)
    returning delivery_id
), u as (
    update deliveries_delivery d set stage = %(stage)s, problem = %(stage)s, ended_at = now()
    from w where d.run_id = %(run)s and d.id = w.delivery_id and d.stage = 0
    returning 1
)
select (select count(*)::int from w), (select count(*)::int from u)
"""

_MOVE_CURSOR = """
update deliveries_runstep t set cursor = least(was.cursor + %(chunk)s, r.last_recipient_id)
from (select cursor from deliveries_runstep where run_id = %(run)s and step = %(step)s for update) was,
     deliveries_run r
where t.run_id = %(run)s and t.step = %(step)s and r.id = %(run)s and was.cursor < r.last_recipient_id
returning was.cursor, t.cursor
"""

_RANGE = """
with u as (
    update deliveries_delivery d set stage = %(stage)s, problem = %(stage)s, ended_at = now()
    where d.run_id = %(run)s and d.id between %(low)s and %(high)s and d.id & 15 = %(step)s and d.stage = 0
    returning 1
)
select count(*)::int from u
"""

#: In a cascade people are counted when they are looked at, which whoever lost a message is.
_OF_CASCADE = """
, l as (
    insert into deliveries_look (run_id, recipient_id, look_at)
    select distinct %(run)s, id >> 4, now() from u order by 2
    on conflict (run_id, recipient_id) do update set look_at = least(deliveries_look.look_at, excluded.look_at)
), s as (
    select (id & 15)::int as step, count(*)::int as n from u group by 1
)
select {removed}, (select jsonb_object_agg(step, n)::text from s)
"""
_WAITING_CASCADE = _WAITING.replace("returning 1", "returning d.id").replace(
    "\nselect (select count(*)::int from w), (select count(*)::int from u)\n",
    _OF_CASCADE.format(removed="(select count(*)::int from w)"),
)
_RANGE_CASCADE = _RANGE.replace("returning 1", "returning d.id").replace(
    "\nselect count(*)::int from u\n", _OF_CASCADE.format(removed="0")
)

_COUNT = """
update deliveries_run
set pending = pending - %(count)s,
    cancelled = cancelled + case when %(stage)s = 7 then %(count)s else 0 end,
    expired = expired + case when %(stage)s = 8 then %(count)s else 0 end
where id = %(run)s
"""


def ended() -> list[Run]:
    """Return every open run whose campaign has ended before it, or was launched again since."""
    over = Q(campaign__status__in=list(_STAGES)) | Q(closing_stage__isnull=False)
    return list(Run.objects.filter(over, finished_at=None).select_related("campaign").order_by("pk"))


def close(run: Run, *, seconds: float = float("inf")) -> bool:
    """Settle what is pending in a run that was called off, and finish it when nothing is in flight any more.

    Works for about so long; returns whether there is more to do.
    """
    until = time.monotonic() + seconds
    stage = _STAGES.get(Status(run.campaign.status), Stage.CANCELLED)
    with transaction.atomic():
        locks.hold_building(run.pk)
        row = Run.objects.select_for_update().get(pk=run.pk)
        if row.closing_stage is None:
            Run.objects.filter(pk=run.pk).update(closing_stage=stage)
        if row.built_at is None:
            # The builder makes its next chunk under the same lock, and sees the stage.
            with connection.cursor() as cursor:
                cursor.execute("update deliveries_run set built_at = now() where id = %s", [run.pk])
    stage = Stage(row.closing_stage or stage)
    steps = list(run.steps.values_list("step", flat=True))
    sweeps: list[Callable[[], bool]] = [partial(_sweep_waiting, run.pk, stage, is_cascade=row.is_cascade)]
    sweeps += [partial(_sweep_ahead, run.pk, step, stage, is_cascade=row.is_cascade) for step in steps]
    if row.is_cascade:
        sweeps.append(lambda: looking.look(run, is_closing=True) > 0)
    for sweep in sweeps:
        while sweep():
            if time.monotonic() >= until:
                return True
    operations.finish_run(run.pk)
    return False


@transaction.atomic
def _sweep_waiting(run_id: int, stage: Stage, *, is_cascade: bool) -> bool:
    facts = {"run": run_id, "stage": stage.value, "chunk": CHUNK}
    with connection.cursor() as cursor:
        if is_cascade:
            cursor.execute(_WAITING_CASCADE, facts)
            removed, counts = cursor.fetchone()
            _drop(cursor, run_id, counts)
            return bool(removed)
        cursor.execute(_WAITING, facts)
        removed, count = cursor.fetchone()
        if count:
            cursor.execute(_COUNT, facts | {"count": count})
    return bool(removed)


@transaction.atomic
def _sweep_ahead(run_id: int, step: int, stage: Stage, *, is_cascade: bool) -> bool:
    facts = {"run": run_id, "step": step, "stage": stage.value, "chunk": CHUNK}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_CURSOR, facts)
        moved = cursor.fetchone()
        if moved is None:
            return False
        low, high = moved
        facts |= {"low": (low + 1) * STEPS, "high": high * STEPS + STEPS - 1}
        if is_cascade:
            cursor.execute(_RANGE_CASCADE, facts)
            _drop(cursor, run_id, cursor.fetchone()[1])
            return True
        cursor.execute(_RANGE, facts)
        (count,) = cursor.fetchone()
        if count:
            cursor.execute(_COUNT, facts | {"count": count})
    return True


def _drop(cursor: Any, run_id: int, counts: str | None) -> None:
    if counts:
        tiers.drop(cursor, run_id, {int(step): count for step, count in orjson.loads(counts).items()})
