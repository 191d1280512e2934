"""What of a campaign's messages is followed, as the compose form asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from clarion.campaigns.fields import Changes
    from clarion.campaigns.models import Campaign
    from clarion.workspaces.models import Workspace

FIELDS = ("track_links", "track_opens")
_SAID = {"yes": True, "no": False}


class TrackingForm(forms.Form):
    """Each as the workspace has it, yes or no."""

    track_links = forms.ChoiceField(label=gettext_lazy("Follow links"), required=False)
    track_opens = forms.ChoiceField(label=gettext_lazy("Tell of opens"), required=False)

    def offer_tracking(self, workspace: Workspace) -> None:
        """Name what the workspace has."""
        for name in FIELDS:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
            said = _("yes") if getattr(workspace, name) else _("no")
            field.choices = [
                ("", _("As the workspace: %(said)s") % {"said": said}),
                ("yes", _("Yes")),
                ("no", _("No")),
            ]


def initial(campaign: Campaign) -> dict[str, Any]:
    """Return the form's values for what is saved."""
    words = {True: "yes", False: "no", None: ""}
    return {name: words[getattr(campaign, name)] for name in FIELDS}


def changes(data: dict[str, Any]) -> Changes:
    """Return the campaign's fields as a cleaned form says them."""
    return {"track_links": _SAID.get(data["track_links"]), "track_opens": _SAID.get(data["track_opens"])}
