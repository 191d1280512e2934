"""Reading what waits for a moderator, what was decided, and who may decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns.models import Campaign, Decision, Review
from clarion.campaigns.states import PauseCause, Status
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Permission, Role, permissions_of

#: Submissions shown at once; the oldest come first, so the others have their turn.
SHOWN = 100
#: Events that make their actor an author of what is submitted.
_WRITING = ("create", "duplicate", "update", "set_source", "set_message", "submit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said about a campaign in the course of its reviews."""

    event: AuditEvent

    @property
    def verb(self) -> str:
        return self.event.action.partition(".")[2]


def may_see(member: Membership) -> bool:
    """Whether the member sees the queue and the reviews: who decides, and who submits."""
    return member.may(Permission.MODERATE) or member.may(Permission.EDIT)


def submitted_for(member: Membership) -> QuerySet[Review]:
    """Return the submissions that nobody has decided on, the oldest first."""
    if not may_see(member):
        return Review.objects.none()
    return (
        Review.objects.filter(
            campaign__workspace_id=member.workspace_id,
            decision="",
            campaign__status=Status.IN_REVIEW,
            campaign__archived_at=None,
        )
        .select_related("campaign", "campaign__created_by", "submitted_by")
        .order_by("submitted_at", "pk")
    )


def held_for(member: Membership) -> QuerySet[Campaign]:
    """Return the campaigns of which a first part is out and the rest waits, the oldest first."""
    if not may_see(member):
        return Campaign.objects.none()
    return Campaign.objects.filter(
        workspace_id=member.workspace_id, status=Status.PAUSED, pause_cause=PauseCause.REVIEW
    ).order_by("status_changed_at", "pk")


def waiting_count(member: Membership) -> int:
    """Return how many decisions wait for the member; 0 for whoever does not decide, and where nobody has to."""
    if not member.workspace.moderation or not member.may(Permission.MODERATE):
        return 0
    of_workspace = Campaign.objects.filter(workspace_id=member.workspace_id, archived_at=None)
    waits = Q(status=Status.IN_REVIEW) | Q(status=Status.PAUSED, pause_cause=PauseCause.REVIEW)
    return of_workspace.filter(waits).count()


def latest_review(campaign: Campaign) -> Review | None:
    """Return the campaign's last submission, decided or not."""
    return (
        Review.objects.filter(campaign=campaign)
        .select_related("submitted_by", "decided_by", "released_by")
        .order_by("-number")
        .first()
    )


def standing_review(campaign: Campaign) -> Review | None:
    """Return the approval that stands, None when there is none."""
    if campaign.approved_at is None:
        return None
    latest = latest_review(campaign)
    return latest if latest is not None and latest.decision == Decision.APPROVED else None


def base_of(review: Review) -> Review | None:
    """Return what a submission is compared with: the last one approved before it, or else the one before it."""
    earlier = Review.objects.filter(campaign_id=review.campaign_id, number__lt=review.number)
    earlier = earlier.select_related("submitted_by", "decided_by").order_by("-number")
    approved = earlier.filter(decision__in=[Decision.APPROVED, Decision.VOIDED]).first()
    return approved or earlier.first()


def canary_of(campaign: Campaign) -> Review | None:
    """Return the approval by which only a first part may go yet, None when all may."""
    review = standing_review(campaign)
    return review if review is not None and review.is_holding else None


def first_part(review: Review) -> str:
    """Return what an approval's first part is, in words; empty where it is for all."""
    if review.canary_people is not None:
        n = review.canary_people
        return ngettext("the first %(n)d person", "the first %(n)d people", n) % {"n": n}
    if review.canary_percent is not None:
        return _("the first %(n)d %%") % {"n": review.canary_percent}
    return ""


def authors_of(campaign: Campaign) -> set[int]:
    """Return the users who made, changed or submitted what has not been approved yet, and the campaign's author.

    Whoever is among them cannot approve it.
    """
    events = AuditEvent.objects.filter(
        workspace_id=campaign.workspace_id,
        object_kind="campaign",
        object_id=str(campaign.public_id),
        action__in=[f"campaign.{verb}" for verb in _WRITING],
    )
    review = latest_review(campaign)
    approved = Review.objects.filter(
        campaign=campaign, decision__in=[Decision.APPROVED, Decision.VOIDED]
    ).order_by("-number")
    if review is not None:
        # Whoever submitted what is approved stays its author for the second yes.
        last = approved.exclude(pk=review.pk).first()
        if last is not None:
            events = events.filter(at__gt=last.decided_at)
    users: set[int] = set(events.exclude(actor=None).values_list("actor_id", flat=True))
    if campaign.created_by_id is not None:
        users.add(campaign.created_by_id)
    if review is not None and review.submitted_by_id is not None:
        users.add(review.submitted_by_id)
    return users


def comments_on(campaign: Campaign, limit: int = 50) -> Sequence[Comment]:
    """Return what was said in the course of the campaign's reviews, the newest first."""
    events = AuditEvent.objects.filter(
        workspace_id=campaign.workspace_id,
        object_kind="campaign",
        object_id=str(campaign.public_id),
        action__in=[
            f"campaign.{verb}"
            for verb in ("submit", "withdraw", "approve", "reject", "release", "void", "note")
        ],
    ).order_by("-number")
    return [Comment(event=event) for event in events[:limit]]


def moderators_of(workspace_id: int) -> Sequence[Membership]:
    """Return the members who may approve, by name; those who cannot sign in are not among them."""
    roles = [role for role in Role if Permission.MODERATE in permissions_of(role)]
    members = Membership.objects.filter(
        workspace_id=workspace_id, role__in=roles, user__is_active=True, suspended_at=None
    ).select_related("user", "workspace")
    return sorted(members, key=lambda member: str(member.user).casefold())
