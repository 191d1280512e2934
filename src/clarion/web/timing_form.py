"""The timing part of the compose form: when it starts, whether it recurs, at which hours and how fast it sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.campaigns.fields import DELAY_MAX
from clarion.campaigns.models import Campaign, Launch, MissedPolicy, RepeatUnit
from clarion.campaigns.states import Status
from clarion.campaigns.timing import MISSED_HOURS_MAX, REPEAT_COUNT_MAX, REPEAT_EVERY_MAX
from clarion.web.hours_rows import HoursRows
from clarion.web.middleware import zone_named

if TYPE_CHECKING:
    from clarion.campaigns.fields import Changes
    from clarion.workspaces.models import Membership

#: Each of them is saved by itself, so that one bad field keeps no other back but those it belongs to.
PARTS: dict[str, tuple[str, ...]] = {
    "timing": (
        "launch", "auto_start", "date", "time", "zone", "end_date", "end_time", "repeat_every", "repeat_unit",
        "repeat_end", "repeat_count", "repeat_until", "only_new",
    ),
    "hours": ("hours", "windows", "window_zone", "window_is_recipients"),
    "pace": ("delay_min", "delay_max", "rate_limit"),
    "safety": ("missed_policy", "missed_hours", "error_percent"),
}  # fmt: skip
#: A campaign cannot go without these, so they are not called optional.
WANTED = (
    "date", "time", "zone", "window_zone", "end_date", "end_time", "repeat_every", "repeat_count", "repeat_until",
    "missed_hours", "delay_min", "delay_max",
)  # fmt: skip
#: Launches that have a start, and those that have an end as well.
STARTING = (Launch.SCHEDULE, Launch.RECURRING, Launch.SPREAD, Launch.TRIGGER)
SPANNING = (Launch.SPREAD, Launch.TRIGGER)
ENDING = (Launch.SCHEDULE, *SPANNING)

_AUTO = [("1", gettext_lazy("By itself")), ("0", gettext_lazy("By hand"))]
_ENDS = [
    ("never", gettext_lazy("Never")),
    ("count", gettext_lazy("After so many times")),
    ("until", gettext_lazy("On a date")),
]
_HOURS = [("any", gettext_lazy("At any hour")), ("set", gettext_lazy("At set hours"))]


def date_field(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget)


def time_field(label: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, required=False, widget=widget)


class ZoneSelect(forms.Select):
    """All time zones, of which the few at hand stand first. Drawn as one cached text: there are more than 400."""

    #: Value and label of those at hand.
    near: Sequence[tuple[str, str]] = ()

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        first = list(self.near)
        if value and value not in dict(first):
            first.append((value, value))
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (zone, SafeString(" selected") if zone == (value or "") else "", label)
                for zone, label in first
            ),
        )
        given = flatatt({**self.attrs, **(attrs or {}), "name": name})
        return format_html("<select{}>{}{}</select>", given, options, _all_zones())


class TimingForm(forms.Form):
    """What may also be changed while a campaign is paused. Each field may be empty while it is a draft."""

    launch = forms.ChoiceField(label=gettext_lazy("Start"), choices=Launch.choices, required=False)
    auto_start = forms.ChoiceField(
        label=gettext_lazy("Once it is approved, it starts"), choices=_AUTO, required=False
    )
    date = date_field(gettext_lazy("Date"))
    time = time_field(gettext_lazy("Time"))
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), required=False, widget=ZoneSelect)
    end_date = date_field(gettext_lazy("Last date"))
    end_time = time_field(gettext_lazy("Last time"))
    repeat_every = forms.IntegerField(
        label=gettext_lazy("Again every"), required=False, min_value=1, max_value=REPEAT_EVERY_MAX
    )
    repeat_unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=RepeatUnit.choices, required=False)
    repeat_end = forms.ChoiceField(label=gettext_lazy("Ends"), choices=_ENDS, required=False)
    repeat_count = forms.IntegerField(
        label=gettext_lazy("Times in all"), required=False, min_value=1, max_value=REPEAT_COUNT_MAX
    )
    repeat_until = date_field(gettext_lazy("Last day"))
    only_new = forms.BooleanField(
        label=gettext_lazy("Only people who have not got it from an earlier run"), required=False
    )
    hours = forms.ChoiceField(label=gettext_lazy("Sends"), choices=_HOURS, required=False)
    #: Holds what is wrong with the rows as a whole; the rows have fields of their own.
    windows = forms.CharField(label=gettext_lazy("Sending hours"), required=False, widget=forms.HiddenInput)
    window_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone of the hours"), required=False, widget=ZoneSelect
    )
    window_is_recipients = forms.BooleanField(
        label=gettext_lazy("In each recipient’s own zone, where it is known"), required=False
    )
    missed_policy = forms.ChoiceField(
        label=gettext_lazy("If nothing is running at that time"),
        choices=MissedPolicy.choices,
        required=False,
    )
    missed_hours = forms.IntegerField(
        label=gettext_lazy("At most so many hours late"),
        required=False,
        min_value=0,
        max_value=MISSED_HOURS_MAX,
    )
    error_percent = forms.IntegerField(
        label=gettext_lazy("Pause when more fail than (per cent)"), required=False, min_value=1, max_value=100
    )
    delay_min = forms.FloatField(
        label=gettext_lazy("Shortest delay, seconds"), required=False, min_value=0, max_value=DELAY_MAX
    )
    delay_max = forms.FloatField(
        label=gettext_lazy("Longest delay, seconds"), required=False, min_value=0, max_value=DELAY_MAX
    )
    rate_limit = forms.FloatField(
        label=gettext_lazy("At most, messages a second"), required=False, min_value=0.001, max_value=100_000
    )

    rows: HoursRows

    def take_rows(self, campaign: Campaign, locale: str) -> None:
        """Read the rows of sending hours from what was posted, or from the campaign."""
        self.rows = HoursRows(self.data if self.is_bound else None, campaign.windows, locale=locale)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in ("delay_min", "delay_max"):
            if name in data:
                data[name] = data[name] or 0.0
        launch = data.get("launch") or self.initial.get("launch")
        if launch in STARTING:
            self._clean_pair("date", "time")
        if launch in ENDING:
            self._clean_pair("end_date", "end_time")
        if data.get("hours") == "set" and not self.rows.is_valid():
            self.add_error("windows", _("Something is missing in the sending hours."))
        if launch == Launch.RECURRING and not self.errors:
            wanted = {"count": "repeat_count", "until": "repeat_until"}.get(data.get("repeat_end", ""))
            if wanted and data.get(wanted) is None:
                self.add_error(wanted, _("Say when it ends."))
        return data

    def _clean_pair(self, day: str, hour: str) -> None:
        data = self.cleaned_data
        if day in data and hour in data and bool(data[day]) != (data[hour] is not None):
            self.add_error(hour if data[day] else day, _("Give both the date and the time."))

    @property
    def starts_at(self) -> datetime | None:
        """The moment that date, time and zone name, None when it was not given."""
        return self._moment("date", "time")

    @property
    def ends_at(self) -> datetime | None:
        """The last moment, None when it was not given."""
        return self._moment("end_date", "end_time")

    def _moment(self, day: str, hour: str) -> datetime | None:
        on, at = self.cleaned_data.get(day), self.cleaned_data.get(hour)
        if on is None or at is None:
            return None
        return datetime.combine(
            on, at, tzinfo=ZoneInfo(self.cleaned_data.get("zone") or self.initial["zone"])
        )


def initial_timing(campaign: Campaign) -> dict[str, Any]:
    """Return the fields' values for what is saved."""
    zone = zone_named(campaign.zone)
    starts = campaign.starts_at.astimezone(zone) if campaign.starts_at else None
    ends = campaign.ends_at.astimezone(zone) if campaign.ends_at else None
    repeat_end = "count" if campaign.repeat_count else "until" if campaign.repeat_until else "never"
    return {
        "launch": campaign.launch,
        "auto_start": "1" if campaign.auto_start else "0",
        "date": starts.date() if starts else None,
        "time": starts.time() if starts else None,
        "zone": campaign.zone,
        "end_date": ends.date() if ends else None,
        "end_time": ends.time() if ends else None,
        "repeat_every": campaign.repeat_every or 1,
        "repeat_unit": campaign.repeat_unit or RepeatUnit.WEEK,
        "repeat_end": repeat_end,
        "repeat_count": campaign.repeat_count,
        "repeat_until": campaign.repeat_until,
        "only_new": campaign.only_new,
        "hours": "set" if campaign.windows else "any",
        "window_zone": campaign.window_zone,
        "window_is_recipients": campaign.window_is_recipients,
        "missed_policy": campaign.missed_policy,
        "missed_hours": campaign.missed_hours,
        "error_percent": campaign.error_percent,
        "delay_min": short_number(campaign.delay_min),
        "delay_max": short_number(campaign.delay_max),
        "rate_limit": short_number(campaign.rate_limit) if campaign.rate_limit else None,
    }


