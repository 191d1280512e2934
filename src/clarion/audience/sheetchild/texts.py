"""A cell's value as a person sees it; of dates and times the ISO 8601 form."""

import datetime as dt
import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Any

#: Digits that a spreadsheet shows of a number.
_DIGITS = 15
#: Numbers that are written as they are shown, if they have no more characters than these.
_AS_SHOWN = re.compile(r"0|-?(?:[1-9][0-9]{0,14}|(?:0|[1-9][0-9]*)\.[0-9]*[1-9])")
_SHORT = 16
#: Characters of a date and time with a fraction of a second and all.
_LONGEST_MOMENT = 40
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d{1,6})\d*)?S)?)?", re.ASCII
)
#: Days are counted from here, from March 1900 on; the program that began it took 1900 for a leap year.
_EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zones
_MARCH_1900 = 60
_TO_1904 = 1462


def text_of(value: object) -> str:
    """Return the text of what is a text, a number, yes or no, a date, a time, both, or a duration."""
    return _TEXTS.get(type(value), str)(value)


def of_number(text: str) -> str:
    """Return how a number is shown that is written so. ValueError when it is none."""
    if len(text) <= _SHORT and _AS_SHOWN.fullmatch(text):
        return text
    return _of_float(number(text))


def number(text: str) -> float:
    """Return the number that is written so. ValueError when it is none; Python's own separators are none."""
    if "_" in text:
        raise ValueError(text)
    return float(text)


@lru_cache(maxsize=10_000)
def of_day(days: float, is_1904: bool) -> str:
    """Return the date, time or both that a spreadsheet counts as so many days."""
    try:
        since = days + _TO_1904 if is_1904 else days
        moment = _EPOCH + dt.timedelta(
            milliseconds=round((since if since >= _MARCH_1900 else since + 1) * 86_400_000)
        )
    except (OverflowError, ValueError):
        return _of_float(days)
    if days < 1:
        return _of_time(moment.time())
    return moment.date().isoformat() if days.is_integer() else _of_moment(moment)


def of_days(days: float) -> str:
    """Return the duration of so many days."""
    try:
        return _of_duration(dt.timedelta(milliseconds=round(days * 86_400_000)))
    except (OverflowError, ValueError):
        return _of_float(days)


def of_iso(text: str) -> str:
    """Return the date, time or both that are written so; anything else as it is."""
    return _of_iso(text) if len(text) <= _LONGEST_MOMENT else text


@lru_cache(maxsize=10_000)
def _of_iso(text: str) -> str:
    read: Callable[[str], Any] = dt.date.fromisoformat
    if "T" in text:
        read = dt.datetime.fromisoformat
    elif ":" in text:
        read = dt.time.fromisoformat
    try:
        value = read(text)
    except ValueError:
        return text
    return text if getattr(value, "tzinfo", None) else text_of(value)


def of_iso_duration(text: str) -> str:
    """Return the time of a day, or a longer duration, that is written so; anything else as it is."""
    found = _DURATION.fullmatch(text)
    if not found:
        return text
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:5])
    micros = int((found[6] or "").ljust(6, "0"))
    span = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    if found[1]:
        return _of_duration(-span)
    return _of_duration(span) if span.days else _of_time((_EPOCH + span).time())


def _of_float(value: float) -> str:
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if not -1e21 < value < 1e21:
        return repr(value)
    return format(Decimal(format(value, f".{_DIGITS}g")), "f")


def _of_moment(value: dt.datetime) -> str:
    # Days are kept as fractions of which a second is no exact one.
    with suppress(OverflowError):
        value = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    if not (value.hour or value.minute or value.second):
        return value.date().isoformat()
    return value.replace(microsecond=0).isoformat(sep=" ", timespec="seconds" if value.second else "minutes")


def _of_time(value: dt.time) -> str:
    moment = dt.datetime.combine(dt.date(2000, 1, 1), value)
    rounded = (moment + dt.timedelta(microseconds=500_000)).time()
    return rounded.isoformat(timespec="seconds" if rounded.second else "minutes")


def _of_duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    minutes, second = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{second:02}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: _of_float,
    dt.datetime: _of_moment,
    dt.date: dt.date.isoformat,
    dt.time: _of_time,
    dt.timedelta: _of_duration,
}
