"""When a campaign is sent, in words: the same on its page, beside the form and in the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from clarion.campaigns.models import Launch, MissedPolicy, RepeatUnit
from clarion.campaigns.states import Status
from clarion.web.middleware import zone_named
from clarion.workspaces import spelling

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign


def moment(at: datetime, zone: str, *, with_zone: bool = True) -> str:
    """Return the moment by the zone's clocks: "Monday 23 November 2026, 09:00 Europe/Berlin"."""
    local = at.astimezone(zone_named(zone))
    words = date_format(local, pgettext("date format", "l j F Y, H:i"))
    return f"{words} {zone}" if with_zone else words


def short_moment(at: datetime, zone: str) -> str:
    """Return the same in few letters: "Mon 23 Nov 2026, 09:00"."""
    return spelling.weekday_moment(at.astimezone(zone_named(zone)))


def day(one: date) -> str:
    """Return a day with its year: "23 Nov 2026"."""
    return spelling.day(one)


def launch(campaign: Campaign, next_at: datetime | None = None) -> str:
    """Return when it starts, one sentence without a full stop. `next_at` is a recurring one's next date."""
    zone = campaign.zone
    match campaign.launch:
        case Launch.NOW:
            if campaign.status in (Status.DRAFT, Status.IN_REVIEW) and campaign.workspace.moderation:
                return (
                    _("As soon as it is approved")
                    if campaign.auto_start
                    else _("By hand, once it is approved")
                )
            return _("As soon as somebody presses Start")
        case Launch.MANUAL:
            return _("When somebody starts it")
        case Launch.RECURRING:
            return _recurring(campaign, next_at or campaign.next_at)
    if campaign.starts_at is None:
        return _("No time is set yet")
    if campaign.launch == Launch.SCHEDULE:
        return moment(campaign.starts_at, zone)
    if campaign.ends_at is None:
        return _("From %(start)s, without an end yet") % {"start": moment(campaign.starts_at, zone)}
    span = {
        "start": short_moment(campaign.starts_at, zone),
        "end": short_moment(campaign.ends_at, zone),
        "zone": zone,
    }
    if campaign.launch == Launch.SPREAD:
        return _("A share each day from %(start)s to %(end)s %(zone)s") % span
    return _("To whoever is pushed from %(start)s to %(end)s %(zone)s") % span


def _recurring(campaign: Campaign, next_at: datetime | None) -> str:
    if campaign.starts_at is None or not campaign.repeat_every:
        return _("Its dates are not set yet")
    words = repeat(campaign)
    is_over = campaign.status in (Status.COMPLETED, Status.CANCELLED, Status.EXPIRED)
    if next_at is not None and not is_over:
        words = _("%(words)s, next on %(when)s") % {
            "words": words, "when": short_moment(next_at, campaign.zone)
        }  # fmt: skip
    return f"{words} {campaign.zone}"


def repeat(campaign: Campaign) -> str:
    """Return a recurrence in words: "Every 2 weeks on Monday at 09:00, 10 times"."""
    assert campaign.starts_at is not None  # noqa: S101 - asked for before
    start = campaign.starts_at.astimezone(zone_named(campaign.zone))
    values = {
        "every": _every(campaign.repeat_every, campaign.repeat_unit),
        "day": str(WEEKDAYS[start.weekday()]),
        "number": start.day,
        "time": f"{start:%H:%M}",
    }
    match campaign.repeat_unit:
        case RepeatUnit.WEEK:
            words = _("%(every)s on %(day)s at %(time)s") % values
        case RepeatUnit.MONTH if start.day > 28:
            words = _("%(every)s on day %(number)s, or the last day of a shorter month, at %(time)s") % values
        case RepeatUnit.MONTH:
            words = _("%(every)s on day %(number)s at %(time)s") % values
        case RepeatUnit.DAY:
            words = _("%(every)s at %(time)s") % values
        case _unit:
            words = str(values["every"])
    if campaign.repeat_count is not None:
        n = campaign.repeat_count
        words += ngettext(", %(n)d time", ", %(n)d times", n) % {"n": n}
    if campaign.repeat_until is not None:
        words += _(", until %(day)s") % {"day": day(campaign.repeat_until)}
    return words