def near_zones(campaign: Campaign, member: Membership) -> list[tuple[str, str]]:
    """Return the zones at hand: the campaign's, the workspace's and one's own."""
    near = [campaign.zone, member.workspace.zone, member.user.zone, "UTC"]
    return [(zone, zone) for zone in dict.fromkeys(near) if zone]


def zone_choices(near: Sequence[tuple[str, str]]) -> list[tuple[str, Any]]:
    """Return the zones at hand first, then all by their area."""
    return [*near, *_zones_by_area()]


@cache
def _all_zones() -> SafeString:
    """Return every zone as options, by area."""
    return format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        (
            (area, format_html_join("", '<option value="{}">{}</option>', zones))
            for area, zones in _zones_by_area()
        ),
    )


@cache
def _zones_by_area() -> list[tuple[str, list[tuple[str, str]]]]:
    areas: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        area, slash, _rest = name.partition("/")
        if slash and area not in ("Etc", "SystemV", "US"):
            areas.setdefault(area, []).append((name, name.replace("_", " ")))
    return list(areas.items())


def timing_changes(form: TimingForm, campaign: Campaign) -> Changes:
    """Return what the cleaned fields of "timing" change: what its launch does not have is taken away."""
    data = form.cleaned_data
    is_paused = campaign.status == Status.PAUSED
    launch = campaign.launch if is_paused or not data["launch"] else data["launch"]
    changes: Changes = {} if is_paused or not data["launch"] else {"launch": launch}
    if data["auto_start"]:
        changes["auto_start"] = data["auto_start"] == "1"
    is_begun = is_paused and campaign.paused_from != Status.SCHEDULED
    if data["zone"] and not (is_begun and launch != Launch.RECURRING):
        changes["zone"] = data["zone"]
        if launch in STARTING and "date" in form.data:
            changes["starts_at"] = form.starts_at
    if launch in ENDING and "end_date" in form.data:
        changes["ends_at"] = form.ends_at
    elif launch not in ENDING and not is_paused and campaign.ends_at is not None:
        changes["ends_at"] = None
    if launch == Launch.RECURRING:
        changes |= _repeat_changes(data)
    return changes


