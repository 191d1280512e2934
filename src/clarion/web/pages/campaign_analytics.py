"""The analytics of one campaign: what came of its messages, and the switch of its links."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clarion.campaigns import operations
from clarion.campaigns.errors import TransitionRefused
from clarion.web import campaign_analytics, campaign_page
from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.parts import Action, Confirm
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.web.http import PageRequest


@require_safe
def analytics(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Rates, links and hours of the run."""
    page = campaign_page.load(request, id, "analytics")
    found = campaign_analytics.shown(request, page, page.run) if page.run is not None else None
    context = {
        "page": page,
        "shown": found,
        "switch": _switch(request, page.campaign) if found is not None and found.may_switch else None,
    }
    return render(request, "campaign/analytics.html", context)


@require_POST
def switch_links(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Let the campaign's followed links lead nowhere, or to their targets again (`on`)."""
    campaign = campaign_page.campaign_of(request, id)
    back = workspace_url(request, "campaigns:analytics", id=id)
    is_on = request.POST.get("on") == "1"
    if not is_on and not is_confirmed(request):
        return confirm_page(request, _question(campaign), back=back)
    try:
        operations.switch_links(campaign=campaign, on=is_on, by=of_member(request.member))
    except NotAllowed:
        messages.error(request, _("Your role does not include this."))
    except TransitionRefused:
        messages.warning(request, _("The campaign is gone."))
    else:
        done = _("The links lead to their targets again.") if is_on else _("The links lead nowhere any more.")
        messages.success(request, done)
    return HttpResponseRedirect(back)


def _switch(request: PageRequest, campaign: Campaign) -> Action:
    url = workspace_url(request, "campaigns:switch_links", id=campaign.public_id)
    if campaign.links_off_at is not None:
        return Action(label=_("Switch links on"), url=url, icon="link", method="post", fields={"on": "1"})
    return Action(
        label=_("Switch links off"),
        url=url,
        icon="ban",
        method="post",
        style="danger",
        confirm=_question(campaign),
    )


def _question(campaign: Campaign) -> Confirm:
    return Confirm(
        title=_("Switch off the links of “%(name)s”?") % {"name": campaign.name},
        text=_(
            "Whoever follows a link in one of its messages then sees a page saying so. They can be switched on again."
        ),
        label=_("Switch links off"),
    )