def _every(n: int, unit: str) -> str:
    if n == 1:
        return {
            RepeatUnit.MINUTE: _("Every minute"),
            RepeatUnit.HOUR: _("Every hour"),
            RepeatUnit.DAY: _("Every day"),
            RepeatUnit.WEEK: _("Every week"),
            RepeatUnit.MONTH: _("Every month"),
        }[RepeatUnit(unit)]
    sentences = {
        RepeatUnit.MINUTE: ngettext("Every %(n)d minute", "Every %(n)d minutes", n),
        RepeatUnit.HOUR: ngettext("Every %(n)d hour", "Every %(n)d hours", n),
        RepeatUnit.DAY: ngettext("Every %(n)d day", "Every %(n)d days", n),
        RepeatUnit.WEEK: ngettext("Every %(n)d week", "Every %(n)d weeks", n),
        RepeatUnit.MONTH: ngettext("Every %(n)d month", "Every %(n)d months", n),
    }
    return sentences[RepeatUnit(unit)] % {"n": n}


def hours(windows: Sequence[Mapping[str, Any]], zone: str, *, is_recipients: bool = False) -> str:
    """Return sending hours in words: "09:00–12:00, 14:00–18:00 Mon–Fri Europe/Berlin"; "" for always."""
    if not windows:
        return ""
    of_days: dict[str, list[str]] = {}
    for one in windows:
        of_days.setdefault(days(one["days"]), []).append(f"{one['from']}–{one['to']}")
    ranges = [f"{', '.join(times)} {words}" for words, times in of_days.items()]
    where = _("where the recipient lives, else %(zone)s") % {"zone": zone} if is_recipients else zone
    return _("%(ranges)s %(where)s") % {"ranges": _listed(ranges), "where": where}


def hours_of(campaign: Campaign) -> str:
    """Return the campaign's sending hours in words; "" when it sends at any hour."""
    zone = campaign.window_zone or campaign.zone
    return hours(campaign.windows, zone, is_recipients=campaign.window_is_recipients)


def days(chosen: Iterable[int]) -> str:
    """Return days of the week in few letters: "Mon–Fri", "Sat, Sun", "every day"."""
    numbers = sorted(set(chosen))
    if len(numbers) == 7:
        return _("every day")
    found = []
    for _gap, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _index, number in group]
        first, last = str(WEEKDAYS_ABBR[run[0]]), str(WEEKDAYS_ABBR[run[-1]])
        found += [f"{first}–{last}"] if len(run) > 2 else [str(WEEKDAYS_ABBR[number]) for number in run]
    return ", ".join(found)


def missed(campaign: Campaign) -> str:
    """Return what happens when nothing was running at its time."""
    if campaign.missed_policy == MissedPolicy.LATE:
        n = campaign.missed_hours
        return ngettext("Sent late, up to %(n)d hour", "Sent late, up to %(n)d hours", n) % {"n": n}
    if campaign.missed_policy == MissedPolicy.NEXT:
        return (
            _("Waits for the next date")
            if campaign.launch == Launch.RECURRING
            else _("Waits for the next sending window")
        )
    return _("Somebody is asked")


def whole(campaign: Campaign, next_at: datetime | None = None) -> str:
    """Return start and sending hours in one line: "Every day at 09:00 UTC; sends 09:00–18:00 Mon–Fri UTC".

    Of one that was started by hand only the hours still count.
    """
    said = hours_of(campaign)
    if said and campaign.started_at is not None and campaign.launch in (Launch.NOW, Launch.MANUAL):
        return _("Sends %(hours)s") % {"hours": said}
    words = launch(campaign, next_at)
    return _("%(launch)s; sends %(hours)s") % {"launch": words, "hours": said} if said else words


def is_timed(campaign: Campaign) -> bool:
    """Whether there is more to say of its timing than that somebody starts it."""
    return campaign.launch not in (Launch.NOW, Launch.MANUAL) or bool(campaign.windows)


def length_note(length: timedelta) -> str:
    """Return what is to be said of a day that has not 24 hours; "" for all others."""
    hours_ = length / timedelta(hours=1)
    if hours_ == 24:
        return ""
    return _("%(n)s hours: the clocks change") % {"n": spelling.number(hours_)}


def _listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return _("%(several)s and %(last)s") % {"several": ", ".join(words[:-1]), "last": words[-1]}
