"""Campaigns that are submitted, approved, and in every state."""

from typing import Any

from django.utils import timezone

from clarion.campaigns import moderation, operations, review
from clarion.campaigns.models import Campaign, Decision, Review
from clarion.campaigns.states import Action, Status
from clarion.senders import operations as senders
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making

#: What a review allows, forbids or decides.
REVIEWED = (
    Action.SUBMIT, Action.WITHDRAW, Action.APPROVE, Action.REJECT, Action.RELEASE, Action.START, Action.CONTINUE,
)  # fmt: skip


def draft_of(member: Membership, **values: Any) -> Campaign:
    return making.make_launchable(member.workspace, created_by=member.user, **values)


def submitted(member: Membership, **values: Any) -> Campaign:
    return operations.submit(campaign=draft_of(member, **values), by=making.actor(member), note="Please.")


def approved(author: Membership, moderator: Membership, **values: Any) -> Campaign:
    """Return a campaign that a person is to start, approved."""
    campaign = submitted(author, **{"launch": "MANUAL", **values})
    return operations.approve(
        campaign=campaign, digest=review.digest_of(campaign), by=making.actor(moderator)
    )


def status_of(campaign: Campaign) -> str:
    return Campaign.objects.get(pk=campaign.pk).status


def review_of(campaign: Campaign) -> Review:
    found = moderation.latest_review(campaign)
    assert found is not None
    return found


def in_state(status: Status, author: Membership, *, is_approved: bool, cause: str = "") -> Campaign:
    """Return a launchable campaign in that state, with the review that belongs to it."""
    values: dict[str, Any] = {"approved_at": timezone.now()} if is_approved else {}
    if status is Status.PAUSED and cause:
        values["pause_cause"] = cause
    campaign = draft_of(author, status=status, **values)
    if is_approved or status is Status.IN_REVIEW:
        taken = review.snapshot(campaign)
        facts: dict[str, Any] = {
            "campaign": campaign,
            "number": 1,
            "snapshot": taken,
            "submitted_by": author.user,
        }
        if is_approved:
            facts |= {"decision": Decision.APPROVED, "decided_at": timezone.now(), "canary_percent": 10}
        Review.objects.create(digest=review.digest(taken), **facts)
    return campaign


def change_sender_of(campaign: Campaign, **settings: Any) -> None:
    step = campaign.steps.select_related("sender").get()
    assert step.sender is not None
    senders.update_sender(
        sender=step.sender,
        by=actors.operator(campaign.workspace),
        config={**step.sender.config, **settings},
    )
