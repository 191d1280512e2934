"""Forms of the senders' pages, beside the channels' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from clarion.channels import registry
from clarion.channels.looks import look_of
from clarion.content import queries as templates
from clarion.senders.operations import LIMIT_RANGES, MAX_LANES, Limits
from clarion.workspaces.names import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.senders.models import Sender
    from clarion.workspaces.models import Membership

_SPANS = {
    "second": _("A second"),
    "minute": _("A minute"),
    "hour": _("An hour"),
    "day": _("A day"),
}


def plain_numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with 10.0 as 10, the way a person writes it."""
    return {
        name: int(one) if isinstance(one, float) and one.is_integer() else one for name, one in values.items()
    }


class SenderForm(forms.Form):
    """What every sender has, whatever its channel."""

    name = forms.CharField(
        label=_("Name"), max_length=MAX_NAME, help_text=_("How campaigns call it. Recipients do not see it.")
    )
    limit_second = forms.FloatField(
        label=_SPANS["second"], required=False, help_text=_("0.5 is one every 2 seconds.")
    )
    limit_minute = forms.IntegerField(label=_SPANS["minute"], required=False)
    limit_hour = forms.IntegerField(label=_SPANS["hour"], required=False)
    limit_day = forms.IntegerField(label=_SPANS["day"], required=False)
    lanes = forms.IntegerField(
        label=_("Lanes"),
        min_value=1,
        max_value=MAX_LANES,
        initial=1,
        help_text=_(
            "In how many processes it may send at once. Limits and connections are shared out among them."
        ),
    )

    @classmethod
    def initial_of(cls, sender: Sender) -> dict[str, Any]:
        """Return the sender's values by field name."""
        return plain_numbers({name: getattr(sender, name) for name in cls.base_fields})

    def limits(self) -> Limits:
        """Return the limits that were typed."""
        data = self.cleaned_data
        spans = {name: data[f"limit_{name}"] for name in LIMIT_RANGES}
        return Limits(**spans, lanes=data["lanes"])


class SendTestForm(forms.Form):
    """One message to one address."""

    address = forms.CharField(label=pgettext_lazy("recipient", "To"), max_length=2000)
    template = forms.ChoiceField(label=_("What"), required=False)

    def __init__(self, *args: Any, member: Membership, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": "test_%s"})
        found = templates.templates_for(member, channels=[channel], sort="name")[:200]
        is_free = not look_of(registry.get(channel)).needs_approval
        first = _("A short test text") if is_free else _("Choose a template")
        choices = [("", first), *((str(one.public_id), one.name) for one in found)]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]
