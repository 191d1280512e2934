"""The form for the speed of a campaign on its way."""

from __future__ import annotations

from typing import TypedDict

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.campaigns.fields import DELAY_MAX
from clarion.campaigns.models import Campaign


class Speed(TypedDict):
    """What `operations.change_speed` takes."""

    rate_limit: float | None
    delay_min: float
    delay_max: float


class SpeedForm(forms.Form):
    """Messages a second and seconds between two people; empty is no limit and no delay."""

    rate_limit = forms.FloatField(
        label=gettext_lazy("Speed limit (a second)"), required=False, min_value=0.001, max_value=100_000
    )
    delay_min = forms.FloatField(
        label=gettext_lazy("Delay from (seconds)"), required=False, min_value=0, max_value=DELAY_MAX
    )
    delay_max = forms.FloatField(
        label=gettext_lazy("to (seconds)"), required=False, min_value=0, max_value=DELAY_MAX
    )

    def clean(self) -> dict[str, float | None]:
        values: dict[str, float | None] = super().clean() or {}
        low, high = values.get("delay_min") or 0.0, values.get("delay_max")
        if high is not None and high < low:
            self.add_error("delay_max", _("The delay ends below where it begins."))
        return values

    @property
    def speed(self) -> Speed:
        """The values of a valid form; one end of the delay alone is both."""
        said = self.cleaned_data
        low = said.get("delay_min") or 0.0
        high = said.get("delay_max")
        return Speed(
            rate_limit=said.get("rate_limit"), delay_min=low, delay_max=low if high is None else high
        )


def speed_form(campaign: Campaign) -> SpeedForm:
    """Return the form with the campaign's speed."""
    return SpeedForm(
        initial={
            "rate_limit": _plain(campaign.rate_limit),
            "delay_min": _plain(campaign.delay_min),
            "delay_max": _plain(campaign.delay_max),
        },
        auto_id="speed-%s",
    )


def _plain(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value
