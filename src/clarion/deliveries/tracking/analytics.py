"""What came of a run's messages: rates, links, hours. From counters alone, however many people it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from clarion.deliveries.models import Link, Run, RunStep, Tracking

#: Columns of the chart at most: hours, or days when they would not do.
MOST_HOURS = 48
MOST_DAYS = 60
#: And at least, so that one hour is not one broad block.
FEWEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResults:
    """Messages of one step; `tracked` is None where nothing of them is followed."""

    step: RunStep
    tracked: Tracking | None

    def share(self, part: int, whole: int) -> float | None:
        """Return a share in per cent; None where there is nothing to be a share of."""
        return 100 * part / whole if whole > 0 else None

    @property
    def delivered(self) -> int | None:
        return self.step.delivered or None

    @property
    def opened(self) -> int | None:
        """People who opened it; None where nothing tells of that."""
        tells = self.tracked is not None and self.tracked.follows_opens
        return self.step.read if tells or self.step.read else None

    @property
    def clicked(self) -> int | None:
        """People who followed a link; None where none was followed."""
        tells = self.tracked is not None and self.tracked.follows_links
        return self.step.clicked if tells or self.step.clicked else None

    @property
    def replied(self) -> int | None:
        return self.step.replied or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What people did from `start` (aware, in the zone) on, for an hour or a day."""

    start: datetime
    opens: int = 0
    clicks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    columns: Sequence[Column]
    is_by_day: bool
    #: There was more after the last column.
    is_cut: bool


def results(run: Run) -> list[StepResults]:
    """Return the run's steps with what came of their messages. Two queries."""
    tracked = {one.step: one for one in Tracking.objects.filter(run=run)}
    steps = RunStep.objects.filter(run=run).order_by("step").defer("content")
    return [StepResults(step=step, tracked=tracked.get(step.step)) for step in steps]


def links(run: Run) -> list[Link]:
    """Return the run's links, those that most people followed first."""
    return list(Link.objects.filter(run=run).order_by("-people", "-clicks", "step", "number"))


_COURSE = """
select date_trunc(%(span)s, q.quarter, %(zone)s), sum(q.opens)::int, sum(q.clicks)::int
from deliveries_trackedquarter q join deliveries_runstep s on s.run_id = %(run)s and s.step = q.step
where q.run_id = %(run)s group by 1 order by 1
"""


def course(run: Run, zone: str) -> Course | None:
    """Return when people opened and clicked, without gaps from the sending on; None when nobody did."""
    place = ZoneInfo(zone)
    for span, most in (("hour", MOST_HOURS), ("day", MOST_DAYS)):
        with connection.cursor() as cursor:
            cursor.execute(_COURSE, {"run": run.pk, "zone": zone, "span": span})
            found = {start.astimezone(place): (opens, clicks) for start, opens, clicks in cursor.fetchall()}
        if not found:
            return None
        starts = _starts(run, min(found), max(found), place, is_by_day=span == "day", most=most + 1)
        if len(starts) <= most or span == "day":
            break
    columns = [
        Column(start=at, opens=found.get(at, (0, 0))[0], clicks=found.get(at, (0, 0))[1]) for at in starts
    ]
    return Course(columns=columns[:most], is_by_day=span == "day", is_cut=len(starts) > most)


def _starts(
    run: Run, first: datetime, last: datetime, place: ZoneInfo, *, is_by_day: bool, most: int
) -> list[datetime]:
    """Return the beginnings of the columns, at most so many."""
    began = (run.first_sent_at or first).astimezone(place)
    began = began.replace(hour=0 if is_by_day else began.hour, minute=0, second=0, microsecond=0)
    at = min(began, first)
    starts = [at]
    utc = ZoneInfo("UTC")
    while (at < last or len(starts) < FEWEST) and len(starts) < most:
        # Days by the wall clock, whatever the clocks do meanwhile; hours by the time that passes.
        next_hour = (at.astimezone(utc) + timedelta(hours=1)).astimezone(place)
        at = at + timedelta(days=1) if is_by_day else next_hour
        starts.append(at)
    return starts
