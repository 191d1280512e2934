"""A group of a linked phone as a live source: whose phone, then which of its groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clarion.audience import operations
from clarion.audience.errors import SheetInvalid
from clarion.channels.linked import Unreadable
from clarion.senders import linking
from clarion.web.access import require
from clarion.web.links import workspace_url
from clarion.web.livesheet_form import NewGroupForm
from clarion.web.pages.livesheets import show_problems
from clarion.web.parts import Action
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


@require_http_methods(["GET", "HEAD", "POST"])
def sheet_new_group(request: PageRequest, workspace: str) -> HttpResponse:
    """Choose a sender, and one of the groups that its provider tells of."""
    require(request, Permission.MANAGE_AUDIENCE)
    senders = linking.senders_with_groups(request.workspace)
    wanted = request.GET.get("sender", "")
    sender = next((one for one in senders if str(one.public_id) == wanted), None)
    if sender is None and len(senders) == 1:
        sender = senders[0]
    context: dict[str, Any] = {"senders": senders, "sender": sender}
    if not senders and request.member.may(Permission.MANAGE_SENDERS):
        url = workspace_url(request, "sender_create", channel="whatsapp")
        context["actions"] = [Action(label=_("New WhatsApp sender"), url=url, icon="plus")]
    if sender is None:
        return render(request, "sources/new_group.html", context)
    try:
        found = linking.groups_of(sender, by=of_member(request.member))
    except Unreadable as problem:
        return render(request, "sources/new_group.html", context | {"problem": str(problem)})
    form = NewGroupForm(request.POST if request.method == "POST" else None, sender=sender, found=found)
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.create_sheet(by=of_member(request.member), **form.values())
        except SheetInvalid as refusal:
            show_problems(form, refusal)
        else:
            messages.success(request, _("The group is kept and being read for the first time."))
            return HttpResponseRedirect(workspace_url(request, "sheet", id=made.public_id))
    return render(request, "sources/new_group.html", context | {"form": form, "found": found})
