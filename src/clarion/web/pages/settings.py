"""The settings of a workspace: its name, its zone, its country, and whether campaigns need a moderator's yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clarion.campaigns import moderation
from clarion.web.access import require
from clarion.web.countries import country_choices
from clarion.web.links import workspace_url
from clarion.web.pages.profile import zones
from clarion.workspaces import operations
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.web.http import PageRequest
    from clarion.workspaces.models import Membership


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["zone"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = zones()
        country = self.fields["default_country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101
        country.choices = [("", _("None: numbers need + and the country code")), *country_choices()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """Who may approve, and what stands in the way of it; `problem` is empty when every author finds somebody."""

    members: Sequence[Membership]
    problem: str


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PageRequest, workspace: str) -> HttpResponse:
    """Show and change them."""
    require(request, Permission.MANAGE_MEMBERS)
    now = request.workspace
    initial = {
        "name": now.name, "zone": now.zone, "default_country": now.default_country, "moderation": now.moderation,
        "track_links": now.track_links, "track_opens": now.track_opens,
    }  # fmt: skip
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_workspace(by=of_member(request.member), **form.cleaned_data)
        except WorkspaceInvalid as error:
            for field, sentence in error.fields.items():
                form.add_error(field, sentence)
        else:
            messages.success(request, _("The settings are saved."))
            return HttpResponseRedirect(workspace_url(request, "settings"))
    context = {
        "form": form,
        "approvers": approvers(request),
        "waiting": moderation.submitted_for(request.member).count(),
    }
    return render(request, "settings/settings.html", context, status=422 if form.errors else 200)


def approvers(request: PageRequest) -> Approvers:
    """Return who may approve in the workspace."""
    members = moderation.moderators_of(request.workspace.pk)
    problem = ""
    if not members:
        problem = _("Nobody can approve: give a member the role of a moderator or an owner.")
    elif len(members) == 1 and members[0].may(Permission.EDIT):
        name = {"name": str(members[0].user)}
        problem = _("What %(name)s writes nobody can approve: no other member may.") % name
    return Approvers(members=members, problem=problem)
