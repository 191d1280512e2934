"""When a recurring campaign is due: occurrences counted from its first, in its own zone.

Days, weeks and months keep the wall clock: a time that the clocks skip moves forward by as much as they skip, one
that they show twice is the first of the two. Minutes and hours are elapsed time. Months count from the first
occurrence, so the 31st falls on the last day of shorter months without drifting. Nothing here walks from the first
occurrence to a far one.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign

_ELAPSED = {"MINUTE": timedelta(minutes=1), "HOUR": timedelta(hours=1)}
_DAYS = {"DAY": 1, "WEEK": 7}
#: Occurrences looked at beside an estimate: no zone has ever moved its clocks by more than a day.
_SLACK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Every so many units from `start`. `unit` is a value of RepeatUnit, `every` at least 1."""

    start: datetime
    zone: str
    every: int
    unit: str
    #: So many occurrences; None for no such end.
    count: int | None = None
    #: The last day, by the zone's calendar, that may have one.
    until: date | None = None
    #: No occurrence is at or after this moment.
    before: datetime | None = None

    def __post_init__(self) -> None:
        # Two moments of one zone are compared and subtracted by their wall clocks.
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "before", self.before.astimezone(UTC) if self.before else None)


def rule_of(campaign: Campaign) -> Rule | None:
    """Return the campaign's rule; None while it does not say from when and how often."""
    if campaign.starts_at is None or not campaign.repeat_every:
        return None
    return Rule(
        start=campaign.starts_at,
        zone=campaign.zone,
        every=campaign.repeat_every,
        unit=campaign.repeat_unit,
        count=campaign.repeat_count,
        until=campaign.repeat_until,
        before=campaign.ends_at,
    )


def occurrence(rule: Rule, n: int) -> datetime | None:
    """Return the moment of occurrence `n`, the first being 0, in UTC; None when there is none (any more)."""
    at = _moment(rule, n)
    return None if at is None or _is_over(rule, n, at) else at


def next_after(rule: Rule, at: datetime) -> tuple[int, datetime] | None:
    """Return number and moment of the first occurrence after `at`; None when there is none."""
    n = _first_after(rule, at.astimezone(UTC))
    moment = occurrence(rule, n) if n is not None else None
    return None if n is None or moment is None else (n, moment)


def latest(rule: Rule, at: datetime) -> tuple[int, datetime] | None:
    """Return number and moment of the last occurrence at or before `at`; None when there is none yet."""
    ends = [at.astimezone(UTC)]
    if rule.before is not None:
        ends.append(rule.before - timedelta(microseconds=1))
    if rule.until is not None and rule.until < date.max:
        midnight = datetime.combine(rule.until + timedelta(days=1), time())
        ends.append(_in_utc(midnight, rule.zone) - timedelta(microseconds=1))
    following = _first_after(rule, min(ends))
    last = min((n for n in (following, rule.count) if n is not None), default=0) - 1
    moment = _moment(rule, last)
    return None if moment is None else (last, moment)


def between(rule: Rule, first: datetime, last: datetime, limit: int) -> list[tuple[int, datetime]]:
    """Return the occurrences from `first` to before `last`, at most so many."""
    found: list[tuple[int, datetime]] = []
    n = _first_after(rule, first.astimezone(UTC) - timedelta(microseconds=1))
    while n is not None and len(found) < limit:
        moment = occurrence(rule, n)
        if moment is None or moment >= last:
            break
        # Where a whole day was skipped, its occurrence falls on the next one.
        if not found or found[-1][1] != moment:
            found.append((n, moment))
        n += 1
    return found


def _is_over(rule: Rule, n: int, at: datetime) -> bool:
    return (
        (rule.count is not None and n >= rule.count)
        or (rule.before is not None and at >= rule.before)
        or (rule.until is not None and at.astimezone(ZoneInfo(rule.zone)).date() > rule.until)
    )


def _moment(rule: Rule, n: int) -> datetime | None:
    """Return when occurrence `n` would be, were there no end; None before the first and after the year 9999."""
    if n <= 0:
        return rule.start if n == 0 else None
    try:
        if rule.unit in _ELAPSED:
            return rule.start + n * rule.every * _ELAPSED[rule.unit]
        anchor = _wall_clock(rule.start, rule.zone)
        if rule.unit in _DAYS:
            return _in_utc(anchor + timedelta(days=n * rule.every * _DAYS[rule.unit]), rule.zone)
        return _in_utc(_months_later(anchor, n * rule.every), rule.zone)
    except (OverflowError, ValueError):
        return None


def _first_after(rule: Rule, at: datetime) -> int | None:
    """Return the number of the first occurrence after `at`, in UTC, were there no end; None after the year 9999."""
    if at < rule.start:
        return 0
    if rule.unit in _ELAPSED:
        return (at - rule.start) // (rule.every * _ELAPSED[rule.unit]) + 1
    anchor, there = _wall_clock(rule.start, rule.zone), _wall_clock(at, rule.zone)
    if rule.unit in _DAYS:
        estimate = (there.date() - anchor.date()).days // (rule.every * _DAYS[rule.unit])
    else:
        estimate = ((there.year - anchor.year) * 12 + there.month - anchor.month) // rule.every
    n = max(0, estimate - _SLACK)
    while (moment := _moment(rule, n)) is not None:
        if moment > at:
            return n
        n += 1
    return None


def _wall_clock(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _in_utc(wall_clock: datetime, zone: str) -> datetime:
    # The first of two readings; in a gap the offset before it, which is later by the gap's length (PEP 495).
    return wall_clock.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def _months_later(anchor: datetime, months: int) -> datetime:
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)
