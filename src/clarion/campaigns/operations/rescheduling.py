"""Moving a scheduled campaign to another time without taking it off the schedule."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from clarion.campaigns import shifting
from clarion.campaigns.models import Campaign
from clarion.campaigns.operations import changing
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake


@transaction.atomic
def reschedule(*, campaign: Campaign, from_at: datetime, to_at: datetime, by: Actor) -> Campaign:
    """Move the date at `from_at` to `to_at` and return the campaign, still scheduled.

    `from_at` is its start, or one of its coming dates when it recurs: then all of them move. Raises
    CampaignInvalid when it cannot be moved there, or has been moved by somebody else meanwhile.
    """
    by.require(Permission.LAUNCH)
    now = changing.locked(campaign, by)
    shift = shifting.shift(now, from_at=from_at, to_at=to_at, now=timezone.now())
    different = changing.different(
        now,
        {"starts_at": shift.starts_at, "ends_at": shift.ends_at, "next_at": shift.next_at, "missed_at": None},
    )
    if different:
        changing.write(now, by, "reschedule", different)
        wake(campaign_id=now.pk)
    return now
