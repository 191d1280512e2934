"""What waits in runs under way heeds who is not to be written to any more, by whichever way that came about.

Two streams are followed: addresses that were suppressed, in the order of their numbers, and contacts who are not to be
contacted, in the order of their last change. One process at a time reads what is new, and what waits for these
addresses is skipped by the door of those who opt out. That is done twice: at once with what can be seen, and again
when whoever wrote meanwhile is done. For a row may be committed after one that stands behind it, and a message may be
made by somebody who could not see it yet. What was taken back is not there any more by then; what was skipped stays so.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from clarion.audience import locks
from clarion.audience.queries import arrivals
from clarion.channels import registry
from clarion.deliveries import building, optout
from clarion.deliveries.models import Heeded, Run, RunStep
from clarion.deliveries.states import Skip

#: Rows looked at at a time, and addresses skipped in one transaction.
CHUNK = 5_000
ADDRESSES = 500
#: Waited for twice: for those who wrote suppressions, and then for those who could not see these yet.
TURNS = 2
#: First key of the lock under which one process does it.
_LOCK_SPACE = 0x48454544
#: Clocks of our hosts may differ by so many microseconds.
_SKEW = 5_000_000

#: (workspace, channel or kind of address) → (run, steps) that may have something waiting.
Open = dict[tuple[int, str], list[tuple[Run, list[int]]]]

#: (place, workspace, channel or kind of address, address), in the order of places, all of the last place.
Row = tuple[int, int, str, str]

_SUPPRESSED = """
select id, workspace_id, channel, address from audience_suppression
where id > %s and id <= %s order by id limit %s
"""
_NEWEST_BARRED = """
select (extract(epoch from max(updated_at)) * 1000000)::bigint from audience_contact where state = 'DO_NOT_CONTACT'
"""
_BARRED = """
with lately as (
    select id, workspace_id, (extract(epoch from updated_at) * 1000000)::bigint as place, email, phone
    from audience_contact where state = 'DO_NOT_CONTACT' and updated_at > %s and updated_at <= %s
    order by updated_at fetch first (%s) rows with ties
)
select place, workspace_id, kind, address from (
    select place, workspace_id, v.kind, v.address
    from lately cross join lateral (values ('email', email::text), ('phone', phone::text)) v(kind, address)
    union all
    select place, lately.workspace_id, a.kind, a.address from lately join audience_address a on a.contact_id = lately.id
) e where address <> '' order by place
"""

#: Which of these addresses something waits for. By their index, one by one: there are few of them in a large run.
_WAITING = f"select s.address from unnest(%(addresses)s::text[]) s(address) {building.STILL_PENDING}"
_WAITING_CASCADE = """
select s.address from unnest(%(addresses)s::text[]) s(address)
cross join lateral (
    select 1 from deliveries_delivery d
    where d.run_id = %(run)s and d.address = s.address and d.id & 15 = any(%(steps)s::smallint[]) and d.stage = 0
    limit 1
) d
"""


class Stream(ABC):
    """Rows of which what waits for their addresses is skipped."""

    id: int
    #: How far behind a place there may be rows that came later.
    slack = 0
    why = Skip.SUPPRESSED

    @abstractmethod
    def newest(self) -> int:
        """Return the last place; 0 when there is nothing."""

    @abstractmethod
    def read(self, after: int, last: int) -> tuple[list[Row], int]:
        """Return the next rows and the place up to which that is all; `last` at the end."""

    @abstractmethod
    def key_of(self, channel: str) -> str:
        """Return what its rows call the addresses of a channel."""


class Suppressed(Stream):
    """Addresses that were suppressed."""

    id = 1

    def newest(self) -> int:
        return arrivals.newest_suppression()

    def read(self, after: int, last: int) -> tuple[list[Row], int]:
        rows = _rows(_SUPPRESSED, [after, last, CHUNK])
        return rows, rows[-1][0] if len(rows) == CHUNK else last

    def key_of(self, channel: str) -> str:
        return channel


class Barred(Stream):
    """Contacts who are not to be contacted, with all their addresses. Places are microseconds of their last change."""

    id = 2
    slack = _SKEW
    why = Skip.DO_NOT_CONTACT

    def newest(self) -> int:
        return int(_rows(_NEWEST_BARRED)[0][0] or 0)

    def read(self, after: int, last: int) -> tuple[list[Row], int]:
        rows = _rows(_BARRED, [_moment(after), _moment(last), CHUNK])
        return rows, rows[-1][0] if rows else last

    def key_of(self, channel: str) -> str:
        return registry.get(channel).address_kind


STREAMS: tuple[Stream, ...] = (Suppressed(), Barred())


def _rows(statement: str, parameters: Any = ()) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _moment(place: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=max(place, 0))


def heed(*, seconds: float = float("inf"), stopping: Callable[[], bool] = lambda: False) -> bool:
    """Skip what waits for whoever is not to be written to since; return whether there is more to do now.

    Works for about so long; another process, or a later one, goes on. When nothing came that is three short questions.
    """
    states = {state.id: state for state in Heeded.objects.all()}
    until = time.monotonic() + seconds
    more = False
    for stream in STREAMS:
        state = states.get(stream.id) or Heeded()
        if state.mark is None and max(stream.newest(), state.seen) <= state.low:
            continue
        with locks.work_lock(_LOCK_SPACE, stream.id) as is_ours:
            more = (is_ours and _go_on(stream, lambda: time.monotonic() >= until or stopping())) or more
    return more


def _go_on(stream: Stream, is_enough: Callable[[], bool]) -> bool:
    state, _is_new = Heeded.objects.get_or_create(pk=stream.id)
    waiting = _open_steps(stream)
    newest = stream.newest()
    while state.seen < newest:
        state.seen = _go_through(stream, waiting, state.seen, newest)
        state.save(update_fields=["seen"])
        if is_enough():
            return True
    if state.mark is None and state.seen > state.low:
        # In this order: the moment is later than what was seen.
        state.mark, state.turns, state.at = state.seen, 0, arrivals.moment()
    elif state.at is not None and not arrivals.is_written_since(state.at):
        state.turns += 1
        state.at = arrivals.moment()
        state.low -= stream.slack if state.turns == TURNS else 0
    while state.mark is not None and state.turns >= TURNS:
        state.low = _go_through(stream, waiting, state.low, state.mark)
        if state.low >= state.mark:
            state.mark = state.at = None
        state.save()
        if is_enough():
            return True
    state.save()
    return False


def _open_steps(stream: Stream) -> Open:
    """Return the steps of runs that somebody is pending in, the cascades' among them."""
    found: dict[tuple[int, str], dict[int, tuple[Run, list[int]]]] = {}
    steps = RunStep.objects.filter(run__finished_at=None, run__closing_stage=None, run__pending__gt=0)
    steps = steps.select_related("run").only("step", "channel", "run__workspace_id", "run__is_cascade")
    for step in steps.order_by("run_id", "step"):
        runs = found.setdefault((step.run.workspace_id, stream.key_of(step.channel)), {})
        runs.setdefault(step.run_id, (step.run, []))[1].append(step.step)
    return {key: list(runs.values()) for key, runs in found.items()}


def _go_through(stream: Stream, waiting: Open, after: int, last: int) -> int:
    """Heed the next rows up to the last place; return the place up to which that is done."""
    if not waiting:
        return last
    rows, done = stream.read(after, last)
    found: dict[tuple[int, str], list[str]] = {}
    for _place, workspace_id, name, address in rows:
        found.setdefault((workspace_id, name), []).append(address)
    for key, addresses in found.items():
        for run, steps in waiting.get(key, []):
            _skip(run, steps, addresses, stream.why)
    return done


def _skip(run: Run, steps: Sequence[int], addresses: Sequence[str], why: Skip) -> None:
    facts: dict[str, Any] = {"run": run.pk, "steps": list(steps), "addresses": list(addresses)}
    these = [row[0] for row in _rows(_WAITING_CASCADE if run.is_cascade else _WAITING, facts)]
    for start in range(0, len(these), ADDRESSES):
        optout.skip_in_run(run.pk, steps, *these[start : start + ADDRESSES], waits=False, why=why)
