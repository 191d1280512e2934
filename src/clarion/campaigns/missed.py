"""What is to happen with a campaign whose start time passed while nothing was there to start it."""

from datetime import datetime, timedelta
from enum import Enum

from clarion.campaigns import recurrence, windows
from clarion.campaigns.models import Campaign, Launch, MissedPolicy

#: A start is missed when it is later than this: a process that was restarted has not missed one.
GRACE = timedelta(seconds=60)
#: Who starts at a moment. A campaign between two dates begins whenever it can, and plans for what is left.
LAUNCHES = frozenset({Launch.SCHEDULE, Launch.RECURRING})


class Answer(Enum):
    START = "start"
    ASK = "ask"


def decide(campaign: Campaign, due: datetime, at: datetime) -> Answer | datetime:
    """Return what the campaign's policy says at moment `at` of a start that was due earlier.

    START and ASK, or until when it waits. A wait that would never end becomes a question.
    """
    if campaign.missed_policy == MissedPolicy.LATE:
        return Answer.START if at - due <= timedelta(hours=campaign.missed_hours) else Answer.ASK
    if campaign.missed_policy == MissedPolicy.ASK:
        return Answer.ASK
    following = _next_occurrence(campaign, at) or _next_opening(campaign, due, at)
    if following is None or (campaign.ends_at is not None and following >= campaign.ends_at):
        return Answer.ASK
    return Answer.START if following <= at else following


def _next_occurrence(campaign: Campaign, at: datetime) -> datetime | None:
    rule = recurrence.rule_of(campaign) if campaign.launch == Launch.RECURRING else None
    following = recurrence.next_after(rule, at) if rule else None
    return following[1] if following else None


def _next_opening(campaign: Campaign, due: datetime, at: datetime) -> datetime | None:
    """Return when the first sending window opens after the one that was missed; `at` when it is open now."""
    hours = windows.parse(campaign.windows)
    zone = campaign.window_zone or campaign.zone
    missed_until = hours.closes_at(due, zone)
    if missed_until is None:
        return None
    return hours.next_open(max(missed_until, at), zone)
