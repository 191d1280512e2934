"""When a run on its way will have ended, and who will not get it in time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from clarion.campaigns.forecast import Outlook, is_bound, outlook
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries import tiers
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.progress import Overview
from clarion.senders.models import Sender

_ON_ITS_WAY = (Status.BUILDING, Status.SENDING, Status.PAUSED)


def ahead_of(campaign: Campaign, run: Run, seen: Overview, now: datetime) -> Outlook | None:
    """Return the outlook of a campaign whose hours, days or end decide; None for others, and where none can be told.

    One that a person paused has none: nobody knows when it goes on.
    """
    is_held = campaign.status == Status.PAUSED and campaign.resume_at is None
    if campaign.status not in _ON_ITS_WAY or is_held or not is_bound(campaign) or not seen.waiting:
        return None
    if campaign.launch == Launch.TRIGGER:
        return None
    # How many a fallback gets cannot be foretold.
    steps = list(
        RunStep.objects.filter(run_id=run.pk, cursor__lt=tiers.EVERYBODY).values_list("sender_id", "cursor")
    )
    today = None
    day = now.astimezone(ZoneInfo(campaign.zone)).date()
    if campaign.launch == Launch.SPREAD and run.released_id is not None and run.released_on == day:
        cursor = min((cursor for _sender, cursor in steps), default=0)
        today = max(0, run.released_id - cursor) + seen.in_flight
    senders = Sender.objects.filter(pk__in=[sender for sender, _cursor in steps]).defer("config", "sealed")
    try:
        return outlook(
            campaign=campaign, senders=senders, size=seen.waiting, begin=max(now, campaign.resume_at or now),
            measured=seen.rate or None, today=today,
        )  # fmt: skip
    except (ValueError, KeyError):
        return None  # no hours, or no zone
