"""What a workspace sends when: its campaigns by the moment they start, for a span of days.

Drafts and archived campaigns are left out. A recurring campaign stands on the day of each run it has had, and on
each day on which it will run; one that lasts from one date to another stands on all days between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Prefetch, Q
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from clarion.campaigns import queries, recurrence
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import FINAL, Status
from clarion.deliveries.models import Run
from clarion.workspaces.permissions import Permission

if TYPE_CHECKING:
    from clarion.workspaces.models import Membership

#: Campaigns read for one view; more than anybody can look at.
MOST = 2_000
#: Launches that last from one date to another.
LASTING = (Launch.SPREAD, Launch.TRIGGER)
#: States in which a recurring campaign has dates to come.
_COMING = frozenset(
    {Status.IN_REVIEW, Status.READY, Status.SCHEDULED, Status.BUILDING, Status.SENDING, Status.PAUSED}
)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A campaign on one day, or on several."""

    campaign: Campaign
    begins_at: datetime
    #: The last moment of what lasts several days.
    ends_at: datetime | None = None
    #: How many times on this day; `begins_at` is the first.
    count: int = 1
    #: A run that began then; None for what is to come, and for campaigns that do not recur.
    run_number: int | None = None
    is_coming: bool = False
    #: How this very date stands, a value of campaigns' Status.
    status: str = ""
    channels: Sequence[str] = field(default_factory=tuple)


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return when the day begins and ends by the zone's calendar, in UTC: 23, 24 or 25 hours, as a rule."""
    there = ZoneInfo(zone)
    begin, end = (
        datetime.combine(one, time.min, tzinfo=there).astimezone(UTC) for one in (day, day + timedelta(1))
    )
    return begin, end


def entries(member: Membership, first: date, last: date, zone: str) -> list[Entry]:
    """Return what begins or lasts on the days from `first` to `last`, by the zone's calendar, in order of time."""
    if not member.may(Permission.VIEW):
        return []
    begin, end = day_bounds(first, zone)[0], day_bounds(last, zone)[1]
    campaigns = _campaigns(member, begin, end)
    found: list[Entry] = []
    for campaign in campaigns:
        if campaign.launch == Launch.RECURRING:
            found += _coming_dates(campaign, first, last, zone)
        else:
            found += _one(campaign, begin, end)
    found += _past_runs(member, begin, end, zone)
    return sorted(found, key=lambda one: (one.begins_at, one.campaign.name, one.campaign.pk))


def entry(campaign: Campaign, at: datetime) -> Entry | None:
    """Return the campaign's date at that moment; None when it has none there (any more)."""
    if campaign.launch == Launch.RECURRING:
        rule = recurrence.rule_of(campaign)
        coming = _first_coming(campaign)
        is_there = (
            rule is not None
            and coming is not None
            and at >= coming
            and recurrence.between(rule, at, at + _INSTANT, 1)
        )
        return _date(campaign, at, is_coming=True, status=_status_of_coming(campaign)) if is_there else None
    return next((one for one in _one(campaign, at - timedelta(days=1), at + _INSTANT)), None)


def coming(campaign: Campaign, limit: int) -> list[datetime]:
    """Return the next dates of a recurring campaign, at most so many."""
    rule, start = recurrence.rule_of(campaign), _first_coming(campaign)
    if rule is None or start is None:
        return []
    return [at for _n, at in recurrence.between(rule, start, datetime.max.replace(tzinfo=UTC), limit)]


def _campaigns(member: Membership, begin: datetime, end: datetime) -> list[Campaign]:
    """Return the campaigns that the span may show, by one query over the indexes made for it."""
    steps = Prefetch("steps", Step.objects.only("campaign_id", "position", "channel"))
    recurring = Q(launch=Launch.RECURRING, status__in=sorted(_COMING), starts_at__lt=end)
    lasting = Q(launch__in=LASTING, starts_at__lt=end, ends_at__gte=begin)
    return list(
        queries.campaigns_for(member)
        .exclude(status=Status.DRAFT)
        .filter(archived_at=None)
        .annotate(moment=Coalesce("next_at", "started_at", "starts_at"))
        .filter(recurring | lasting | Q(moment__gte=begin, moment__lt=end))
        .prefetch_related(steps)
        .order_by("moment", "id")[:MOST]
    )


