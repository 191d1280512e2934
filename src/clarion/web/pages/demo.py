"""The demo workspace's banner and its one action: to be gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clarion.runtime import demo
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Confirm
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clarion.web.http import PageRequest
    from clarion.workspaces.models import Workspace


@require_POST
def remove(request: PageRequest, workspace: str) -> HttpResponse:
    """Remove the workspace with all that is in it, once the question was answered with yes."""
    if not request.workspace.is_demo or not request.member.may(Permission.MANAGE_MEMBERS):
        raise Http404
    back = workspace_url(request, "dashboard")
    if not is_confirmed(request):
        return confirm_page(request, question(request.workspace), back=back)
    try:
        demo.remove(of_member(request.member))
    except NotAllowed:
        raise Http404 from None
    except demo.StillSending:
        messages.error(request, _("Messages of the demo are still under way. Try again in a moment."))
        return HttpResponseRedirect(back)
    messages.success(request, _("The demo is gone."))
    return HttpResponseRedirect(reverse("start"))


def question(workspace: Workspace) -> Confirm:
    """Return the question with the numbers of what will be gone."""
    gone = demo.numbers(workspace)
    facts = [
        ngettext("%(n)s contact", "%(n)s contacts", gone.contacts) % {"n": grouped(gone.contacts)},
        ngettext("%(n)s template", "%(n)s templates", gone.templates) % {"n": grouped(gone.templates)},
        ngettext("%(n)s campaign", "%(n)s campaigns", gone.campaigns) % {"n": grouped(gone.campaigns)},
        ngettext("%(n)s recipient’s record", "%(n)s recipients’ records", gone.recipients)
        % {"n": grouped(gone.recipients)},
    ]
    return Confirm(
        title=_("Remove the demo?"),
        text=_("This workspace and everything in it will be gone for good. Your own workspaces stay."),
        facts=facts,
        label=_("Remove the demo"),
    )


def removal(request: HttpRequest) -> Action | None:
    """Return the banner's button; None for whoever may not."""
    member = getattr(request, "member", None)
    if member is None or not member.workspace.is_demo or not member.may(Permission.MANAGE_MEMBERS):
        return None
    return Action(
        label=_("Remove the demo"), url=reverse("demo_remove", args=[member.workspace.slug]), method="post"
    )
