"""Campaigns side by side: what all their runs have come to, from the counters of runs and steps.

A rate says of what it is a share. What a channel has never told of is None, not nought: most mail servers say
nothing of delivery, and "0 % delivered" would be untrue.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Min, Sum

from clarion.campaigns import queries as campaign_queries
from clarion.campaigns.models import Campaign
from clarion.deliveries.campaign_search import SEARCH_FROM, saying
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.money.queries import Spent, spent_by_campaigns
from clarion.workspaces.models import Membership

#: More would not fit beside each other.
MOST = 8
#: Shorter times give no rate worth saying.
_SHORTEST_SECONDS = 1.0

_PEOPLE = (
    "total",
    "skipped",
    "sent",
    "partly",
    "failed",
    "unknown",
    "pending",
    "in_flight",
    "cancelled",
    "expired",
)
_MESSAGES = (
    "handed", "accepted", "delivered", "read", "clicked", "replied", "failed", "bounced", "complained", "unsubscribed",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A campaign's figures over all its runs. People are counted once a run, messages once a step."""

    campaign: Campaign
    runs: int = 0
    people: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    #: Time in which messages went out, the pauses between runs not counted.
    seconds: float = 0.0
    #: None where messages cost nothing.
    spent: Spent | None = None

    @property
    def targets(self) -> int:
        """Everybody it was for: who was left out when it was built is not among them."""
        return self.people.get("total", 0) - self.people.get("skipped", 0)

    def told(self, name: str) -> int | None:
        """Return a count of what channels may tell of; None when none has told of a single one."""
        return self.messages.get(name) or None

    def share(self, part: int | None, whole: int) -> float | None:
        """Return a share in per cent; None where there is nothing to be a share of."""
        return 100 * part / whole if part is not None and whole > 0 else None

    @property
    def per_hour(self) -> float | None:
        """Messages handed over in an hour of sending."""
        if self.seconds < _SHORTEST_SECONDS:
            return None
        return 3600 * self.messages.get("handed", 0) / self.seconds


def compare(member: Membership, public_ids: Collection[UUID]) -> list[Compared]:
    """Return the member's campaigns of those ids, at most MOST, in the order of the ids. Four queries at most."""
    wanted = list(public_ids)[:MOST]
    found = {c.public_id: c for c in campaign_queries.campaigns_for(member).filter(public_id__in=wanted)}
    campaigns = [found[one] for one in wanted if one in found]
    ids = [campaign.pk for campaign in campaigns]
    runs: dict[int, Any] = {
        row["campaign_id"]: row
        for row in Run.objects.filter(campaign_id__in=ids)
        .values("campaign_id")
        .annotate(
            runs=Count("pk"),
            first_sent=Min("first_sent_at"),
            last_sent=Max("last_sent_at"),
            span=Sum(F("last_sent_at") - F("first_sent_at")),
            **{f"people_{name}": Sum(name) for name in _PEOPLE},
        )
    }
    steps: dict[int, Any] = {
        row["run__campaign_id"]: row
        for row in RunStep.objects.filter(run__campaign_id__in=ids)
        .values("run__campaign_id")
        .annotate(**{f"messages_{name}": Sum(name) for name in _MESSAGES})
    }
    spent = spent_by_campaigns(ids) if member.workspace.has_balance else {}
    return [
        _compared(campaign, runs.get(campaign.pk), steps.get(campaign.pk), spent.get(campaign.pk))
        for campaign in campaigns
    ]


def _compared(
    campaign: Campaign, run: dict[str, Any] | None, step: dict[str, Any] | None, spent: Spent | None
) -> Compared:
    if run is None:
        return Compared(campaign=campaign)
    return Compared(
        campaign=campaign,
        runs=run["runs"],
        people={name: int(run[f"people_{name}"] or 0) for name in _PEOPLE},
        messages={name: int(step[f"messages_{name}"] or 0) for name in _MESSAGES} if step else {},
        first_sent_at=run["first_sent"],
        last_sent_at=run["last_sent"],
        seconds=run["span"].total_seconds() if run["span"] is not None else 0.0,
        spent=spent,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate that campaigns are compared by. `is_better_high` is None where neither end is better."""

    key: str
    of: Callable[[Compared], float | None]
    is_better_high: bool | None = True


def _of_accepted(name: str) -> Callable[[Compared], float | None]:
    return lambda one: one.share(one.told(name), one.messages.get("accepted", 0))


#: What a share is of: people for the first, messages that a provider took for most, messages tried for "failed".
RATES: tuple[Rate, ...] = (
    Rate(key="sent", of=lambda one: one.share(one.people.get("sent", 0), one.targets)),
    Rate(key="delivered", of=_of_accepted("delivered")),
    Rate(key="read", of=_of_accepted("read")),
    Rate(key="clicked", of=_of_accepted("clicked")),
    Rate(key="click_to_open", of=lambda one: one.share(one.told("clicked"), one.messages.get("read", 0))),
    Rate(key="replied", of=_of_accepted("replied")),
    Rate(
        key="failed",
        of=lambda one: one.share(one.messages.get("failed", 0), one.messages.get("handed", 0)),
        is_better_high=False,
    ),
    Rate(
        key="bounced",
        of=lambda one: one.share(one.messages.get("bounced", 0), one.messages.get("accepted", 0)),
        is_better_high=False,
    ),
    Rate(
        key="unsubscribed",
        of=lambda one: one.share(one.messages.get("unsubscribed", 0), one.messages.get("accepted", 0)),
        is_better_high=False,
    ),
)


def best_of(values: Sequence[float | None], *, is_better_high: bool | None) -> frozenset[int]:
    """Return the places of the best values; none when there is nothing to choose between."""
    known = [value for value in values if value is not None]
    if is_better_high is None or len(known) < 2 or min(known) == max(known):
        return frozenset()
    best = max(known) if is_better_high else min(known)
    return frozenset(place for place, value in enumerate(values) if value == best)


def candidates(
    member: Membership, words: str, *, without: Collection[UUID], limit: int = 8
) -> list[Campaign]:
    """Return started campaigns that the words find, the latest first; all of them for fewer than three letters."""
    mine = (
        campaign_queries.campaigns_for(member).filter(started_at__isnull=False).exclude(public_id__in=without)
    )
    if len(words) >= SEARCH_FROM:
        mine = mine.filter(saying(words))
    return list(mine.order_by("-started_at", "-id")[:limit])
