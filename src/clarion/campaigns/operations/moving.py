"""What is done to a campaign on its way: halting it, letting it go on, ending it, changing its speed."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from clarion.campaigns import fields, offers
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.operations import changing, launching
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake


@transaction.atomic
def pause(
    *, campaign: Campaign, by: Actor, reason: str = "", cause: PauseCause = PauseCause.PERSON
) -> Campaign:
    """Halt the campaign until somebody continues it."""
    return move(changing.locked(campaign, by), Action.PAUSE, by=by, reason=reason, cause=cause)


@transaction.atomic
def continue_(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Let a paused campaign go on where the pause interrupted it: waiting for its time, building or sending.

    One whose start time has passed meanwhile starts at once; a recurring one waits for its next occurrence, and
    starts at once only when none is left.
    """
    now = changing.locked(campaign, by)
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
def stop(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """End the campaign's run; it may be changed and launched again."""
    return move(changing.locked(campaign, by), Action.STOP, by=by, reason=reason)


@transaction.atomic
def cancel(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Give the campaign up for good."""
    return move(changing.locked(campaign, by), Action.CANCEL, by=by, reason=reason)


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
