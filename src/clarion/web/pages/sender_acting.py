"""What is done to a sender: pause, activate, delete, check, test."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clarion.deliveries import holdback
from clarion.senders import operations
from clarion.senders.errors import SenderInUse
from clarion.web import sender_trials
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.sender_forms import SendTestForm
from clarion.web.sender_page import delete_question, pause_question, sender_of, sender_page
from clarion.web.stopping import reason_of
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


@require_POST
def sender_pause(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Stop sending with it."""
    sender = sender_of(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "sender", id=sender.public_id)
        held = holdback.held_back(request.workspace, sender)
        return confirm_page(request, pause_question(sender, held), back=back)
    operations.pause_sender(sender=sender, by=of_member(request.member), reason=reason_of(request))
    messages.success(request, _("“%(name)s” is paused. Its campaigns wait.") % {"name": sender.name})
    return HttpResponseRedirect(workspace_url(request, "sender", id=sender.public_id))


@require_POST
def sender_activate(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Let it send again."""
    sender = sender_of(request, id)
    operations.activate_sender(sender=sender, by=of_member(request.member))
    messages.success(request, _("“%(name)s” is active.") % {"name": sender.name})
    return HttpResponseRedirect(workspace_url(request, "sender", id=sender.public_id))


@require_POST
def sender_delete(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Delete it, if no campaign uses it."""
    sender = sender_of(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "sender", id=sender.public_id)
        return confirm_page(request, delete_question(sender), back=back)
    try:
        operations.delete_sender(sender=sender, by=of_member(request.member))
    except SenderInUse:
        messages.error(request, _("Campaigns use “%(name)s”. Pause it instead.") % {"name": sender.name})
        return HttpResponseRedirect(workspace_url(request, "sender", id=sender.public_id))
    messages.success(request, _("“%(name)s” is deleted.") % {"name": sender.name})
    return HttpResponseRedirect(workspace_url(request, "senders"))


@require_POST
def sender_check(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Connect and sign in, and show each step."""
    sender = sender_of(request, id)
    context = {"check": sender_trials.check(sender, by=of_member(request.member))}
    if request.htmx:
        return render(request, "senders/edit.html#check", context)
    return sender_page(request, sender, **context)


@require_POST
def sender_test(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Send one message, and show what became of it."""
    sender = sender_of(request, id)
    form = SendTestForm(request.POST, member=request.member, channel=sender.channel)
    trial = None
    if form.is_valid():
        trial = sender_trials.send(sender, form, request.member)
    context = {"test_form": form, "trial": trial}
    if request.htmx:
        return render(request, "senders/edit.html#test", context)
    return sender_page(request, sender, **context)
