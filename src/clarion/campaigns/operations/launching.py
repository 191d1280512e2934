"""Launching: what starts a campaign, now, at its time or again."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.campaigns import fields, preflight
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.lifecycle import move
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.operations import approval, changing
from clarion.campaigns.states import TRANSITIONS, Action, Status
from clarion.workspaces.actors import Actor


def start(*, campaign: Campaign, by: Actor, reason: str = "") -> Campaign:
    """Launch the campaign now and return it, building. Raises CampaignInvalid when something blocks it."""
    approval.void_if_changed(campaign=campaign, by=by)
    return _launch(campaign=campaign, action=Action.START, by=by, reason=reason, started_at=timezone.now())


def schedule(*, campaign: Campaign, starts_at: datetime, zone: str, by: Actor, reason: str = "") -> Campaign:
    """Let the campaign start by itself at that moment. Raises CampaignInvalid when something blocks it."""
    values = fields.cleaned({"starts_at": starts_at, "zone": zone})
    if starts_at <= timezone.now():
        sentence = _("The start time is in the past.")
        raise CampaignInvalid([sentence], fields={"starts_at": sentence})
    approval.void_if_changed(campaign=campaign, by=by)
    return _launch(
        campaign=campaign,
        action=Action.SCHEDULE,
        by=by,
        reason=reason,
        launch=Launch.SCHEDULE,
        next_at=starts_at,
        **values,
    )


@transaction.atomic
def after_approval(*, campaign: Campaign, by: Actor) -> Campaign:
    """Let a campaign that a moderator just approved (READY) go on as its author said, and return it."""
    return campaign


@transaction.atomic
def start_due(*, campaign: Campaign, by: Actor) -> Campaign:
    """Start a scheduled campaign whose time has come, and return it.

    What has come to block it since it was scheduled makes it fail, with the reason; what only holds sending back
    (a blocked sender, the kill switch) does not.
    """
    now = changing.locked(campaign, by)
    if now.status != Status.SCHEDULED:
        raise TransitionRefused
    sent_back = approval.send_back(campaign=now, by=by)
    if sent_back is not None:
        return sent_back
    blockers = [check for check in preflight.blockers(now) if check.code not in preflight.HOLDING_CODES]
    if blockers:
        reason = " ".join(check.sentence for check in blockers)[:500]
        return move(now, Action.FAIL, by=by, reason=reason)
    return move(now, Action.START, by=by, started_at=timezone.now())


@transaction.atomic
def _launch(*, campaign: Campaign, action: Action, by: Actor, reason: str, **facts: Any) -> Campaign:
    permission = TRANSITIONS[action].permission
    if permission is not None:
        by.require(permission)
    now = changing.locked(campaign, by)
    if now.status not in TRANSITIONS[action].sources:
        raise TransitionRefused
    approval.require(now)
    blockers = preflight.blockers(now)
    if blockers:
        raise CampaignInvalid([check.sentence for check in blockers])
    return move(now, action, by=by, reason=reason, **facts)
