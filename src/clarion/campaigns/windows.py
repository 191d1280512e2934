"""Sending hours: on which days of the week, from when to when by the clock on the wall, and what follows from it.

Hours are wall-clock hours: a range that the clocks jump over in spring is not there that day, and one that they run
through twice in autumn is open twice. Every answer is exact to the second, in UTC.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from clarion.workspaces import spelling

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
#: So many ranges are more than anybody means.
RANGES_MAX = 50
#: An opening is looked for so far ahead: a clock change can swallow a weekly one, but not two in a row.
_AHEAD = timedelta(days=22)
#: No zone changes its clocks there and back within this.
_STRIDE = timedelta(hours=6)
_MINUTE = timedelta(minutes=1)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """When it is open. `ranges` are minutes of the week, from Monday's midnight: sorted, apart, half open.

    Moments are aware; a naive one raises ValueError. Zones are names; one that is not there raises
    ZoneInfoNotFoundError.
    """

    ranges: tuple[tuple[int, int], ...]

    @property
    def is_always(self) -> bool:
        """Whether it never closes."""
        return self.ranges == ((0, MINUTES_A_WEEK),)

    def is_open(self, at: datetime, zone: str) -> bool:
        """Whether it is open at that moment, by the clocks of the zone."""
        local = _aware(at).astimezone(ZoneInfo(zone))
        minute = local.weekday() * MINUTES_A_DAY + local.hour * 60 + local.minute
        return any(low <= minute < high for low, high in self.ranges)

    def next_open(self, at: datetime, zone: str) -> datetime | None:
        """Return the first open moment from `at` on: `at` itself while it is open. None if it never opens."""
        if self.is_open(at, zone):
            return at
        return next((start for start, _end in self.spans(at, at + _AHEAD, zone)), None)

    def closes_at(self, at: datetime, zone: str) -> datetime | None:
        """Return the first closed moment from `at` on: `at` itself while it is closed. None if it never closes."""
        if self.is_always:
            return None
        if not self.is_open(at, zone):
            return at
        return next(end for _start, end in self.spans(at, at + _AHEAD, zone))

    def seconds_between(self, first: datetime, last: datetime, zone: str) -> float:
        """Return for how many seconds it is open between the two moments; 0.0 when `last` is not later."""
        return sum((end - start).total_seconds() for start, end in self.spans(first, last, zone))

    def spans(self, first: datetime, last: datetime, zone: str) -> Iterator[Span]:
        """Yield when it is open between the two moments, in order, in UTC. Spans that touch are one."""
        held: Span | None = None
        for start, end in self._pieces(_aware(first).astimezone(UTC), _aware(last).astimezone(UTC), zone):
            if held is not None and held[1] == start:
                held = (held[0], end)
                continue
            if held is not None:
                yield held
            held = (start, end)
        if held is not None:
            yield held

    def _pieces(self, first: datetime, last: datetime, zone: str) -> Iterator[Span]:
        """Yield the same, cut where a clock changes and at some moments more."""
        if self.is_always:
            if first < last:
                yield first, last
            return
        for start, end, offset in _steady(first, last, ZoneInfo(zone)):
            local = (start + offset).replace(tzinfo=None)
            monday = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(local.weekday())
            for week in (monday, monday + timedelta(7)):
                for low, high in self.ranges:
                    opens = (week + low * _MINUTE).replace(tzinfo=UTC) - offset
                    closes = (week + high * _MINUTE).replace(tzinfo=UTC) - offset
                    if opens < end and closes > start:
                        yield max(opens, start), min(closes, end)


ALWAYS = Hours(((0, MINUTES_A_WEEK),))


def parse(said: Sequence[Any]) -> Hours:
    """Return the hours that a campaign's `windows` say; none are all hours.

    Each is {"days": [0 to 6, 0 is Monday], "from": "09:00", "to": "18:00"}. One that ends before it begins goes on
    into the next day; "24:00" is a day's end. Those that overlap or touch are joined. Raises ValueError with a
    sentence.
    """
    if not isinstance(said, list | tuple):
        raise ValueError(_("Sending hours are a list of ranges."))
    if len(said) > RANGES_MAX:
        raise ValueError(_("There are at most %(n)d ranges of sending hours.") % {"n": RANGES_MAX})
    if not said:
        return ALWAYS
    found: list[tuple[int, int]] = []
    for one in said:
        if not isinstance(one, dict) or set(one) != {"days", "from", "to"}:
            raise ValueError(_("A range of sending hours has days, a beginning and an end."))
        low, high = _minute(one["from"]), _minute(one["to"], is_end=True)
        if low == high:
            raise ValueError(
                _("Sending hours begin and end at the same time. A whole day is 00:00 to 24:00.")
            )
        for day in _days(one["days"]):
            begin = day * MINUTES_A_DAY + low
            found.append((begin, begin + (high - low if high > low else high - low + MINUTES_A_DAY)))
    return Hours(_joined(found))


def told(at: datetime, zone: str) -> str:
    """Return a moment for people, by the clocks of a zone."""
    return f"{spelling.weekday_moment(at.astimezone(ZoneInfo(zone)), with_year=False)} ({zone})"


def _days(said: Any) -> list[int]:
    if not isinstance(said, list | tuple) or not said:
        raise ValueError(_("Choose at least one day of the week for the sending hours."))
    if any(type(day) is not int or not 0 <= day <= 6 for day in said):
        raise ValueError(_("A day of the week is a number from 0, Monday, to 6, Sunday."))
    return list(said)


def _minute(said: Any, *, is_end: bool = False) -> int:
    """Return the minute of the day that "HH:MM" names."""
    if is_end and said == "24:00":
        return MINUTES_A_DAY
    match = _CLOCK.fullmatch(said) if isinstance(said, str) else None
    if match is None:
        raise ValueError(_("Write a time of the sending hours like 09:00."))
    return int(match[1]) * 60 + int(match[2])


def _joined(found: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the ranges within one week, sorted, with none that overlap or touch."""
    cut: list[tuple[int, int]] = []
    for low, high in found:
        cut.append((low, min(high, MINUTES_A_WEEK)))
        if high > MINUTES_A_WEEK:  # from Sunday into Monday
            cut.append((0, high - MINUTES_A_WEEK))
    joined: list[tuple[int, int]] = []
    for low, high in sorted(cut):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _steady(
    first: datetime, last: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the time between two moments in pieces in which the zone's clocks do not change, and by how much."""
    start = first
    while start < last:
        end = min(start + _STRIDE, last)
        edges = [start, *_changes(start, end, zone), end]
        for low, high in pairwise(edges):
            if low < high:
                yield low, high, _offset(low, zone)
        start = end


def _changes(start: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the moment between the two at which the clocks change, if they do; found by halving."""
    before = _offset(start, zone)
    if before == _offset(end, zone):
        return []
    low, high = start, end
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return [high]


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - an aware moment has one
    return offset


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment needs a zone")
    return at
