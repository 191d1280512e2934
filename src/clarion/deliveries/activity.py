"""What a run did minute by minute, hour by hour or day by day, in a zone's own hours and days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import connection

from clarion.deliveries.models import Run
from clarion.deliveries.states import Stage


class Span(StrEnum):
    """How much time one column of the chart stands for."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


#: The most columns of a chart, and how many it has at least, so that one minute's work is not one broad block.
COLUMNS = {Span.MINUTE: 60, Span.HOUR: 48, Span.DAY: 31}
FEWEST = {Span.MINUTE: 15, Span.HOUR: 12, Span.DAY: 7}


#: Hours that the columns reach back, and one to spare for a change of the clocks.
_BACK_HOURS = {
    Span.MINUTE: COLUMNS[Span.MINUTE] // 60 + 1,
    Span.HOUR: COLUMNS[Span.HOUR] + 1,
    Span.DAY: COLUMNS[Span.DAY] * 24 + 1,
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many messages ended how from `start` (aware, in the zone) on, for one span."""

    start: datetime
    sent: int = 0
    failed: int = 0
    unknown: int = 0


#: The first and the last minute of each step are found by the key; what would not fit into the columns is left out.
_ACTIVITY = """
with bounds as materialized (
    select min(first.minute) as oldest, max(last.minute) as newest
      from deliveries_runstep s
      cross join lateral (select minute from deliveries_activity a where a.run_id = %(run)s and a.step = s.step
                           order by minute limit 1) first
      cross join lateral (select minute from deliveries_activity a where a.run_id = %(run)s and a.step = s.step
                           order by minute desc limit 1) last
     where s.run_id = %(run)s
)
select date_trunc(%(span)s, a.minute, %(zone)s), a.stage, sum(a.count), min(bounds.oldest)
  from bounds, deliveries_runstep s, deliveries_activity a
 where s.run_id = %(run)s and a.run_id = %(run)s and a.step = s.step
   and a.minute > bounds.newest - make_interval(hours => %(hours)s) group by 1, 2
"""


def activity(run: Run, span: Span, zone: str) -> list[Bucket]:
    """Return the run's last columns, oldest first, without gaps; empty when nothing was sent yet. One query."""
    place = ZoneInfo(zone)
    counts: dict[datetime, dict[int, int]] = {}
    oldest = datetime.max.replace(tzinfo=place)
    with connection.cursor() as cursor:
        cursor.execute(
            _ACTIVITY, {"span": span.value, "zone": zone, "run": run.pk, "hours": _BACK_HOURS[span]}
        )
        for start, stage, count, first in cursor.fetchall():
            oldest = first.astimezone(place)
            counts.setdefault(start.astimezone(place), {})[stage] = int(count)
    if not counts:
        return []
    starts = _starts(oldest, max(counts), span)
    return [
        Bucket(
            start,
            sent=counts.get(start, {}).get(Stage.SENT, 0),
            failed=counts.get(start, {}).get(Stage.FAILED, 0),
            unknown=counts.get(start, {}).get(Stage.UNKNOWN, 0),
        )
        for start in starts
    ]


def fitting_span(run: Run) -> Span:
    """Return the span that shows a run of this length best."""
    if run.first_sent_at is None:
        return Span.HOUR
    length = (run.last_sent_at or run.first_sent_at) - run.first_sent_at
    if length <= timedelta(minutes=COLUMNS[Span.MINUTE]):
        return Span.MINUTE
    return Span.HOUR if length <= timedelta(hours=COLUMNS[Span.HOUR]) else Span.DAY


def _starts(first: datetime, last: datetime, span: Span) -> Sequence[datetime]:
    """Return the beginnings of the columns up to `last`, at least FEWEST and at most COLUMNS of them."""
    starts = [last]
    while len(starts) < COLUMNS[span] and starts[-1] > first:
        starts.append(_neighbour(starts[-1], span, -1))
    starts.reverse()
    while len(starts) < FEWEST[span]:
        starts.append(_neighbour(starts[-1], span, 1))
    return starts


def _neighbour(start: datetime, span: Span, by: int) -> datetime:
    """Return the next or the previous column's beginning: days by the calendar, the others by the clock."""
    if span is Span.DAY:
        # Midnight stays midnight over a change of the clocks: arithmetic within a zone is by the wall clock.
        return start + timedelta(days=by)
    step = timedelta(hours=by) if span is Span.HOUR else timedelta(minutes=by)
    zone = start.tzinfo
    return (start.astimezone(ZoneInfo("UTC")) + step).astimezone(zone)
