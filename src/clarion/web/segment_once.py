"""A rule for one campaign only: built like a segment's, kept with the campaign, offered nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.utils.translation import gettext as _

from clarion.audience import operations, segments
from clarion.audience.errors import SourceInvalid
from clarion.campaigns import operations as campaigns
from clarion.campaigns import queries
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.web.links import workspace_url
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.web.segment_builder import Box


def campaign_of(request: PageRequest) -> Campaign | None:
    """Return the campaign for which the rule is written, if it is for one."""
    try:
        wanted = UUID(request.GET.get("campaign", ""))
    except ValueError:
        return None
    return queries.campaign_for(request.member, wanted)


def use(request: PageRequest, campaign: Campaign, root: Box) -> str:
    """Have the campaign go to whoever the rule fits; return its page, "" when something is in the way and told.

    Whom it left out it leaves out still.
    """
    by = of_member(request.member)
    before = campaign.source
    without = operations.NOBODY
    if before is not None:
        without = operations.Without(
            lists=list(before.excluded_lists.all()), segments=list(before.excluded_segments.all())
        )
    try:
        made = operations.create_segment(
            by=by, name=_("Only for this campaign"), rule=root.to_json(), is_once=True
        )
    except segments.RuleInvalid:
        return ""  # the conditions say what is missing
    source = operations.create_segment_source(by=by, segments=[made], without=without)
    try:
        campaigns.set_source(campaign=campaign, source=source, by=by)
    except (SourceInvalid, TransitionRefused):
        operations.delete_source(by=by, source=source)
        messages.warning(request, _("The campaign is on its way now; nothing was changed."))
    return workspace_url(request, "campaigns:edit", id=campaign.public_id) + "#audience"
