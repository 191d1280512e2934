"""What of a campaign's messages is followed, as the compose form asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.channels.looks import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clarion.campaigns.fields import Changes
    from clarion.campaigns.models import Campaign
    from clarion.channels.looks import Look
    from clarion.workspaces.models import Workspace

FIELDS = ("track_links", "track_opens")
_SAID = {"yes": True, "no": False}


class TrackingForm(forms.Form):
    """Each as the workspace has it, yes or no."""

    track_links = forms.ChoiceField(label=gettext_lazy("Follow links"), required=False)
    track_opens = forms.ChoiceField(label=gettext_lazy("Tell of opens"), required=False)

    def offer_tracking(self, workspace: Workspace, looks: Iterable[Look]) -> None:
        """Name what the workspace has, and ask only for what messages of these looks can tell.

        A call has no links, and only a mail tells that it was opened.
        """
        shapes = {one.shape for one in looks}
        if shapes and Shape.MAIL not in shapes:
            del self.fields["track_opens"]
        if shapes and shapes <= {Shape.CALL}:
            del self.fields["track_links"]
        for name in self.tracking_fields:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
            said = _("yes") if getattr(workspace, name) else _("no")
            field.choices = [
                ("", _("As the workspace: %(said)s") % {"said": said}),
                ("yes", _("Yes")),
                ("no", _("No")),
            ]

    @property
    def tracking_fields(self) -> list[str]:
        """The names of those that are asked for."""
        return [name for name in FIELDS if name in self.fields]


def initial(campaign: Campaign) -> dict[str, Any]:
    """Return the form's values for what is saved."""
    words = {True: "yes", False: "no", None: ""}
    return {name: words[getattr(campaign, name)] for name in FIELDS}


def changes(data: dict[str, Any]) -> Changes:
    """Return the campaign's fields as a cleaned form says them; those it did not ask for stay as they are."""
    said: Changes = {}
    if "track_links" in data:
        said["track_links"] = _SAID.get(data["track_links"])
    if "track_opens" in data:
        said["track_opens"] = _SAID.get(data["track_opens"])
    return said
