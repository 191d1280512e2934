"""What waits in runs under way heeds addresses that were suppressed since: by hand, by a file, by whichever way.

New suppressions are read from their table in the order of their numbers, by one process at a time, and what waits for
their addresses is skipped by the door of those who opt out. That is done twice: at once with what can be seen, and
again when whoever wrote meanwhile is done. For a suppression may be committed after one with a higher number, and a
message may be made by somebody who could not see the suppression yet. A suppression that was taken back is not there
any more by then; what was skipped stays so.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from clarion.audience import locks
from clarion.audience.queries import arrivals
from clarion.deliveries import optout
from clarion.deliveries.models import Heeded, Run, RunStep

#: Suppressions looked at at a time, and addresses skipped in one transaction.
CHUNK = 5_000
ADDRESSES = 500
#: Waited for twice: for those who wrote suppressions, and then for those who could not see these yet.
TURNS = 2
#: First key of the lock under which one process does it.
_LOCK_SPACE = 0x48454544

#: (workspace, channel) → (run, steps) that may have something waiting.
Open = dict[tuple[int, str], list[tuple[Run, list[int]]]]

_NEW = """
select id, workspace_id, channel, address from audience_suppression
where id > %s and id <= %s order by id limit %s
"""

#: Which of these addresses something waits for. By their index, one by one: there are few of them in a large run.
_WAITING = """
select s.address from unnest(%(addresses)s::text[]) s(address)
cross join lateral (
    select id from deliveries_recipient r
    where r.run_id = %(run)s and r.address = s.address and r.skip is null limit 1
) r
cross join lateral (
    select 1 from deliveries_delivery d
    where d.run_id = %(run)s and d.id between r.id * 16 and r.id * 16 + 15 and d.stage = 0 limit 1
) d
"""
_WAITING_CASCADE = """
select s.address from unnest(%(addresses)s::text[]) s(address)
cross join lateral (
    select 1 from deliveries_delivery d
    where d.run_id = %(run)s and d.address = s.address and d.id & 15 = any(%(steps)s::smallint[]) and d.stage = 0
    limit 1
) d
"""


def heed(*, seconds: float = float("inf"), stopping: Callable[[], bool] = lambda: False) -> bool:
    """Skip what waits for addresses that were suppressed since; return whether there is more to do now.

    Works for about so long; another process, or a later one, goes on. When nothing came that is two short questions.
    """
    state = Heeded.objects.first() or Heeded()
    if state.mark is None and max(arrivals.newest_suppression(), state.seen) <= state.low:
        return False
    until = time.monotonic() + seconds
    with locks.work_lock(_LOCK_SPACE, 1) as is_ours:
        return is_ours and _go_on(lambda: time.monotonic() >= until or stopping())


def _go_on(is_enough: Callable[[], bool]) -> bool:
    state, _is_new = Heeded.objects.get_or_create(pk=1)
    waiting = _open_steps()
    newest = arrivals.newest_suppression()
    while state.seen < newest:
        state.seen = _go_through(waiting, state.seen, newest)
        state.save(update_fields=["seen"])
        if is_enough():
            return True
    if state.mark is None and state.seen > state.low:
        # In this order: the moment is later than the numbers.
        state.mark, state.turns, state.at = state.seen, 0, arrivals.moment()
    elif state.at is not None and not arrivals.is_written_since(state.at):
        state.turns += 1
        state.at = arrivals.moment()
    while state.mark is not None and state.turns >= TURNS:
        state.low = _go_through(waiting, state.low, state.mark)
        if state.low >= state.mark:
            state.mark = state.at = None
        state.save()
        if is_enough():
            return True
    state.save()
    return False


def _open_steps() -> Open:
    """Return the steps of runs that somebody is pending in, the cascades' among them."""
    found: dict[tuple[int, str], dict[int, tuple[Run, list[int]]]] = {}
    steps = RunStep.objects.filter(run__finished_at=None, run__closing_stage=None, run__pending__gt=0)
    steps = steps.select_related("run").only("step", "channel", "run__workspace_id", "run__is_cascade")
    for step in steps.order_by("run_id", "step"):
        runs = found.setdefault((step.run.workspace_id, step.channel), {})
        runs.setdefault(step.run_id, (step.run, []))[1].append(step.step)
    return {key: list(runs.values()) for key, runs in found.items()}


def _go_through(waiting: Open, after: int, last: int) -> int:
    """Heed the next suppressions up to the last; return the number up to which that is done."""
    if not waiting:
        return last
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [after, last, CHUNK])
        rows = cursor.fetchall()
    found: dict[tuple[int, str], list[str]] = {}
    for _id, workspace_id, channel, address in rows:
        found.setdefault((workspace_id, channel), []).append(address)
    for key, addresses in found.items():
        for run, steps in waiting.get(key, ()):
            _skip(run, steps, addresses)
    return int(rows[-1][0]) if len(rows) == CHUNK else last


def _skip(run: Run, steps: Sequence[int], addresses: Sequence[str]) -> None:
    facts: dict[str, Any] = {"run": run.pk, "steps": list(steps), "addresses": list(addresses)}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_CASCADE if run.is_cascade else _WAITING, facts)
        these = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(these), ADDRESSES):
        optout.skip_in_run(run.pk, steps, *these[start : start + ADDRESSES], waits=False)
