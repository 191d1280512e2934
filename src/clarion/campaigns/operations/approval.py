"""The approval that a moderated workspace asks for: whether it stands, and its end when what it was for changed."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns import moderation, review
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Decision, Launch, Review
from clarion.campaigns.operations import changing
from clarion.campaigns.states import Action, Status
from clarion.workspaces import actors
from clarion.workspaces.actors import Actor

#: Launches whose first part is told by a number of people alone: nobody knows how many they will be.
WITHOUT_PERCENT = frozenset({Launch.TRIGGER})


def refusal(campaign: Campaign) -> str:
    """Return why the campaign may not be sent for want of an approval; empty when it may.

    What is outside of the campaign counts too: its lists and its senders' settings are compared anew.
    """
    standing = moderation.standing_review(campaign)
    if standing is not None and _lacks_first_part(campaign, standing):
        return _(
            "It was approved for its first per cent, but of a triggered campaign nobody knows how many they are."
        )
    if not campaign.workspace.moderation:
        return ""
    if standing is None:
        latest = moderation.latest_review(campaign)
        if latest is not None and latest.decision == Decision.VOIDED:
            return f"{latest.reason} {_('It has to be submitted again.')}"
        return _("It has to be approved by a moderator first.")
    now = review.snapshot(fresh(campaign))
    if review.digest(now) != standing.digest:
        found = review.sentence(review.differences(standing.snapshot, now))
        return f"{found} {_('It has to be submitted again.')}"
    return ""


def require(campaign: Campaign) -> None:
    """Raise CampaignInvalid when the campaign may not be sent for want of an approval."""
    why = refusal(campaign)
    if why:
        raise CampaignInvalid([why])


@transaction.atomic
def void_if_changed(*, campaign: Campaign, by: Actor) -> bool:
    """End the approval when it was given for something else than what the campaign says now; return whether it did.

    A campaign that was ready or scheduled becomes a draft by it. One with a run on its way keeps its approval: the run
    holds a copy of what was approved.
    """
    if campaign.approved_at is None:
        return False
    held = Campaign.objects.select_for_update(of=("self",)).select_related("workspace", "source")
    now = held.filter(pk=campaign.pk, workspace=by.workspace).first()
    standing = moderation.standing_review(now) if now is not None else None
    if now is None or standing is None or _is_on_its_way(now):
        return False
    taken = review.snapshot(now)
    if review.digest(taken) == standing.digest:
        return False
    found = review.differences(standing.snapshot, taken)
    sentence = review.sentence(found)
    Review.objects.filter(pk=standing.pk, decision=Decision.APPROVED).update(
        decision=Decision.VOIDED, reason=sentence
    )
    Campaign.objects.filter(pk=now.pk).update(approved_at=None)
    changing.record(
        now, by, "void",
        {one.label[:60]: (_shortened(one.before), _shortened(one.after)) for one in found[:20]},
        reason=sentence,
    )  # fmt: skip
    if now.status in (Status.READY, Status.SCHEDULED):
        # The program's move: whoever launches need not be somebody who may edit.
        move(now, Action.EDIT, by=actors.system(now.workspace), reason=sentence[:500])
    return True


@transaction.atomic
def send_back(*, campaign: Campaign, by: Actor) -> Campaign | None:
    """Make a scheduled campaign a draft when it lacks its approval, with the reason; None when it may go."""
    why = refusal(campaign)
    if not why:
        return None
    if not void_if_changed(campaign=campaign, by=by):
        return move(campaign, Action.EDIT, by=by, reason=why[:500])
    return Campaign.objects.get(pk=campaign.pk)


def withdraw_open(campaign: Campaign, by: Actor) -> None:
    """Take back the campaign's submission, if nobody has decided on it."""
    Review.objects.filter(campaign=campaign, decision="").update(
        decision=Decision.WITHDRAWN, decided_at=timezone.now(), decided_by=by.user
    )


def fresh(campaign: Campaign) -> Campaign:
    """Return the campaign as the database has it, nothing of it prefetched."""
    return Campaign.objects.select_related("source", "workspace").get(pk=campaign.pk)


def _lacks_first_part(campaign: Campaign, standing: Review) -> bool:
    return standing.is_holding and standing.canary_percent is not None and campaign.launch in WITHOUT_PERCENT


def _is_on_its_way(campaign: Campaign) -> bool:
    if campaign.status == Status.PAUSED:
        return campaign.paused_from != Status.SCHEDULED
    return campaign.status in (Status.BUILDING, Status.SENDING)


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
