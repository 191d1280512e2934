"""How long a campaign will take: the slowest of all limits that hold for it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from clarion.campaigns.models import Campaign
from clarion.senders.models import Sender

_DAY = 86_400.0


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
