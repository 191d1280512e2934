"""The form of a workspace's settings."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.content import language_names
from clarion.web.calendar_grid import first_weekday
from clarion.web.countries import country_choices
from clarion.web.pages.profile import zones
from clarion.workspaces import operations
from clarion.workspaces.models import PiiPolicy

if TYPE_CHECKING:
    from clarion.workspaces.models import Workspace

#: Fields that are the workspace's by the same name.
_SAME = (
    "name",
    "zone",
    "locale",
    "default_country",
    "moderation",
    "track_links",
    "track_opens",
    "pii_policy",
    "retention_days",
)


def initial_of(workspace: Workspace) -> dict[str, Any]:
    """Return what the form shows of the workspace as it is."""
    known = {name: getattr(workspace, name) for name in _SAME}
    for hours in workspace.windows[:1]:
        until = "00:00" if hours["to"] == "24:00" else hours["to"]
        known |= {"window_days": hours["days"], "window_begins": hours["from"], "window_ends": until}
    return known


class SettingsForm(forms.Form):
    """What whoever manages the members may say about the workspace."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=operations.NAME_LENGTH)
    zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "Times are typed and shown in it, unless a person or a campaign has another. Campaigns keep theirs."
        ),
    )
    default_country = forms.ChoiceField(
        label=gettext_lazy("Country of phone numbers"),
        required=False,
        help_text=gettext_lazy("Meant where a number is written without its country code."),
    )
    locale = forms.ChoiceField(
        label=gettext_lazy("Language and customs"),
        required=False,
        help_text=gettext_lazy(
            "Decides such things as the first day of the week. Each person chooses their own language."
        ),
    )
    window_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    window_begins = forms.TimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    window_ends = forms.TimeField(
        label=gettext_lazy("To"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    pii_policy = forms.ChoiceField(
        label=gettext_lazy("Whole addresses and names"),
        required=False,
        choices=PiiPolicy.choices,
        help_text=gettext_lazy(
            "On request, one person’s are shown for ten minutes to whoever may see them, which the audit trail keeps."
        ),
    )
    retention_days = forms.IntegerField(
        label=gettext_lazy("Days after which the people of a finished run are forgotten"),
        required=False,
        min_value=0,
        max_value=operations.MAX_RETENTION_DAYS,
        help_text=gettext_lazy(
            "Its numbers stay; addresses, names, values, answers and exported files go for good. 0 keeps them."
        ),
    )
    moderation = forms.BooleanField(
        label=gettext_lazy("Campaigns need a moderator's approval"),
        required=False,
        help_text=gettext_lazy(
            "A campaign is then sent only as somebody who did not write it approved it; any change voids the approval."
        ),
    )

    track_links = forms.BooleanField(
        label=gettext_lazy("Follow links in mails"),
        required=False,
        help_text=gettext_lazy(
            "Links then lead through this server, which counts who followed which. A campaign may say otherwise."
        ),
    )
    track_opens = forms.BooleanField(
        label=gettext_lazy("Tell of opened mails"),
        required=False,
        help_text=gettext_lazy("An image of one pixel at the end of the HTML tells that a mail was opened."),
    )

    def __init__(self, *args: Any, locale: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("zone", zones())
        none = _("None: numbers need + and the country code")
        self._offer("default_country", [("", none), *country_choices()])
        self._offer("locale", language_names.common())
        first = first_weekday(locale)
        self._offer("window_days", [(n % 7, WEEKDAYS[n % 7]) for n in range(first, first + 7)])

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Take hours only whole: days, from when and until when."""
        said = super().clean() or {}
        days, begins, ends = (said.get(name) for name in ("window_days", "window_begins", "window_ends"))
        if self.errors or not (days or begins is not None or ends is not None):
            return said
        if not days:
            self.add_error("window_days", _("Choose at least one day."))
        if begins is None:
            self.add_error("window_begins", _("Say from when."))
        if ends is None:
            self.add_error("window_ends", _("Say until when."))
        elif begins == ends != time():
            sentence = _("It begins and ends at the same time; a whole day is 00:00 to 00:00.")
            self.add_error("window_ends", sentence)
        return said

    @property
    def values(self) -> dict[str, Any]:
        """What `update_workspace` takes, of a form that is valid."""
        said = dict(self.cleaned_data)
        said["locale"], said["pii_policy"] = said["locale"] or None, said["pii_policy"] or None
        days, begins, ends = (said.pop(name) for name in ("window_days", "window_begins", "window_ends"))
        until = "24:00" if ends == time() else f"{ends or time():%H:%M}"
        said["windows"] = [{"days": sorted(days), "from": f"{begins:%H:%M}", "to": until}] if days else []
        return said
