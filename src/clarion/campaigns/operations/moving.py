"""What is done to a campaign on its way: halting it, letting it go on, ending it, changing its speed."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from clarion.campaigns import fields, offers, windows
from clarion.campaigns.errors import AwaitsRelease, CampaignInvalid, TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.operations import approval, changing, launching
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake


@transaction.atomic
def pause(
    *,
    campaign: Campaign,
    by: Actor,
    reason: str = "",
    cause: PauseCause = PauseCause.PERSON,
    resume_at: datetime | None = None,
) -> Campaign:
    """Halt the campaign until somebody continues it, or until it goes on by itself at `resume_at`.

    Only the program's own pauses end by themselves: a person's has no such moment.
    """
    now = changing.locked(campaign, by)
    at = None if cause is PauseCause.PERSON else resume_at
    return move(now, Action.PAUSE, by=by, reason=reason, cause=cause, resume_at=at)


@transaction.atomic
def continue_(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Let a paused campaign go on where the pause interrupted it: waiting for its time, building or sending.

    One whose start time has passed meanwhile starts at once; a recurring one waits for its next occurrence, and
    starts at once only when none is left. A person does not end a pause outside the sending hours, which are there
    to be kept: it ends by itself, or by other hours. Raises CampaignInvalid for that, and AwaitsRelease when a first
    part is out and the rest waits for a moderator.
    """
    now = changing.locked(campaign, by)
    if now.pause_cause == PauseCause.REVIEW:
        by.require(Permission.LAUNCH)
        raise AwaitsRelease
    return _continued(now, by, reason)


@transaction.atomic
def continue_spent(*, campaign: Campaign, by: Actor) -> Campaign:
    """Let a paused campaign go on of which nobody is left to be written to, so that it completes.

    For that no moderator needs to be waited for.
    """
    return _continued(changing.locked(campaign, by), by, "")


def _continued(now: Campaign, by: Actor, reason: str) -> Campaign:
    if by.via != "system" and now.pause_cause == PauseCause.WINDOW and _is_ahead(now.resume_at):
        assert now.resume_at is not None  # noqa: S101 - it lies ahead
        at = windows.told(now.resume_at, now.window_zone or now.zone)
        raise CampaignInvalid([_CLOSED % {"at": at}])
    target = Status(now.paused_from) if now.paused_from else None
    if target is None and now.status == Status.PAUSED and now.started_at is None:
        target = Status.SCHEDULED
    if target is Status.SCHEDULED and now.next_at is None:
        target = Status.BUILDING  # cannot wait for a time that nobody knows any more
    facts: dict[str, Any] = {}
    if target is Status.BUILDING and now.started_at is None:
        facts["started_at"] = timezone.now()
    if target is Status.SCHEDULED:
        facts |= _awaited(now) | {"missed_at": None}
    return move(now, Action.CONTINUE, by=by, reason=reason, target=target, **facts)


def _awaited(now: Campaign) -> dict[str, Any]:
    """Return what a campaign that waited for its start while it was paused waits for now."""
    at = timezone.now()
    if now.next_at is None or now.next_at > at:
        return {}
    following = launching.next_start(now, after=at) if now.launch == Launch.RECURRING else None
    return following or {"next_at": at}


@transaction.atomic
def resume(*, campaign: Campaign, by: Actor) -> Campaign:
    """Let a campaign go on whose pause was to end by itself, now that its moment has come.

    Raises TransitionRefused for any other: a person's pause in particular, however quickly it was made.
    """
    now = changing.locked(campaign, by)
    if now.status != Status.PAUSED or now.resume_at is None or _is_ahead(now.resume_at):
        raise TransitionRefused
    return continue_(campaign=now, by=by)


@transaction.atomic
def resume_paid(*, campaign: Campaign, by: Actor) -> Campaign:
    """Let a campaign go on that waited for its workspace's balance. Raises TransitionRefused for any other pause."""
    now = changing.locked(campaign, by)
    if now.status != Status.PAUSED or now.pause_cause != PauseCause.BALANCE:
        raise TransitionRefused
    return continue_(campaign=now, by=by)


@transaction.atomic
def replan_resumption(*, campaign: Campaign, resume_at: datetime, reason: str, by: Actor) -> Campaign:
    """Let a pause that ends by itself end at another moment, because what it waits for was changed."""
    now = changing.locked(campaign, by)
    if now.status != Status.PAUSED or now.resume_at is None:
        raise TransitionRefused
    Campaign.objects.filter(pk=now.pk).update(resume_at=resume_at, status_reason=reason)
    now.resume_at, now.status_reason = resume_at, reason
    return now


@transaction.atomic
def hold(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Keep a campaign paused that would go on by itself, until somebody continues it."""
    by.require(Permission.PAUSE)
    now = changing.locked(campaign, by)
    if not offers.is_resuming(now):
        raise TransitionRefused
    changing.write(
        now, by, "hold",
        {
            "pause_cause": (now.pause_cause, PauseCause.PERSON.value), "resume_at": (now.resume_at, None),
            "status_reason": (now.status_reason, reason), "status_by": (now.status_by, by.name),
        },
    )  # fmt: skip
    return now


@transaction.atomic
def stop(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """End the campaign's run; it may be changed and launched again."""
    return move(changing.locked(campaign, by), Action.STOP, by=by, reason=reason)


@transaction.atomic
def cancel(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Give the campaign up for good."""
    now = changing.locked(campaign, by)
    cancelled = move(now, Action.CANCEL, by=by, reason=reason)
    approval.withdraw_open(now, by)
    return cancelled


@transaction.atomic
def reopen(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Make a ready, scheduled, stopped or failed campaign a draft again, so that it can be changed."""
    now = changing.locked(campaign, by)
    by.require(Permission.EDIT)
    return now if now.status == Status.DRAFT else move(now, Action.EDIT, by=by, reason=reason)


@transaction.atomic
def change_speed(
    *, campaign: Campaign, rate_limit: float | None, delay_min: float, delay_max: float, by: Actor
) -> Campaign:
    """Change how fast the campaign sends, while it is on its way; sending processes take it over at once."""
    by.require(Permission.LAUNCH)
    now = changing.locked(campaign, by)
    if now.status not in offers.SPEED_CHANGEABLE:
        raise TransitionRefused
    different = changing.different(
        now, fields.cleaned({"rate_limit": rate_limit, "delay_min": delay_min, "delay_max": delay_max})
    )
    if different:
        changing.write(now, by, "change_speed", different)
        wake(campaign_id=now.pk)
    return now


_CLOSED = gettext_lazy(
    "It is outside the campaign's sending hours. It goes on by itself on %(at)s; change the hours to send earlier."
)


def _is_ahead(moment: datetime | None) -> bool:
    return moment is not None and moment > timezone.now()
