"""The calendar as days and what stands on them: weeks, lanes for what lasts, and what is one too many."""

from __future__ import annotations

import calendar as months
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language, ngettext, pgettext

from clarion.deliveries.calendar import Entry, day_bounds
from clarion.web import statuses, timing_words


class View(StrEnum):
    MONTH = "month"
    WEEK = "week"
    #: Where "+3 more" leads: all of one day.
    DAY = "day"


#: What a day shows before "+3 more", and how many bars lie one below the other.
SHOWN = {View.MONTH: 4, View.WEEK: 12, View.DAY: 500}
LANES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A campaign on a day. `anchor` is its element's id; `from_at` names the date when it is moved."""

    anchor: str
    name: str
    url: str
    time: str
    status: str
    tone: str
    icon: str
    label: str
    channels: Sequence[str]
    #: "96×": how often on this day, and the same as a sentence.
    times: str = ""
    times_title: str = ""
    is_repeated: bool = False
    from_at: str = ""
    move_url: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A piece of what lasts several days, within one week: it begins on the day that holds it."""

    item: Item
    days: int
    begins_here: bool
    ends_here: bool


@dataclass(slots=True, kw_only=True)
class Day:
    """A day of the grid. `lanes` has a bar where one begins, None where one goes on or nothing is."""

    date: date
    title: str
    is_today: bool
    is_outside: bool
    is_first: bool
    note: str
    url: str
    lanes: list[Bar | None] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    more: int = 0

    @property
    def count(self) -> int:
        return len(self.items) + len([one for one in self.lanes if one]) + self.more


def first_weekday(locale: str) -> int:
    """Return the first day of the week, 0 for Monday: the locale's where it is the reader's language, else that's."""
    language = get_language() or "en"
    known = locale if locale.split("-")[0].split("_")[0] == language.split("-")[0] else language
    # Django counts from Sunday.
    return (int(get_format("FIRST_DAY_OF_WEEK", lang=known)) - 1) % 7


def span(view: View, day: date, weekday: int) -> tuple[date, date]:
    """Return the first and the last day that the view shows: whole weeks for a month."""
    if view is View.DAY:
        return day, day
    if view is View.WEEK:
        begin = _week_begin(day, weekday)
        return begin, begin + timedelta(days=6)
    first = day.replace(day=1)
    last = first.replace(day=months.monthrange(first.year, first.month)[1])
    return _week_begin(first, weekday), _week_begin(last, weekday) + timedelta(days=6)


def neighbour(view: View, day: date, step: int) -> date:
    """Return a day of the view before (-1) or after (1)."""
    if view is not View.MONTH:
        return day + timedelta(days=step * (7 if view is View.WEEK else 1))
    year, month = divmod(day.year * 12 + day.month - 1 + step, 12)
    return date(year, month + 1, 1)


def title(view: View, day: date, first: date, last: date) -> str:
    """Return what the view is called: "November 2026", "23–29 November 2026"."""
    if view is View.MONTH:
        return date_format(day, "YEAR_MONTH_FORMAT")
    if view is View.DAY:
        return date_format(day, pgettext("date format", "l j F Y"))
    end = date_format(last, pgettext("date format", "j F Y"))
    if first.month == last.month:
        return f"{first.day}–{end}"
    short = pgettext("date format", "j F") if first.year == last.year else pgettext("date format", "j F Y")
    return f"{date_format(first, short)} – {end}"


def weekdays(weekday: int) -> list[tuple[str, str]]:
    """Return the names of the days of the week, whole and short, in order."""
    return [(str(WEEKDAYS[n % 7]), str(WEEKDAYS_ABBR[n % 7])) for n in range(weekday, weekday + 7)]


