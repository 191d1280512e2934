"""How long a campaign will take and when it will have ended: the slowest of all limits, its hours and its days."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from clarion.campaigns import spread, windows
from clarion.campaigns.models import Campaign, Launch
from clarion.senders.models import Sender

_DAY = 86_400.0
#: Farther ahead nothing is foretold.
_DAYS_AHEAD = 400
#: Less than a person, by which sums of fractions may be off.
_NOBODY = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """`span` from the first to the last message; None when nothing limits the speed but the provider."""

    span: timedelta | None
    #: Messages a second while it sends; None as above.
    rate: float | None


def forecast(*, campaign: Campaign, senders: Iterable[Sender], size: int) -> Forecast:
    """Return the forecast for `size` messages, one a person, over senders that have nothing else to do.

    With limits for the hour or the day, sending comes in bursts: the last burst counts only as far as it is
    needed.
    """
    spans = [_span(size, campaign.rate_limit, 1.0)] if campaign.rate_limit else []
    delay = (campaign.delay_min + campaign.delay_max) / 2
    if delay:
        spans.append(max(0, size - 1) * delay)
    for sender in senders:
        spans.extend(_spans_of(sender, size))
    if not spans or size <= 0:
        return Forecast(span=None, rate=None)
    longest = max(spans)
    return Forecast(span=timedelta(seconds=round(longest)), rate=size / longest if longest else None)


def _spans_of(sender: Sender, size: int) -> list[float]:
    limits = (
        (sender.limit_second, 1.0), (sender.limit_minute, 60.0), (sender.limit_hour, 3600.0), (sender.limit_day, _DAY),
    )  # fmt: skip
    fastest = min((span / count for count, span in limits if count), default=0.0)
    spans = [_span(size, count, span) for count, span in limits if count]
    # Within a burst the finest limit rules.
    return [max(spans), size * fastest if len(spans) == 1 else 0.0] if spans else []


def _span(size: int, count: float, span: float) -> float:
    """Return the seconds that `size` messages need at `count` for each `span` seconds."""
    if span <= 60.0:
        return size * span / count
    whole = max(0, math.ceil(size / count) - 1)
    return whole * span


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """When the last message will have gone, by hours, days, limits and the end; None when it cannot be told.

    `late` is how many will not get it before the campaign's end, which `ends_at` then is.
    """

    ends_at: datetime | None
    late: int = 0


def is_bound(campaign: Campaign) -> bool:
    """Whether more than speed decides when the last message goes: hours, a share a day, or an end."""
    return bool(campaign.windows) or campaign.launch == Launch.SPREAD or campaign.ends_at is not None


def outlook(
    *,
    campaign: Campaign,
    senders: Iterable[Sender],
    size: int,
    begin: datetime,
    measured: float | None = None,
    today: int | None = None,
) -> Outlook | None:
    """Return the outlook for `size` messages from `begin` on; None when nothing tells how fast they go.

    `measured` is the speed, in messages a second, where no limit tells it; `today` is how many of a spread's day at
    `begin` are still to go, if its share was let go already. Hours of the recipients' own are reckoned as if all
    lived in the campaign's zone. Raises ValueError for hours that make no sense.
    """
    senders = list(senders)
    pace = _pace(campaign, senders) or measured or None
    limit = min((sender.limit_day for sender in senders if sender.limit_day), default=None)
    if pace is None and limit is None and campaign.launch != Launch.SPREAD:
        return None
    hours, zone = windows.parse(campaign.windows), campaign.window_zone or campaign.zone
    days = _days_of(campaign, hours, zone, begin)
    last = campaign.ends_at or begin + timedelta(days=_DAYS_AHEAD)
    left, quota, day = float(size), math.inf, None
    for start, end in hours.spans(begin, last, zone):
        for opens, closes, on in _by_day(start, end, ZoneInfo(campaign.zone)):
            if on != day:
                day, quota = on, float(limit or math.inf)
                if days is not None:
                    quota = min(quota, _share_of(days, on, left, today if on == days[0] else None))
            seconds = (closes - opens).total_seconds()
            done = min(left, quota, seconds * pace if pace else math.inf)
            left, quota = left - done, quota - done
            if left < _NOBODY:
                return Outlook(ends_at=opens + timedelta(seconds=done / pace if pace else 0))
    if campaign.ends_at is None:
        return Outlook(ends_at=None)
    return Outlook(ends_at=campaign.ends_at, late=math.ceil(left - _NOBODY))


def _pace(campaign: Campaign, senders: Iterable[Sender]) -> float | None:
    """Return the fastest that the limits allow in messages a second, of all but the day's; None for no limit."""
    paces = [campaign.rate_limit] if campaign.rate_limit else []
    if delay := (campaign.delay_min + campaign.delay_max) / 2:
        paces.append(1 / delay)
    for sender in senders:
        limits = ((sender.limit_second, 1), (sender.limit_minute, 60), (sender.limit_hour, 3600))
        paces += [count / span for count, span in limits if count]
    return min(paces, default=None)


def _days_of(campaign: Campaign, hours: windows.Hours, zone: str, begin: datetime) -> list[date] | None:
    """Return the days of a spread that are left; None for what is no spread."""
    if campaign.launch != Launch.SPREAD or campaign.ends_at is None:
        return None
    return spread.days(hours, hours_zone=zone, zone=campaign.zone, first=begin, last=campaign.ends_at) or None


def _share_of(days: list[date], on: date, left: float, today: int | None) -> float:
    if today is not None:
        return today
    return spread.share(math.ceil(left - _NOBODY), len(days) - days.index(on)) if on in days else 0


def _by_day(start: datetime, end: datetime, clocks: ZoneInfo) -> Iterator[tuple[datetime, datetime, date]]:
    """Cut a span at the midnights of a zone."""
    while start < end:
        day = start.astimezone(clocks).date()
        midnight = datetime(*(day + timedelta(days=1)).timetuple()[:3], tzinfo=clocks).astimezone(UTC)
        # Where the clocks jump over midnight, the day begins when they do.
        cut = min(end, midnight if midnight > start else start + timedelta(hours=1))
        yield start, cut, day
        start = cut
