"""Ending runs that were called off: what is still pending becomes cancelled or expired, in chunks."""

import time
from functools import partial

from django.db import connection, transaction
from django.db.models import Q

from clarion.campaigns.states import Status
from clarion.deliveries import locks, operations
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
    sweeps = [partial(_sweep_waiting, run.pk, stage)]
    sweeps += [partial(_sweep_ahead, run.pk, step, stage) for step in steps]
    for sweep in sweeps:
        while sweep():
            if time.monotonic() >= until:
                return True
    operations.finish_run(run.pk)
    return False


@transaction.atomic
def _sweep_waiting(run_id: int, stage: Stage) -> bool:
    facts = {"run": run_id, "stage": stage.value, "chunk": CHUNK}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, facts)
        removed, count = cursor.fetchone()
        if count:
            cursor.execute(_COUNT, facts | {"count": count})
    return bool(removed)


@transaction.atomic
def _sweep_ahead(run_id: int, step: int, stage: Stage) -> bool:
    facts = {"run": run_id, "step": step, "stage": stage.value, "chunk": CHUNK}
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_CURSOR, facts)
        moved = cursor.fetchone()
        if moved is None:
            return False
        low, high = moved
        cursor.execute(_RANGE, facts | {"low": (low + 1) * STEPS, "high": high * STEPS + STEPS - 1})
        (count,) = cursor.fetchone()
        if count:
            cursor.execute(_COUNT, facts | {"count": count})
    return True
