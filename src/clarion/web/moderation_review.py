"""What the pages of moderation show: the queue's rows, and everything about one submission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clarion.campaigns import moderation, preflight
from clarion.campaigns import review as comparing
from clarion.campaigns.models import Decision, Launch
from clarion.campaigns.operations.approval import WITHOUT_PERCENT
from clarion.campaigns.preflight import Level
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import canary
from clarion.deliveries import queries as deliveries
from clarion.web import campaign_compose, campaign_preview, campaign_trail, masking
from clarion.web.links import workspace_url
from clarion.web.parts import Check, Fact
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clarion.campaigns.models import Campaign, Review
    from clarion.campaigns.moderation import Comment
    from clarion.campaigns.review import Difference
    from clarion.deliveries.canary import Figures
    from clarion.web.campaign_compose import Estimate
    from clarion.web.campaign_preview import Pane
    from clarion.web.http import PageRequest

#: URL names of the preview on these pages.
PREVIEW = ("moderation_preview", "moderation_frame")
#: First parts shown in the queue.
HELD_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A submission in the queue, as it was when it was submitted."""

    review: Review
    url: str
    channels: list[str]
    recipients: int | None
    warnings: list[str]
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A campaign of which a first part is out."""

    campaign: Campaign
    #: Who it is, in words.
    part: str
    figures: Figures | None
    url: str


def queue_rows(request: PageRequest, reviews: Sequence[Review]) -> list[Row]:
    """Return the submissions for the table."""
    made = []
    for one in reviews:
        seen = one.snapshot.get("seen", {})
        messages = one.snapshot.get("messages", {})
        made.append(
            Row(
                review=one,
                url=workspace_url(request, "moderation_review", id=one.campaign.public_id),
                channels=list(dict.fromkeys(message["channel"] for message in messages.values())),
                recipients=seen.get("recipients"),
                warnings=list(seen.get("warnings", ())),
                is_own=request.member.user_id in (one.submitted_by_id, one.campaign.created_by_id),
            )
        )
    return made


def held_rows(request: PageRequest) -> list[Held]:
    """Return the campaigns of which a first part is out, with what became of it."""
    return [
        Held(
            campaign=campaign,
            part=_part_of(moderation.latest_review(campaign)),
            figures=_figures(request, campaign),
            url=workspace_url(request, "moderation_review", id=campaign.public_id),
        )
        for campaign in moderation.held_for(request.member)[:HELD_SHOWN]
    ]


def _part_of(review: Review | None) -> str:
    return moderation.first_part(review) if review is not None else ""


def _figures(request: PageRequest, campaign: Campaign) -> Figures | None:
    run = deliveries.run_for(request.member, campaign)
    return canary.figures(run) if run is not None else None


class ReviewPage:
    """Everything about a campaign's latest submission; each thing is read when the page asks for it.

    `problems` are sentences by field, and `typed` what was typed, when a decision was refused.
    """

    def __init__(
        self,
        request: PageRequest,
        campaign: Campaign,
        review: Review,
        *,
        problems: Mapping[str, str] | None = None,
    ) -> None:
        self._request, self.campaign, self.review = request, campaign, review
        self.problems = dict(problems or {})
        self.typed = request.POST
        self.member = request.member

    @cached_property
    def is_open(self) -> bool:
        """Whether a decision is awaited."""
        is_archived = self.campaign.archived_at is not None
        return self.campaign.status == Status.IN_REVIEW and not self.review.decision and not is_archived

    @cached_property
    def is_held(self) -> bool:
        """Whether a first part is out and the second yes awaited."""
        return self.campaign.status == Status.PAUSED and self.campaign.pause_cause == PauseCause.REVIEW

    @cached_property
    def now(self) -> dict[str, Any]:
        return comparing.snapshot(self.campaign)

    @cached_property
    def digest(self) -> str:
        return comparing.digest(self.now)

    @cached_property
    def base(self) -> Review | None:
        return moderation.base_of(self.review)

    @cached_property
    def base_is_approved(self) -> bool:
        return self.base is not None and self.base.decision in (Decision.APPROVED, Decision.VOIDED)

    @cached_property
    def differences(self) -> list[Difference]:
        """Since the submission before, or the last that was approved."""
        return comparing.differences(self.base.snapshot, self.now) if self.base is not None else []

    @cached_property
    def since(self) -> list[Difference]:
        """What is different from what was submitted, while a decision is awaited."""
        if not (self.is_open or self.is_held):
            return []
        return comparing.differences(self.review.snapshot, self.now)

    @cached_property
    def facts(self) -> list[Fact]:
        """What the decision is about, in few words, and what it leaves open."""
        told = [Fact(label=one.label, value=one.value, user_text=True) for one in comparing.told(self.now)]
        if self.campaign.is_one_off:
            to = masking.address_for(self.member, self.campaign.to_address)
            told.insert(0, Fact(label=pgettext("recipient", "To"), value=to, user_text=True))
        return [*told, *(Fact(label=one.label, value=one.value) for one in self.numbers)]

    @cached_property
    def examined(self) -> preflight.Preflight:
        return preflight.examine(self.campaign)

    @cached_property
    def numbers(self) -> list[Fact]:
        return campaign_compose.numbers(self.campaign, self.examined)

    @cached_property
    def estimate(self) -> Estimate | None:
        return campaign_compose.estimate(self.campaign)

    @cached_property
    def checks(self) -> list[Check]:
        """The checklist, what blocks first. The cures are the author's business."""
        order = [Level.BLOCK, Level.WARN, Level.PASS]
        sorted_ = sorted(self.examined.checks, key=lambda check: order.index(check.level))
        return [Check(verdict=check.level.value, text=check.sentence) for check in sorted_]

    @cached_property
    def pane(self) -> Pane:
        return campaign_preview.pane(self._request, self.campaign, PREVIEW)

    @cached_property
    def picks(self) -> list[tuple[int, str, str]]:
        """Three of the people, and where the preview shows the message as they get it."""
        url = workspace_url(self._request, PREVIEW[0], id=self.campaign.public_id)
        found = campaign_preview.picks(self._request.member, self.campaign)
        return [(n, name, f"{url}?recipient={n}") for n, name in found]

    @cached_property
    def comments(self) -> list[tuple[str, Comment]]:
        """What was said, each after what it was about."""
        return [
            (campaign_trail.title_of(one.event.action), one) for one in moderation.comments_on(self.campaign)
        ]

    @cached_property
    def figures(self) -> Figures | None:
        return _figures(self._request, self.campaign) if self.is_held else None

    @cached_property
    def obstacle(self) -> str:
        """Why the member cannot approve; empty when they can."""
        if not self.member.may(Permission.MODERATE):
            return _("Your role does not include approving and rejecting.")
        if self.member.user_id in moderation.authors_of(self.campaign):
            return _("You wrote, changed or submitted it, so somebody else has to approve it.")
        return ""

    @cached_property
    def may_moderate(self) -> bool:
        return self.member.may(Permission.MODERATE)

    @cached_property
    def may_withdraw(self) -> bool:
        return self.is_open and self.member.may(Permission.EDIT) and not self.campaign.is_one_off

    @cached_property
    def part(self) -> str:
        """Whom alone the approval was for, in words; empty where it was for all."""
        return _part_of(self.review)

    @cached_property
    def has_percent(self) -> bool:
        """Whether a first part can be told in per cent."""
        return self.campaign.launch not in WITHOUT_PERCENT

    @cached_property
    def order(self) -> str:
        """Who the first are."""
        if self.campaign.launch == Launch.TRIGGER:
            return _("Those who are pushed first.")
        return _(
            "The first in the order of the audience: a file's rows from its top, contacts from the oldest."
        )

    @cached_property
    def what_follows(self) -> str:
        """What an approval sets going."""
        campaign = self.campaign
        if not campaign.auto_start or campaign.launch == "MANUAL":
            return _("It is then ready, and a person starts it.")
        if campaign.launch == "NOW":
            return _("It then starts at once.")
        return _("It then waits for its start time.")
