"""What a member may do inside a campaign's run, as buttons: keep it paused, send again what failed, refresh it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns import offers
from clarion.deliveries import reasons, refreshing, retrying
from clarion.web.links import workspace_url
from clarion.web.parts import Action as Button
from clarion.web.parts import Confirm
from clarion.web.templatetags.ui import grouped
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.deliveries.listing import Progress
    from clarion.web.http import PageRequest

#: Reasons named in the question before a retry.
_REASONS_TOLD = 3


def buttons(request: PageRequest, campaign: Campaign, progress: Progress | None) -> list[Button]:
    """Return the buttons that the campaign's state, its run and the member's role allow."""
    made: list[Button] = []
    if campaign.archived_at is not None:
        return made
    may_launch = request.member.may(Permission.LAUNCH)
    if request.member.may(Permission.PAUSE) and offers.is_resuming(campaign):
        url = _url(request, "hold", campaign)
        made.append(Button(label=_("Keep paused"), icon="pause", url=url, method="post"))
    failed = progress.failed if progress is not None else 0
    if may_launch and failed and campaign.status in retrying.RETRYABLE:
        url = _url(request, "retry", campaign)
        made.append(Button(label=_("Retry failed"), icon="rotate-ccw", url=url, method="post"))
    if request.member.may(Permission.EDIT) and refreshing.may_refresh(campaign):
        url = _url(request, "refresh", campaign)
        made.append(Button(label=_("Refresh targets"), icon="refresh-cw", url=url))
    return made


def retry_question(campaign: Campaign, seen: retrying.Preview) -> Confirm:
    """Return the question before a retry, with the numbers."""
    facts = [
        ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", seen.again)
        % {"n": grouped(seen.again)}
    ]
    for reason, count in seen.reasons[:_REASONS_TOLD]:
        facts.append(f"{grouped(count)} × {reasons.sentence_of(reason)}")
    if seen.suppressed:
        facts.append(
            ngettext(
                "%(n)s is left out, because the address is suppressed.",
                "%(n)s are left out, because their addresses are suppressed.",
                seen.suppressed,
            )
            % {"n": grouped(seen.suppressed)}
        )
    return Confirm(
        title=_("Send again what failed in “%(name)s”?") % {"name": campaign.name},
        text=_("The campaign goes on sending. Whoever has got it already gets nothing."),
        facts=facts,
        label=_("Send again"),
        danger=False,
    )


def _url(request: PageRequest, name: str, campaign: Campaign) -> str:
    return workspace_url(request, f"campaigns:{name}", id=campaign.public_id)
