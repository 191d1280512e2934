"""Changing how fast a campaign sends while it is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clarion.campaigns import operations, queries
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.web.campaign_speed import SpeedForm
from clarion.web.links import workspace_url
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


@require_POST
def speed(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Take over another speed and delay, and go back to the campaign."""
    campaign = queries.campaign_for(request.member, id)
    if campaign is None:
        raise Http404
    form = SpeedForm(request.POST)
    if not form.is_valid():
        problems = [str(problem) for errors in form.errors.values() for problem in errors]
        messages.error(request, " ".join(problems))
    else:
        try:
            operations.change_speed(campaign=campaign, by=of_member(request.member), **form.speed)
        except CampaignInvalid as invalid:
            messages.error(request, " ".join(invalid.problems))
        except TransitionRefused:
            messages.warning(request, _("It is not on its way any more, so it has no speed to change."))
        else:
            messages.success(request, _("The new speed holds from now on."))
    return HttpResponseRedirect(workspace_url(request, "campaigns:detail", id=id))
