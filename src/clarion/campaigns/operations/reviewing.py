"""Moderation: a campaign is submitted, looked at, and approved or rejected by somebody who did not write it."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clarion.campaigns import moderation, preflight, review
from clarion.campaigns.errors import CampaignInvalid, OwnWork, ReviewStale, TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import CANARY_MOST, Campaign, Decision, Review
from clarion.campaigns.operations import approval, changing, launching
from clarion.campaigns.states import TRANSITIONS, Action, PauseCause, Status
from clarion.workspaces import spelling
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Characters of a note or a reason.
NOTE_LENGTH = 5_000
#: What the campaign's own row keeps of one.
_REASON_LENGTH = 500


@transaction.atomic
def submit(*, campaign: Campaign, by: Actor, note: str = "") -> Campaign:
    """Hand the campaign to the moderators and return it, in review.

    What keeps it from being launched keeps it from being submitted, but for what ends by itself. Raises
    CampaignInvalid.
    """
    by.require(Permission.SUBMIT)
    now = changing.locked(campaign, by)
    if now.status not in TRANSITIONS[Action.SUBMIT].sources:
        raise TransitionRefused
    if not now.workspace.moderation:
        raise CampaignInvalid([_("This workspace sends without approvals: the campaign can be started.")])
    if now.approved_at is not None and not approval.void_if_changed(campaign=now, by=by):
        raise TransitionRefused  # it is approved as it is
    now = approval.fresh(now)
    examined = preflight.examine(now)
    blockers = [check for check in examined.blockers if check.code not in preflight.HOLDING_CODES]
    if blockers:
        raise CampaignInvalid([check.sentence for check in blockers])
    taken = review.snapshot(now)
    seen = {"recipients": examined.recipients, "warnings": [check.sentence for check in examined.warnings]}
    last = moderation.latest_review(now)
    Review.objects.create(
        campaign=now,
        number=last.number + 1 if last is not None else 1,
        snapshot=taken | {"seen": seen},
        digest=review.digest(taken),
        note=_cleaned(note),
        submitted_by=by.user,
    )
    return move(now, Action.SUBMIT, by=by, reason=_cleaned(note)[:_REASON_LENGTH])


@transaction.atomic
def withdraw(*, campaign: Campaign, by: Actor, note: str = "") -> Campaign:
    """Take the submission back; the campaign is a draft again."""
    now = changing.locked(campaign, by)
    withdrawn = move(now, Action.WITHDRAW, by=by, reason=_cleaned(note)[:_REASON_LENGTH])
    approval.withdraw_open(now, by)
    return withdrawn


@transaction.atomic
def approve(
    *,
    campaign: Campaign,
    digest: str,
    by: Actor,
    note: str = "",
    canary_percent: int | None = None,
    canary_people: int | None = None,
) -> Campaign:
    """Allow the campaign as the moderator saw it, and let it go on as its author said.

    `digest` is `review.digest` of what was looked at. With `canary_percent` only so many per cent of the people, or
    with `canary_people` so many, the first of the audience's order or of those pushed, get it; the rest wait for
    `release`. A triggered campaign takes a number alone. Raises OwnWork, ReviewStale, CampaignInvalid.
    """
    by.require(Permission.MODERATE)
    now = changing.locked(campaign, by)
    if now.status != Status.IN_REVIEW:
        raise TransitionRefused
    _check_canary(now, canary_percent, canary_people)
    taken = _looked_at(now, digest, by)
    opened = Review.objects.select_for_update().filter(campaign=now, decision="").first()
    if opened is None:
        raise TransitionRefused
    at = timezone.now()
    _decide(
        opened, Decision.APPROVED, by, reason=_cleaned(note), digest=digest, canary_percent=canary_percent,
        canary_people=canary_people, snapshot=taken | {"seen": opened.snapshot.get("seen", {})},
    )  # fmt: skip
    extent = _extent(canary_percent, canary_people)
    reason = " ".join(filter(None, [extent, _cleaned(note)]))[:_REASON_LENGTH]
    approved = move(now, Action.APPROVE, by=by, reason=reason, approved_at=at)
    return launching.after_approval(campaign=approved, by=by)


@transaction.atomic
def reject(*, campaign: Campaign, reason: str, by: Actor) -> Campaign:
    """Refuse the campaign for good, with the reason that its author reads. Raises CampaignInvalid without one."""
    by.require(Permission.MODERATE)
    why = _cleaned(reason)
    if not why:
        sentence = _("Say why it is rejected: its author reads it.")
        raise CampaignInvalid([sentence], fields={"reason": sentence})
    now = changing.locked(campaign, by)
    if now.status != Status.IN_REVIEW:
        raise TransitionRefused
    for opened in Review.objects.select_for_update().filter(campaign=now, decision=""):
        _decide(opened, Decision.REJECTED, by, reason=why)
    return move(now, Action.REJECT, by=by, reason=why[:_REASON_LENGTH])


@transaction.atomic
def release(*, campaign: Campaign, digest: str, by: Actor, note: str = "") -> Campaign:
    """Let the rest go after a first part: the second yes. Raises as `approve` does."""
    by.require(Permission.MODERATE)
    now = changing.locked(campaign, by)
    standing = moderation.standing_review(now)
    if now.status != Status.PAUSED or now.pause_cause != PauseCause.REVIEW or standing is None:
        raise TransitionRefused
    taken = _looked_at(now, digest, by)
    Review.objects.filter(pk=standing.pk).update(
        released_at=timezone.now(),
        released_by=by.user,
        digest=digest,
        snapshot=taken | {"seen": standing.snapshot.get("seen", {})},
    )
    return move(now, Action.RELEASE, by=by, reason=_cleaned(note)[:_REASON_LENGTH])


def _looked_at(now: Campaign, digest: str, by: Actor) -> dict[str, Any]:
    """Return the campaign's snapshot when it is what somebody who is no author looked at."""
    if by.user is not None and by.user.pk in moderation.authors_of(now):
        raise OwnWork
    taken = review.snapshot(approval.fresh(now))
    if review.digest(taken) != digest:
        raise ReviewStale(
            [_("The campaign has changed since you looked at it. Look again before you decide.")]
        )
    return taken


