"""What the list of campaigns can be narrowed and sorted by, as conditions on campaigns."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from clarion.campaigns import queries as campaign_queries
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.synonyms import statuses_called

#: Shorter words would match nearly everything.
SEARCH_FROM = 3
_NO_ID = UUID(int=0)

PERIODS: dict[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
SORTS = ("name", "sender", "start", "created", "launch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list shows. Unknown values are left out by whoever makes it."""

    words: str = ""
    #: A key of PERIODS; empty for all.
    period: str = ""
    statuses: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    #: Values of Launch.
    launches: frozenset[str] = frozenset()
    #: In the order in which they were chosen; any of them is enough.
    tags: tuple[str, ...] = ()
    #: One of SORTS, with a minus for descending.
    sort: str = "-created"
    is_archived: bool = False
    page: int = 1

    @property
    def is_searching(self) -> bool:
        return len(self.words) >= SEARCH_FROM

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the sorting keeps campaigns from being shown."""
        return bool(
            self.is_searching or self.period or self.statuses or self.channels or self.launches or self.tags
        )


def condition(filters: Filters) -> Q:
    """Return what the filters ask of a campaign."""
    wanted = Q(archived_at__isnull=not filters.is_archived)
    if filters.statuses:
        wanted &= Q(status__in=filters.statuses)
    if filters.period:
        since = timezone.now() - PERIODS[filters.period]
        wanted &= Q(created_at__gte=since) | Q(started_at__gte=since) | Q(finished_at__gte=since)
    if filters.channels:
        wanted &= Q(Exists(Step.objects.filter(campaign=OuterRef("pk"), channel__in=filters.channels)))
    if filters.launches:
        wanted &= Q(launch__in=filters.launches)
    if filters.tags:
        wanted &= Q(tags__overlap=list(filters.tags))
    if filters.is_searching:
        wanted &= saying(filters.words)
    return wanted


def saying(words: str) -> Q:
    """Return what finds campaigns by name, id's beginning, tag, channel, sender's name or a word for their state."""
    steps = Step.objects.filter(campaign=OuterRef("pk")).filter(
        Q(channel__istartswith=words) | Q(sender__name__icontains=words)
    )
    found = (
        Q(name__icontains=words)
        | Q(public_id__range=campaign_queries.id_range(words) or (_NO_ID, _NO_ID))
        | Q(tags__contains=[words])
        | Q(Exists(steps))
    )
    called = statuses_called(words)
    return found | Q(status__in=called) if called else found


def in_order(campaigns: QuerySet[Campaign], sort: str) -> QuerySet[Campaign]:
    """Return the campaigns sorted; those that have nothing to be sorted by come last."""
    key, is_descending = sort.removeprefix("-"), sort.startswith("-")
    if key == "created":
        return campaigns.order_by(*(("-created_at", "-id") if is_descending else ("created_at", "id")))
    expression: Any
    if key == "name":
        expression = Lower("name")
    elif key == "launch":
        expression = Lower("launch")
    elif key == "sender":
        first = Step.objects.filter(campaign=OuterRef("pk")).order_by("position")
        expression = Lower(Subquery(first.values("sender__name")[:1]))
    else:
        expression = Coalesce("next_at", "started_at", "starts_at")
    ordered = expression.desc(nulls_last=True) if is_descending else expression.asc(nulls_last=True)
    return campaigns.order_by(ordered, "-id")
