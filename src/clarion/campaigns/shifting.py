"""Moving a scheduled campaign to another time: what becomes of its start, its end and its coming dates."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from clarion.campaigns import recurrence
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Launch, RepeatUnit
from clarion.campaigns.states import Status

if TYPE_CHECKING:
    from clarion.campaigns.models import Campaign
    from clarion.campaigns.recurrence import Rule

_ELAPSED = frozenset({RepeatUnit.MINUTE, RepeatUnit.HOUR})
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What the campaign's times become."""

    starts_at: datetime
    ends_at: datetime | None
    next_at: datetime
    #: The rule after the move; None for what does not recur.
    rule: Rule | None = None


def days_later(at: datetime, days: int, zone: str) -> datetime:
    """Return the same time of day so many days later by the zone's calendar, in UTC.

    A time that the clocks skip that day moves forward by as much as they skip.
    """
    wall_clock = _wall_clock(at, zone)
    return _in_utc(wall_clock + timedelta(days=days), zone)


def shift(campaign: Campaign, *, from_at: datetime, to_at: datetime, now: datetime) -> Shift:
    """Return what moving the date at `from_at` to `to_at` makes of the campaign's times.

    A recurring campaign moves as a whole: its first date moves, and every coming one with it. Raises
    CampaignInvalid, with a sentence, for what cannot be moved so.
    """
    if campaign.status != Status.SCHEDULED or campaign.next_at is None or campaign.archived_at is not None:
        raise CampaignInvalid(
            [
                _("Only a scheduled campaign can be moved; this one is %(status)s.")
                % {"status": campaign.get_status_display().lower()}
            ]
        )
    if to_at <= now:
        raise CampaignInvalid([_("That time has passed already.")])
    rule = recurrence.rule_of(campaign) if campaign.launch == Launch.RECURRING else None
    if rule is not None:
        return _shift_rule(campaign, rule, from_at, to_at, now)
    if from_at != campaign.next_at:
        raise CampaignInvalid([_("Its start has been changed meanwhile.")])
    ends_at = campaign.ends_at
    if ends_at is not None:
        distance = _wall_clock(to_at, campaign.zone) - _wall_clock(from_at, campaign.zone)
        ends_at = _in_utc(_wall_clock(ends_at, campaign.zone) + distance, campaign.zone)
        if ends_at <= to_at:
            raise CampaignInvalid([_("It would end before it begins.")])
    return Shift(starts_at=to_at, ends_at=ends_at, next_at=to_at)


def _shift_rule(campaign: Campaign, rule: Rule, from_at: datetime, to_at: datetime, now: datetime) -> Shift:
    number = _number_of(rule, from_at)
    following = _number_of(rule, campaign.next_at) if campaign.next_at is not None else None
    if number is None or following is None or number < following:
        raise CampaignInvalid([_("Its dates have been changed meanwhile.")])
    moved = replace(rule, start=_anchor(rule, number, from_at, to_at))
    if recurrence.occurrence(moved, number) != to_at:
        raise CampaignInvalid(
            [
                _(
                    "A date of it cannot fall there: its end or the length of the months forbids it. Its timing can."
                )
                if rule.unit == RepeatUnit.MONTH
                else _("It would lie behind the end of the recurrence.")
            ]
        )
    next_at = recurrence.occurrence(moved, following)
    if next_at is None or next_at <= now:
        raise CampaignInvalid([_("All coming dates move together, and the next one would lie in the past.")])
    return Shift(starts_at=moved.start, ends_at=campaign.ends_at, next_at=next_at, rule=moved)


def _anchor(rule: Rule, number: int, from_at: datetime, to_at: datetime) -> datetime:
    """Return the first date that makes occurrence `number` fall on `to_at`, as near as it can be."""
    if rule.unit in _ELAPSED:
        return rule.start + (to_at - from_at)
    goal = _wall_clock(to_at, rule.zone)
    if rule.unit == RepeatUnit.MONTH:
        return _in_utc(_months_earlier(goal, number * rule.every), rule.zone)
    days = rule.every * (7 if rule.unit == RepeatUnit.WEEK else 1)
    return _in_utc(goal - timedelta(days=number * days), rule.zone)


def _number_of(rule: Rule, at: datetime) -> int | None:
    """Return which occurrence is at that moment, None when none is."""
    found = recurrence.between(rule, at, at + _INSTANT, 1)
    return found[0][0] if found else None


def _months_earlier(goal: datetime, months: int) -> datetime:
    """Return the same day of an earlier month, its last day where it is shorter."""
    year, month = divmod(goal.year * 12 + goal.month - 1 - months, 12)
    return goal.replace(
        year=year, month=month + 1, day=min(goal.day, calendar.monthrange(year, month + 1)[1])
    )


def _wall_clock(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _in_utc(wall_clock: datetime, zone: str) -> datetime:
    return wall_clock.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