def _repeat_changes(data: Mapping[str, Any]) -> Changes:
    end = data["repeat_end"]
    return {
        "repeat_every": data["repeat_every"] or 0,
        "repeat_unit": (data["repeat_unit"] or RepeatUnit.WEEK) if data["repeat_every"] else "",
        "repeat_count": data["repeat_count"] if end == "count" and data["repeat_every"] else None,
        "repeat_until": data["repeat_until"] if end == "until" and data["repeat_every"] else None,
        "only_new": data["only_new"],
    }


def hours_changes(form: TimingForm) -> Changes:
    """Return what the cleaned rows of sending hours change."""
    data = form.cleaned_data
    is_set = data["hours"] == "set"
    if not data["hours"] or (is_set and not form.rows.is_bound):
        return {}
    windows = form.rows.windows if is_set else []
    return {
        "windows": windows,
        "window_zone": data["window_zone"] if is_set else "",
        "window_is_recipients": data["window_is_recipients"] if is_set else False,
    }


def pace_changes(form: TimingForm) -> Changes:
    """Return what delays and speed limit change."""
    data = form.cleaned_data
    return {"delay_min": data["delay_min"], "delay_max": data["delay_max"], "rate_limit": data["rate_limit"]}


def safety_changes(form: TimingForm) -> Changes:
    """Return what is to happen when a start is missed or too much fails."""
    data = form.cleaned_data
    if not data["missed_policy"]:
        return {}
    changes: Changes = {"missed_policy": data["missed_policy"], "error_percent": data["error_percent"]}
    if data["missed_hours"] is not None:
        changes["missed_hours"] = data["missed_hours"]
    return changes


def short_number(number: float | None) -> float | int | None:
    """Return 2.0 as 2."""
    return int(number) if number is not None and float(number).is_integer() else number
