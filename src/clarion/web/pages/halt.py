"""The kill switch: stop everything that leaves a workspace, see what that holds back, and let it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from clarion.deliveries import holdback
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Confirm
from clarion.web.stopping import on_its_way, reason_of
from clarion.web.templatetags.ui import grouped
from clarion.workspaces import operations
from clarion.workspaces.actors import of_member
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.deliveries.holdback import HeldBack
    from clarion.web.http import PageRequest


@require_safe
def halt(request: PageRequest, workspace: str) -> HttpResponse:
    """Whether the workspace is halted, since when, by whom and why, and how much that concerns."""
    held = holdback.held_back(request.workspace)
    is_halted = request.workspace.halted_at is not None
    context = {
        "held": held,
        "is_halted": is_halted,
        "may": request.member.may(Permission.MANAGE_SENDERS),
        "question": _lift_question(held) if is_halted else _halt_question(request, held),
    }
    return render(request, "halt.html", context)


@require_POST
def switch_on(request: PageRequest, workspace: str) -> HttpResponse:
    """Halt the workspace."""
    back = workspace_url(request, "halt")
    if not is_confirmed(request):
        question = _halt_question(request, holdback.held_back(request.workspace))
        return confirm_page(request, question, back=back)
    operations.halt(by=of_member(request.member), reason=reason_of(request))
    messages.warning(request, _("The workspace is halted: nothing more leaves."))
    return HttpResponseRedirect(back)


@require_POST
def lift(request: PageRequest, workspace: str) -> HttpResponse:
    """Let the workspace send again."""
    back = workspace_url(request, "halt")
    if not is_confirmed(request):
        return confirm_page(request, _lift_question(holdback.held_back(request.workspace)), back=back)
    operations.lift_halt(by=of_member(request.member), reason=reason_of(request))
    messages.success(request, _("The halt is lifted: sending goes on where it was."))
    return HttpResponseRedirect(back)


def _halt_question(request: PageRequest, held: HeldBack) -> Confirm:
    return Confirm(
        title=_("Halt everything in “%(name)s”?") % {"name": request.workspace.name},
        text=_(
            "Within a second nothing more leaves, by any sender. Campaigns keep their place; nothing is lost."
        ),
        facts=on_its_way(held),
        label=_("Halt everything"),
    )


def _lift_question(held: HeldBack) -> Confirm:
    n = {"n": grouped(held.messages)}
    facts = [
        ngettext("%(n)s message goes out at once.", "%(n)s messages go out from now on.", held.messages) % n
        if held.messages
        else _("No message is waiting."),
        *on_its_way(held)[1:],
    ]
    return Confirm(
        title=_("Lift the halt?"),
        text=_("Campaigns that are on their way go on at once, where they were."),
        facts=facts,
        label=_("Lift the halt"),
        danger=False,
    )
