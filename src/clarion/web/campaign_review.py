"""What a campaign's own page says about its moderation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clarion.campaigns import moderation
from clarion.campaigns.models import Decision
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import canary
from clarion.web.links import workspace_url
from clarion.web.templatetags.ui import grouped

if TYPE_CHECKING:
    from datetime import datetime

    from clarion.campaigns.models import Campaign, Review
    from clarion.deliveries.models import Run
    from clarion.web.http import PageRequest
    from clarion.workspaces.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewNotice:
    """A notice above the figures, with the way to the review for whoever may see it."""

    tone: str
    title: str
    text: str = ""
    icon: str = "shield-check"
    url: str = ""
    link: str = ""


#: States in which an approval, or the end of one, says what can be done next.
_WAITING = frozenset({Status.DRAFT, Status.READY, Status.SCHEDULED, Status.STOPPED, Status.FAILED})


def notice(request: PageRequest, campaign: Campaign, run: Run | None) -> ReviewNotice | None:
    """Return where the campaign's moderation stands; None when there is nothing to say of it.

    What is awaited is told by what explains why nothing moves.
    """
    status = Status(campaign.status)
    is_held = status is Status.PAUSED and campaign.pause_cause == PauseCause.REVIEW
    if status not in _WAITING and not is_held:
        return None
    review = moderation.latest_review(campaign)
    if review is None:
        return None
    link = {}
    if moderation.may_see(request.member):
        url = workspace_url(request, "moderation_review", id=campaign.public_id)
        link = {"url": url, "link": _("Open the review")}
    if is_held:
        return ReviewNotice(tone="amber", title=_("A first part is out"), text=_part(run), **link)
    if review.decision == Decision.VOIDED:
        who = _who(review.decided_by, review.decided_at)
        return ReviewNotice(
            tone="amber", icon="shield-off", title=_("The approval is void"),
            text=_("Approved by %(name)s on %(when)s.") % who + f" {review.reason}", **link,
        )  # fmt: skip
    return _standing(campaign, review, link)


def _standing(campaign: Campaign, review: Review, link: dict[str, str]) -> ReviewNotice | None:
    if campaign.approved_at is None or review.decision != Decision.APPROVED:
        return None
    text = _("By %(name)s on %(when)s.") % _who(review.decided_by, review.decided_at)
    if review.is_holding:
        text += " " + _("Only %(part)s; then a moderator is asked again.") % {
            "part": moderation.first_part(review)
        }
    return ReviewNotice(tone="green", title=_("Approved as it is"), text=text, **link)


def _part(run: Run | None) -> str:
    if run is None:
        return ""
    seen = canary.figures(run)
    values = {
        "sent": grouped(seen.sent), "failed": grouped(seen.failed), "bounced": grouped(seen.bounced),
        "out": grouped(seen.unsubscribed), "waiting": grouped(seen.waiting),
    }  # fmt: skip
    return (
        _("%(sent)s sent, %(failed)s failed, %(bounced)s bounced, %(out)s unsubscribed; %(waiting)s wait.")
        % values
    )


def _who(person: User | None, when: datetime | None) -> dict[str, str]:
    moment = date_format(localtime(when), "j M Y, H:i") if when is not None else "—"
    return {"name": str(person) if person is not None else _("the command line"), "when": moment}
