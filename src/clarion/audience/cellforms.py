"""What is written in cells: numbers, dates, yes and no, in the forms of many countries; found by looking at a column.

They are read into the one form in which attributes are stored, as texts: `1234.5`, `2026-12-24`, `yes`.

A number such as 1.234 and a date such as 03/04/2026 mean different things in different places. Where no value of the
file decides, that is asked, not guessed.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

TEXT, NUMBER, DATE, YES_NO = "text", "number", "date", "yesno"
KINDS = (TEXT, NUMBER, DATE, YES_NO)
#: The order of day, month and year, where it is not plain.
DAY_FIRST, MONTH_FIRST = "DMY", "MDY"
#: Digits that a number may have before something would be lost.
_DIGITS = 15
#: Values of a column that must agree.
_ENOUGH = 0.98

_NUMBER = re.compile(r"[-+−]?(\d{1,3}(?:([ \u00a0\u202f'’.,])\d{3})(?:\2\d{3})*|\d+)(?:([.,])(\d+))?")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")
_OTHER_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_YES = frozenset(
    [
        "yes",
        "y",
        "true",
        "ja",
        "j",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "sí",
        "sim",
        "tak",
        "prawda",
        "да",
        "истина",
        "evet",
        "doğru",
        "是",
        "はい",
        "نعم",
        "x",
        "✓",
    ]
)
_NO = frozenset(
    [
        "no",
        "n",
        "false",
        "nein",
        "falsch",
        "non",
        "faux",
        "não",
        "nao",
        "nie",
        "fałsz",
        "нет",
        "ложь",
        "hayır",
        "yanlış",
        "否",
        "いいえ",
        "لا",
        "-",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """How cells are to be read. Empty words stand for what is not settled, or not needed."""

    #: Two letters: where phone numbers without a country code belong; empty for the workspace's country.
    country: str = ""
    #: "." or ",".
    decimal: str = ""
    #: DAY_FIRST or MONTH_FIRST, for dates with slashes or dashes.
    dates: str = ""
    #: Variable of a column → its kind; TEXT where it is missing.
    types: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as `from_json` reads it."""
        return {
            "country": self.country, "decimal": self.decimal, "dates": self.dates, "types": dict(self.types),
        }  # fmt: skip

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "Forms":
        """Return what `to_json` described; other keys are left alone."""
        known = {name: facts[name] for name in cls.__slots__ if name in facts}
        return cls(**known)


#: Nothing is known, and every cell a text.
PLAIN = Forms()


def found(names: Sequence[str], sample: Sequence[Sequence[str]]) -> Forms:
    """Return what the columns seem to hold: a kind where every value is of it and none would lose a character's sense.

    `decimal` and `dates` are settled where some value settles them, and empty where they have to be asked.
    """
    types: dict[str, str] = {}
    by_kind: dict[str, list[str]] = {NUMBER: [], DATE: []}
    for index, name in enumerate(names):
        values = [row[index].strip() for row in sample if index < len(row) and row[index].strip()]
        kind = _kind_of(values)
        if kind != TEXT:
            types[name] = kind
            by_kind[kind] += values
    return Forms(
        decimal=_decimal_of(by_kind[NUMBER]), dates=_order_of(by_kind[DATE]), types=types
    )  # fmt: skip


def unsettled(forms: Forms, names: Sequence[str], sample: Sequence[Sequence[str]]) -> set[str]:
    """Return which of "decimal" and "dates" have to be asked before columns of these kinds can be read."""
    asked: set[str] = set()
    for index, name in enumerate(names):
        values = [row[index].strip() for row in sample if index < len(row) and row[index].strip()]
        kind = forms.types.get(name, TEXT)
        if kind == NUMBER and not forms.decimal and any(map(_is_double, values)):
            asked.add("decimal")
        if kind == DATE and not forms.dates and any(map(_needs_order, values)):
            asked.add("dates")
    return asked


def settled(forms: Forms, sample_forms: Forms) -> Forms:
    """Return the forms with what the file's values settle, where nothing was said."""
    return replace(
        forms, decimal=forms.decimal or sample_forms.decimal, dates=forms.dates or sample_forms.dates
    )


def reader(kind: str, forms: Forms) -> Callable[[str], str]:
    """Return the function that gives a cell of the kind its one form. It raises ValueError with a sentence."""
    match kind:
        case "number":
            return lambda value: number(value, forms.decimal)
        case "date":
            return lambda value: date(value, forms.dates)
        case "yesno":
            return yes_no
    return str


