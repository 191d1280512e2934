"""The settings of a workspace, and the way to those that have a page of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clarion.campaigns import moderation
from clarion.web.links import workspace_url
from clarion.web.settings_form import SettingsForm, initial_of
from clarion.workspaces import operations
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clarion.web.http import PageRequest
    from clarion.workspaces.models import Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """Who may approve, and what stands in the way of it; `problem` is empty when every author finds somebody."""

    members: Sequence[Membership]
    problem: str


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: PageRequest, workspace: str) -> HttpResponse:
    """Show and change them."""
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        initial=initial_of(request.workspace),
        locale=request.workspace.locale,
    )
    if request.method == "POST" and form.is_valid():
        try:
            operations.update_workspace(by=of_member(request.member), **form.values)
        except WorkspaceInvalid as error:
            for field, sentence in error.fields.items():
                form.add_error(field, sentence)
        else:
            messages.success(request, _("The settings are saved."))
            return HttpResponseRedirect(workspace_url(request, "settings"))
    off = request.workspace.campaigns_off_reason or _("No reason was given.")
    context = {
        "form": form,
        "campaigns_off": f"{off} {_('Nothing is sent. Only a system administrator can switch them on again.')}",
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
