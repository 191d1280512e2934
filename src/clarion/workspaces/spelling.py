"""How the language of the moment writes numbers, shares and days: one place for all that people read.

Everything spelt is remembered by language, because pages show the same few numbers and days hundreds of times.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, pgettext

from clarion.lib.sentences import Sentence


def number(value: int | float, places: int | None = None) -> str:
    """1234567 as the language groups it, "1,234,567"; 0.5 with its own decimal mark; 40.0 is 40.

    `places` fixes how many decimals there are.
    """
    if places is None and isinstance(value, float) and value.is_integer():
        value = int(value)
    return _number(value, places, get_language() or "")


def percent(share: float, places: int = 1) -> str:
    """A share of a hundred, "12.5%", with the space before the sign where the language has one."""
    return with_percent_sign(number(share, places))


def with_percent_sign(written: object) -> str:
    """A number that is written already, with the language's per cent sign."""
    return pgettext("a share", "%(n)s%%") % {"n": written}


def percent_sign() -> str:
    """What stands behind a number that is per cent, with its space: for numbers that a script keeps fresh."""
    return with_percent_sign("")


def sentence(made: Sentence) -> str:
    """A sentence that knows no framework, with its numbers, and the sentences inside it, in the language."""
    return gettext(made.pattern) % {name: _value(value) for name, value in made.values.items()}


def _value(value: object) -> str:
    if isinstance(value, Sentence):
        return sentence(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return str(value)


def day(one: date, *, with_year: bool = True) -> str:
    """A day in few letters: "23 Nov 2026"."""
    return _day(one.year, one.month, one.day, with_year, get_language() or "")


def moment(local: datetime) -> str:
    """A moment of a clock that was chosen already, with minutes: "23 Nov 2026, 09:00"."""
    return f"{day(local)}{comma()}{local:%H:%M}"


def comma() -> str:
    """What stands between a day and its time: ", ", in Arabic with its own mark."""
    return _comma(get_language() or "")


def weekday_moment(local: datetime, *, with_year: bool = True) -> str:
    """The same with the day of the week: "Mon 23 Nov 2026, 09:00"."""
    if with_year:
        return date_format(local, pgettext("date format", "D j M Y, H:i"))
    return date_format(local, pgettext("date format", "D j M, H:i"))


@lru_cache(maxsize=16)
def _comma(language: str) -> str:
    return pgettext("between a day and a time", ", ")


@lru_cache(maxsize=4096)
def _number(value: int | float, places: int | None, language: str) -> str:
    # A float as Python writes it, never as 1e-05.
    plain = f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) and places is None else value
    return number_format(plain, places, use_l10n=True, force_grouping=True)


@lru_cache(maxsize=4096)
def _day(year: int, month: int, day_: int, with_year: bool, language: str) -> str:
    pattern = pgettext("date format", "j M Y") if with_year else pgettext("date format", "j M")
    return date_format(date(year, month, day_), pattern)