def number(value: str, decimal: str = "") -> str:
    """Return the number without groups, with a point before its fraction. Raises ValueError with a sentence."""
    match = _NUMBER.fullmatch(value)
    if match is None:
        raise ValueError(_("This is not a number."))
    whole, group, point, fraction = match[1], match[2], match[3], match[4]
    if point is None and group in (".", ",") and whole.count(group) == 1:
        # One mark with three digits behind it: groups or a fraction.
        if not decimal:
            raise ValueError(_("Say whether the point or the comma parts the fraction."))
        if group == decimal:
            whole, _mark, fraction = whole.partition(group)
    elif (point is not None and (point == group or (decimal and point != decimal))) or (
        point is None and group and group == decimal
    ):
        raise ValueError(_("This is not a number in the form of the others."))
    digits = re.sub(r"\D", "", whole)
    if len(digits) + len(fraction or "") > _DIGITS:
        raise ValueError(_("A number has at most %(limit)s digits. Keep it as text.") % {"limit": _DIGITS})
    read = Decimal(f"{digits}.{fraction or 0}") * (-1 if value[0] in "-−" else 1)
    return f"{read.normalize():f}" if read else "0"


def date(value: str, order: str = "") -> str:
    """Return the date in the form of ISO 8601, with its time where there is one. Raises ValueError with a sentence."""
    if match := _ISO.fullmatch(value):
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        clock = match.groups()[3:]
    elif match := _OTHER_DATE.fullmatch(value):
        day, month = int(match[1]), int(match[3])
        year = int(match[4]) if len(match[4]) == 4 else _century(int(match[4]))
        if match[2] != ".":  # with points the day is first everywhere
            if not order and day <= 12 and month <= 12 and day != month:
                raise ValueError(_("Say whether the day or the month comes first."))
            if order == MONTH_FIRST or (not order and month > 12):
                day, month = month, day
        clock = match.groups()[4:]
    else:
        raise ValueError(_("This is not a date. Write it like 2026-12-24."))
    try:
        found_day = dt.date(year, month, day).isoformat()
        if clock[0] is None:
            return found_day
        at = dt.time(int(clock[0]), int(clock[1]), int(clock[2] or 0))
    except ValueError:
        raise ValueError(_("There is no such day.")) from None
    return f"{found_day}T{at.isoformat(timespec='seconds' if at.second else 'minutes')}"


def yes_no(value: str) -> str:
    """Return "yes" or "no" for a word of one of many languages. Raises ValueError with a sentence."""
    word = value.strip().casefold()
    if word in _YES or word == "1":
        return "yes"
    if word in _NO or word == "0":
        return "no"
    raise ValueError(_("This is neither yes nor no."))


def _kind_of(values: Sequence[str]) -> str:
    """Return the kind of a column. A number that would come back otherwise, such as 007 or 12.50, is a text."""
    if not values:
        return TEXT
    if sum(map(_is_date, values)) >= len(values) * _ENOUGH:
        return DATE
    if all(map(_is_safe_number, values)):
        return NUMBER
    return TEXT


def _is_date(value: str) -> bool:
    if _ISO.fullmatch(value):
        return True
    match = _OTHER_DATE.fullmatch(value)
    return bool(match and (len(match[4]) == 4 or match[2] == "."))


def _is_safe_number(value: str) -> bool:
    match = _NUMBER.fullmatch(value)
    if match is None or value[0] == "+":
        return False
    digits, fraction = re.sub(r"\D", "", match[1]), match[4] or ""
    is_round = (digits == "0" or digits[0] != "0") and not fraction.endswith("0")
    return is_round and len(digits) + len(fraction) <= _DIGITS


def _is_double(value: str) -> bool:
    """Whether the value is a number that means two things, such as 1.234."""
    match = _NUMBER.fullmatch(value)
    return bool(match and match[3] is None and match[2] in (".", ",") and match[1].count(match[2]) == 1)


def _needs_order(value: str) -> bool:
    match = _OTHER_DATE.fullmatch(value)
    return bool(match and match[2] != "." and match[1] != match[3])


def _decimal_of(values: Sequence[str]) -> str:
    """Return the mark of fractions by the values that leave no doubt; empty when none does, or they differ."""
    marks: set[str] = set()
    for value in values:
        match = _NUMBER.fullmatch(value)
        if match is None:
            continue
        if match[3]:
            marks.add(match[3])
        elif match[2] in (".", ",") and match[1].count(match[2]) > 1:
            marks.add("," if match[2] == "." else ".")
    return marks.pop() if len(marks) == 1 else ""


def _order_of(values: Sequence[str]) -> str:
    """Return whether day or month comes first by the values that leave no doubt."""
    orders: set[str] = set()
    for value in values:
        match = _OTHER_DATE.fullmatch(value)
        if match and match[2] != ".":
            if int(match[1]) > 12:
                orders.add(DAY_FIRST)
            if int(match[3]) > 12:
                orders.add(MONTH_FIRST)
    return orders.pop() if len(orders) == 1 else ""


def _century(year: int) -> int:
    """Return the year that two digits mean (POSIX: 69 to 99 are of the 20th century)."""
    return year + (1900 if year > 68 else 2000)