def _decide(opened: Review, decision: Decision, by: Actor, **facts: Any) -> None:
    Review.objects.filter(pk=opened.pk).update(
        decision=decision, decided_at=timezone.now(), decided_by=by.user, **facts
    )


def _check_canary(now: Campaign, percent: int | None, people: int | None) -> None:
    field, sentence = "canary_percent", ""
    if now.is_one_off and (percent is not None or people is not None):
        sentence = _("A one-off has one person: there is no first part.")
    elif percent is not None and people is not None:
        sentence = _("A first part is told in per cent or by a number of people, not by both.")
    elif percent is not None and now.launch in approval.WITHOUT_PERCENT:
        sentence = _("Nobody knows how many will be pushed: say the first part by a number of people.")
    elif percent is not None and not 1 <= percent <= 99:
        sentence = _("A first part is between 1 and 99 per cent.")
    elif people is not None and not 1 <= people <= CANARY_MOST:
        field = "canary_people"
        sentence = _("A first part is between 1 and %(n)s people.") % {"n": spelling.number(CANARY_MOST)}
    if sentence:
        raise CampaignInvalid([sentence], fields={field: sentence})


def _extent(percent: int | None, people: int | None) -> str:
    if percent is not None:
        return _("For the first %(n)d %%.") % {"n": percent}
    if people is not None:
        sentence = ngettext("For the first %(n)d person.", "For the first %(n)d people.", people)
        return sentence % {"n": people}
    return ""


def _cleaned(text: str) -> str:
    return text.replace("\x00", "").strip()[:NOTE_LENGTH]
