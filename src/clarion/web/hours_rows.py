"""Sending hours as rows of a form: weekdays and a range each, added and removed with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.campaigns.windows import RANGES_MAX
from clarion.web.calendar_grid import first_weekday

COUNT = "hours-count"
#: What "Office hours" fills in.
OFFICE = {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}
_MIDNIGHT = time()
_REMOVE = re.compile(r"hours_remove:(\d{1,2})")


class HoursRow(forms.Form):
    """A range on some days of the week. A row in which nothing is said is left out."""

    use_required_attribute = False

    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    begins = forms.TimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M"),
    )
    ends = forms.TimeField(
        label=gettext_lazy("To"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "input"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, locale: str = "en", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = first_weekday(locale)
        field = self.fields["days"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101
        field.choices = [(n % 7, WEEKDAYS_ABBR[n % 7]) for n in range(first, first + 7)]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        begins, ends, days = data.get("begins"), data.get("ends"), data.get("days")
        if self.errors or (begins is None and ends is None and not days):
            return data
        if not days:
            self.add_error("days", _("Choose at least one day."))
        if begins is None:
            self.add_error("begins", _("Say from when."))
        if ends is None:
            self.add_error("ends", _("Say until when."))
        elif begins == ends and begins != _MIDNIGHT:
            self.add_error("ends", _("It begins and ends at the same time; a whole day is 00:00 to 00:00."))
        return data

    @property
    def number(self) -> str:
        """What its inputs' names hold."""
        return str(self.prefix).removeprefix("hours-")

    @property
    def window(self) -> dict[str, Any] | None:
        """What a campaign keeps of a valid row; None for an empty one."""
        begins, ends, days = (self.cleaned_data[name] for name in ("begins", "ends", "days"))
        if begins is None or ends is None or not days:
            return None
        until = "24:00" if ends == _MIDNIGHT else f"{ends:%H:%M}"
        return {"days": sorted(days), "from": f"{begins:%H:%M}", "to": until}


class HoursRows:
    """The rows, from what was posted or from what is saved."""

    def __init__(
        self, data: Mapping[str, Any] | None, windows: Sequence[Mapping[str, Any]], *, locale: str
    ) -> None:
        self.locale = locale
        if data is None or COUNT not in data:
            self.is_bound = False
            self.rows = [
                HoursRow(prefix=_prefix(n), initial=_initial(one), locale=locale)
                for n, one in enumerate(windows or [OFFICE])
            ]
        else:
            self.is_bound = True
            numbers = [n for n in range(_count(data)) if _is_there(data, n)]
            self.rows = [HoursRow(data, prefix=_prefix(n), locale=locale) for n in numbers]

    @property
    def count(self) -> int:
        """How many numbers are taken; the next row gets this one."""
        return 1 + max((int(row.number) for row in self.rows), default=-1)

    @property
    def blank(self) -> HoursRow:
        """The row that a script puts in, with __n__ for its number."""
        return HoursRow(prefix=_prefix("__n__"), locale=self.locale)

    def is_valid(self) -> bool:
        return not self.is_bound or all(row.is_valid() for row in self.rows)

    @property
    def windows(self) -> list[dict[str, Any]]:
        return [window for row in self.rows if (window := row.window) is not None]

    @property
    def errors(self) -> dict[str, list[str]]:
        """Sentences by the name of the input they belong to."""
        return {
            f"{row.prefix}-{name}": [str(sentence) for sentence in sentences]
            for row in self.rows
            for name, sentences in row.errors.items()
        }


def changed(data: QueryDict) -> QueryDict | None:
    """Return what was posted with the rows that its `do` button asked for; None when it asked for no such thing."""
    asked = data.get("do", "")
    removed = _REMOVE.fullmatch(asked)
    if asked not in ("hours_add", "hours_office") and not removed:
        return None
    made = data.copy()
    if asked == "hours_office":
        for n in range(_count(data)):
            _clear(made, n)
        _put(made, 0, OFFICE)
        made[COUNT] = "1"
    elif removed:
        _clear(made, int(removed[1]))
    elif _count(data) < RANGES_MAX:
        made.setlist(f"{_prefix(_count(data))}-row", ["1"])
        made[COUNT] = str(_count(data) + 1)
    made["hours"] = "set"
    return made


def _prefix(n: int | str) -> str:
    return f"hours-{n}"


def _count(data: Mapping[str, Any]) -> int:
    typed = str(data.get(COUNT, ""))
    return min(int(typed), RANGES_MAX) if typed.isascii() and typed.isdigit() and len(typed) < 5 else 0


def _is_there(data: Mapping[str, Any], n: int) -> bool:
    return any(f"{_prefix(n)}-{name}" in data for name in ("row", "begins", "ends", "days"))


def _clear(data: QueryDict, n: int) -> None:
    for name in ("row", "begins", "ends", "days"):
        data.pop(f"{_prefix(n)}-{name}", None)


def _put(data: QueryDict, n: int, window: Mapping[str, Any]) -> None:
    data.setlist(f"{_prefix(n)}-days", [str(day) for day in window["days"]])
    data[f"{_prefix(n)}-begins"], data[f"{_prefix(n)}-ends"] = window["from"], window["to"]


def _initial(window: Mapping[str, Any]) -> dict[str, Any]:
    until = "00:00" if window["to"] == "24:00" else window["to"]
    return {"days": window["days"], "begins": window["from"], "ends": until}
