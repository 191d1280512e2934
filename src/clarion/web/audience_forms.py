"""Forms of lists and suppressions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from clarion.channels import registry
from clarion.lib.sentences import spoken


class ListForm(forms.Form):
    """A list's name and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ListSettingsForm(ListForm):
    """What else may be said about a list that is there."""

    is_public = forms.BooleanField(
        label=gettext_lazy("On the preference page"),
        required=False,
        help_text=gettext_lazy(
            "Whoever follows a link to unsubscribe sees the name and the description, and may join or leave."
        ),
    )


def channel_choices() -> list[tuple[str, str]]:
    """The channels that addresses can be suppressed on."""
    return [(channel.name, spoken(channel.label)) for channel in registry.all_channels()]


class SuppressionForm(forms.Form):
    """An address that must not be written to."""

    address = forms.CharField(label=gettext_lazy("Address"), max_length=320)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Why, for others to read."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channel_choices()  # type: ignore[attr-defined]
