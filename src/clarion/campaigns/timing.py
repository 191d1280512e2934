"""What may be said of a campaign's timing, and which of it contradicts the rest."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from clarion.campaigns import windows
from clarion.campaigns.models import Campaign, Launch, MissedPolicy, RepeatUnit

#: Seconds.
DELAY_MAX = 3600.0
#: Messages a second.
RATE_MAX = 100_000.0
REPEAT_EVERY_MAX = 1000
REPEAT_COUNT_MAX = 100_000
#: A month: whoever is asked later than that does not remember the campaign.
MISSED_HOURS_MAX = 720

#: What the moments of a recurring campaign follow from.
RULE = frozenset({"starts_at", "zone", "repeat_every", "repeat_unit"})
#: Fields that may also be changed while the campaign is paused.
TIMING = RULE | {
    "auto_start", "ends_at", "repeat_count", "repeat_until", "only_new", "windows", "window_zone",
    "window_is_recipients", "missed_policy", "missed_hours", "error_percent", "delay_min", "delay_max", "rate_limit",
    "weight",
}  # fmt: skip

#: A field, and a sentence about what is wrong with it.
Problem = tuple[str, str]


def completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with what follows from them: one end of recurring takes the other's place."""
    made = dict(values)
    if made.get("repeat_every") == 0:
        made |= {"repeat_unit": "", "repeat_count": None, "repeat_until": None}
    for name, other in (("repeat_count", "repeat_until"), ("repeat_until", "repeat_count")):
        if made.get(name) is not None:
            made.setdefault(other, None)
    return made


def problems(values: Mapping[str, Any], standing: Campaign) -> Iterator[Problem]:
    """Yield what is wrong with the values, in a campaign that says the rest as `standing` does."""
    if "launch" in values and values["launch"] not in Launch.values:
        yield "launch", _("Choose when it is to start.")
    yield from _of_moments(values, standing)
    yield from _of_zones(values)
    yield from _of_recurrence(values, standing)
    yield from _of_windows(values)
    yield from _of_missed(values)
    yield from _of_speed(values, standing)


def _of_moments(values: Mapping[str, Any], standing: Campaign) -> Iterator[Problem]:
    starts_at = values.get("starts_at", standing.starts_at)
    ends_at = values.get("ends_at", standing.ends_at)
    if starts_at is not None and starts_at.tzinfo is None:
        yield "starts_at", _("The start time needs a time zone.")
    elif ends_at is not None and ends_at.tzinfo is None:
        yield "ends_at", _("The end needs a time zone.")
    elif starts_at is not None and ends_at is not None and ends_at <= starts_at:
        yield "ends_at", _("It would end before it starts.")


def _of_zones(values: Mapping[str, Any]) -> Iterator[Problem]:
    if "zone" in values and not _is_zone(values["zone"]):
        yield "zone", _("There is no such time zone.")
    if values.get("window_zone") and not _is_zone(values["window_zone"]):
        yield "window_zone", _("There is no such time zone.")


def _of_recurrence(values: Mapping[str, Any], standing: Campaign) -> Iterator[Problem]:
    every = values.get("repeat_every", standing.repeat_every)
    unit = values.get("repeat_unit", standing.repeat_unit)
    if "repeat_every" in values and not 0 <= every <= REPEAT_EVERY_MAX:
        yield "repeat_every", _("It recurs every 1 to 1,000 minutes, hours, days, weeks or months.")
    elif unit and unit not in RepeatUnit.values:
        yield "repeat_unit", _("It recurs every so many minutes, hours, days, weeks or months.")
    elif ("repeat_every" in values or "repeat_unit" in values) and bool(every) != bool(unit):
        missing = "repeat_unit" if every else "repeat_every"
        yield missing, _("Say how often it recurs: a number, and minutes, hours, days, weeks or months.")
    count, until = values.get("repeat_count"), values.get("repeat_until")
    if count is not None and not 1 <= count <= REPEAT_COUNT_MAX:
        yield "repeat_count", _("It ends after 1 to 100,000 runs.")
    elif count is not None and until is not None:
        yield "repeat_count", _("It ends after so many runs or on a date, not both.")
    if until is not None and _is_before_start(until, values, standing):
        yield "repeat_until", _("Its last day is before its first.")


def _is_before_start(until: date, values: Mapping[str, Any], standing: Campaign) -> bool:
    starts_at: datetime | None = values.get("starts_at", standing.starts_at)
    zone = values.get("zone", standing.zone)
    if starts_at is None or starts_at.tzinfo is None or not _is_zone(zone):
        return False
    return until < starts_at.astimezone(ZoneInfo(zone)).date()


def _of_windows(values: Mapping[str, Any]) -> Iterator[Problem]:
    if "windows" in values:
        try:
            windows.parse(values["windows"])
        except ValueError as error:
            yield "windows", str(error)


def _of_missed(values: Mapping[str, Any]) -> Iterator[Problem]:
    if "missed_policy" in values and values["missed_policy"] not in MissedPolicy.values:
        yield "missed_policy", _("Choose what is to happen when the start is missed.")
    if not 0 <= values.get("missed_hours", 0) <= MISSED_HOURS_MAX:
        yield "missed_hours", _("It starts at most 720 hours late.")
    percent = values.get("error_percent")
    if percent is not None and not 1 <= percent <= 100:
        yield "error_percent", _("A share of errors is 1 to 100 per cent.")


def _of_speed(values: Mapping[str, Any], standing: Campaign) -> Iterator[Problem]:
    low, high = values.get("delay_min", standing.delay_min), values.get("delay_max", standing.delay_max)
    for name, value in (("delay_min", low), ("delay_max", high)):
        if not 0 <= value <= DELAY_MAX:  # also refuses NaN
            yield name, _("A delay is between 0 and 3600 seconds.")
    if low > high:
        yield "delay_max", _("The longest delay is shorter than the shortest.")
    rate = values.get("rate_limit")
    if rate is not None and not 0 < rate <= RATE_MAX:
        yield "rate_limit", _("A speed limit is more than 0 and at most 100,000 a second.")
    if not 1 <= values.get("weight", 1) <= 100:
        yield "weight", _("A weight is between 1 and 100.")


def _is_zone(name: str) -> bool:
    return name in available_timezones()