def weeks(
    found: Iterable[Entry],
    view: View,
    day: date,
    *,
    zone: str,
    today: date,
    weekday: int,
    item_of: Callable[[Entry, date], Item],
    day_url: Callable[[date], str],
) -> list[list[Day]]:
    """Return the view's days in rows of a week, each with what stands on it."""
    first, last = span(view, day, weekday)
    points: dict[date, list[Entry]] = defaultdict(list)
    bars: list[tuple[date, date, Entry]] = []
    for one in found:
        begin = local_day(one.begins_at, zone)
        if one.ends_at is not None and local_day(one.ends_at, zone) > begin:
            bars.append((begin, local_day(one.ends_at, zone), one))
        else:
            points[begin].append(one)
    days = [
        _day(first + timedelta(days=n), view, day, zone=zone, today=today, day_url=day_url)
        for n in range((last - first).days + 1)
    ]
    rows = [days[n : n + 7] for n in range(0, len(days), 7)]
    for row in rows:
        _lay_bars(row, bars, item_of, LANES if view is View.MONTH else SHOWN[view])
        for one_day in row:
            _put_points(one_day, points[one_day.date], item_of, SHOWN[view])
    return rows


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def item(entry: Entry, day: date, *, zone: str, url: str, move_url: str) -> Item:
    """Return how the calendar shows an entry on a day; `move_url` is empty for what cannot be moved."""
    look = statuses.look(statuses.key_of(entry.status))
    more = entry.count - 1
    return Item(
        anchor=f"on-{entry.campaign.public_id}-{day:%Y%m%d}",
        name=entry.campaign.name,
        url=url,
        time=f"{entry.begins_at.astimezone(ZoneInfo(zone)):%H:%M}",
        status=statuses.key_of(entry.status),
        tone=look.tone,
        icon=look.icon,
        label=str(look.label),
        channels=entry.channels,
        times=f"{entry.count}×" if more else "",
        times_title=ngettext("and %(n)d more time this day", "and %(n)d more times this day", more)
        % {"n": more}
        if more
        else "",
        is_repeated=entry.campaign.launch == "RECURRING",
        from_at=entry.begins_at.isoformat() if move_url else "",
        move_url=move_url,
        day=local_day(entry.begins_at, zone).isoformat(),
    )


def _week_begin(day: date, weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - weekday) % 7)


def _day(
    one: date, view: View, shown: date, *, zone: str, today: date, day_url: Callable[[date], str]
) -> Day:
    begin, end = day_bounds(one, zone)
    return Day(
        date=one,
        title=date_format(one, pgettext("date format", "l j F")),
        is_today=one == today,
        is_outside=view is View.MONTH and one.month != shown.month,
        is_first=one.day == 1,
        note=timing_words.length_note(end - begin),
        url=day_url(one),
    )


def _lay_bars(
    row: list[Day],
    bars: list[tuple[date, date, Entry]],
    item_of: Callable[[Entry, date], Item],
    most: int,
) -> None:
    """Put the pieces of bars into a week's lanes, each in the first that is free over all its days."""
    taken: list[set[int]] = []
    for begin, end, entry in sorted(bars, key=lambda bar: (bar[0], bar[0] - bar[1], bar[2].campaign.pk)):
        from_, to = max(begin, row[0].date), min(end, row[-1].date)
        if from_ > to:
            continue
        places = set(range((from_ - row[0].date).days, (to - row[0].date).days + 1))
        lane = next((n for n, used in enumerate(taken) if not used & places), len(taken))
        if lane >= most:
            for place in places:
                row[place].more += 1
            continue
        if lane == len(taken):
            taken.append(set())
        taken[lane] |= places
        for place in places:
            lanes = row[place].lanes
            lanes.extend([None] * (lane + 1 - len(lanes)))
        row[min(places)].lanes[lane] = Bar(
            item=item_of(entry, from_),
            days=len(places),
            begins_here=from_ == begin,
            ends_here=to == end,
        )


def _put_points(day: Day, found: list[Entry], item_of: Callable[[Entry, date], Item], most: int) -> None:
    """Put what begins on the day below its bars, as far as there is room."""
    room = max(1, most - len(day.lanes))
    if len(found) + len(day.lanes) > most or day.more:
        room = max(1, room - 1) if len(found) > room else room
    day.items = [item_of(one, day.date) for one in found[:room]]
    day.more += len(found) - len(day.items)