def _one(campaign: Campaign, begin: datetime, end: datetime) -> Iterator[Entry]:
    """Yield the one entry of a campaign that does not recur, if it is in the span."""
    is_lasting = (
        campaign.launch in LASTING and campaign.starts_at is not None and campaign.ends_at is not None
    )
    at = campaign.next_at or campaign.started_at or campaign.starts_at
    if is_lasting and campaign.status in (Status.READY, Status.IN_REVIEW):
        at = campaign.starts_at
    if at is None:
        return
    ends_at = None
    if is_lasting and campaign.ends_at is not None:
        ends_at = min(campaign.ends_at, campaign.finished_at or campaign.ends_at)
        ends_at = max(at, ends_at - _INSTANT)
    if at < end and (ends_at or at) >= begin:
        yield _date(
            campaign,
            at,
            ends_at=ends_at,
            is_coming=campaign.status in _COMING and campaign.started_at is None,
        )


def _coming_dates(campaign: Campaign, first: date, last: date, zone: str) -> Iterator[Entry]:
    """Yield one entry for each day on which the campaign is due, however often it is on that day."""
    rule, start = recurrence.rule_of(campaign), _first_coming(campaign)
    if rule is None or start is None or campaign.status not in _COMING:
        return
    status = _status_of_coming(campaign)
    day = max(first, start.astimezone(ZoneInfo(zone)).date())
    while day <= last:
        begin, end = day_bounds(day, zone)
        begin = max(begin, start)
        found = recurrence.between(rule, begin, end, 1)
        if not found:
            following = recurrence.next_after(rule, begin)
            if following is None:
                return
            day = max(day + timedelta(1), following[1].astimezone(ZoneInfo(zone)).date())
            continue
        number, at = found[0]
        latest = recurrence.latest(rule, end - _INSTANT)
        count = latest[0] - number + 1 if latest is not None else 1
        yield _date(campaign, at, count=max(1, count), is_coming=True, status=status)
        day += timedelta(1)


def _first_coming(campaign: Campaign) -> datetime | None:
    """Return the first date of a recurring campaign that has not begun yet."""
    if campaign.next_at is not None:
        return campaign.next_at
    rule = recurrence.rule_of(campaign)
    if rule is None:
        return None
    if campaign.status in (Status.IN_REVIEW, Status.READY):
        return rule.start
    following = recurrence.next_after(rule, max(campaign.started_at or rule.start, timezone.now()))
    return following[1] if following else None


def _status_of_coming(campaign: Campaign) -> str:
    """Return how a date to come stands: a run that is being sent now is another date's."""
    if campaign.status in (Status.BUILDING, Status.SENDING):
        return Status.SCHEDULED
    return campaign.status


def _past_runs(member: Membership, begin: datetime, end: datetime, zone: str) -> list[Entry]:
    """Return the runs that recurring campaigns have had: one entry for each campaign and day."""
    days = list(
        Run.objects.filter(
            workspace_id=member.workspace_id,
            created_at__gte=begin,
            created_at__lt=end,
            campaign__launch=Launch.RECURRING,
            campaign__archived_at=None,
        )
        .exclude(campaign__status=Status.DRAFT)
        .annotate(day=TruncDate("created_at", tzinfo=ZoneInfo(zone)))
        .values("campaign_id", "day")
        .annotate(
            n=Count("id"),
            at=Min("created_at"),
            number=Max("number"),
            open=Count("id", filter=Q(finished_at=None)),
        )
        .order_by("at")[:MOST]
    )
    if not days:
        return []
    steps = Prefetch("steps", Step.objects.only("campaign_id", "position", "channel"))
    mine = queries.campaigns_for(member).prefetch_related(steps)
    campaigns = mine.in_bulk({one["campaign_id"] for one in days})
    found: dict[int, list[Entry]] = defaultdict(list)
    for one in days:
        campaign = campaigns.get(one["campaign_id"])
        if campaign is None:
            continue
        is_over = not one["open"] or campaign.status in FINAL
        status = Status.COMPLETED if is_over else campaign.status
        found[campaign.pk].append(
            _date(campaign, one["at"], count=one["n"], run_number=one["number"], status=status)
        )
    return [entry for several in found.values() for entry in several]


def _date(
    campaign: Campaign,
    at: datetime,
    *,
    ends_at: datetime | None = None,
    count: int = 1,
    run_number: int | None = None,
    is_coming: bool = False,
    status: str = "",
) -> Entry:
    channels = [step.channel for step in sorted(campaign.steps.all(), key=lambda step: step.position)]
    return Entry(
        campaign=campaign,
        begins_at=at,
        ends_at=ends_at,
        count=count,
        run_number=run_number,
        is_coming=is_coming,
        status=status or campaign.status,
        channels=tuple(dict.fromkeys(channels)),
    )
