"""What the list of campaigns can be narrowed and sorted by, as conditions on campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from clarion.campaigns import queries as campaign_queries
from clarion.campaigns.models import Step
from clarion.campaigns.synonyms import statuses_called

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clarion.campaigns.models import Campaign

#: Shorter words would match nearly everything.
SEARCH_FROM = 3

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What filters come to now, in values that a query takes: the same shape makes the same SQL."""

    is_archived: bool = False
    words: str = ""
    #: The first and the last id that begin with the words.
    ids: tuple[UUID, UUID] | None = None
    #: The states that the words name.
    called: tuple[str, ...] = ()
    since: datetime | None = None
    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    launches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def condition(self) -> Q:
        """Return what is asked of a campaign."""
        wanted = Q(archived_at__isnull=not self.is_archived)
        if self.statuses:
            wanted &= Q(status__in=self.statuses)
        if self.since:
            since = self.since
            wanted &= Q(created_at__gte=since) | Q(started_at__gte=since) | Q(finished_at__gte=since)
        if self.channels:
            wanted &= Q(Exists(Step.objects.filter(campaign=OuterRef("pk"), channel__in=self.channels)))
        if self.launches:
            wanted &= Q(launch__in=self.launches)
        if self.tags:
            wanted &= Q(tags__overlap=list(self.tags))
        return wanted & self.saying() if self.words else wanted

    def saying(self) -> Q:
        """Return what finds campaigns by the words."""
        steps = Step.objects.filter(campaign=OuterRef("pk")).filter(
            Q(channel__istartswith=self.words) | Q(sender__name__icontains=self.words)
        )
        found = Q(name__icontains=self.words) | Q(tags__contains=[self.words]) | Q(Exists(steps))
        if self.ids:
            found |= Q(public_id__range=self.ids)
        return found | Q(status__in=self.called) if self.called else found

    def sample(self) -> Asked:
        """Return what has the same shape, with values that no other query has."""
        return Asked(
            is_archived=self.is_archived,
            words="the words" if self.words else "",
            ids=_SAMPLE_IDS if self.ids else None,
            since=_SAMPLE_MOMENT if self.since else None,
            **{name: tuple(f"{name} {n}" for n in range(len(getattr(self, name)))) for name in _SETS},
        )

    def values(self) -> dict[str, object]:
        """Return the values as they stand in the SQL; those of a sample have the same names."""
        found: dict[str, object] = {}
        for name in _SETS:
            found |= {f"{name}_{n}": value for n, value in enumerate(getattr(self, name))}
        if self.since:
            found["since"] = self.since
        if self.words:
            like = connection.ops.prep_for_like_query(self.words)
            found |= {"words": self.words, "beginning": f"{like}%", "containing": f"%{like}%"}
        if self.ids:
            found |= {"first_id": self.ids[0], "last_id": self.ids[1]}
        return found


_SETS = ("called", "statuses", "channels", "launches", "tags")
_SAMPLE_IDS = (UUID(int=1), UUID(int=2))
_SAMPLE_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


def asked(filters: Filters) -> Asked:
    """Return what the filters come to now."""
    words = filters.words if filters.is_searching else ""
    return Asked(
        is_archived=filters.is_archived,
        words=words,
        ids=campaign_queries.id_range(words) if words else None,
        called=tuple(statuses_called(words)) if words else (),
        since=timezone.now() - PERIODS[filters.period] if filters.period else None,
        statuses=tuple(filters.statuses),
        channels=tuple(filters.channels),
        launches=tuple(filters.launches),
        tags=filters.tags,
    )


def condition(filters: Filters) -> Q:
    """Return what the filters ask of a campaign."""
    return asked(filters).condition()


def saying(words: str) -> Q:
    """Return what finds campaigns by name, id's beginning, tag, channel, sender's name or a word for their state."""
    return Asked(
        words=words, ids=campaign_queries.id_range(words), called=tuple(statuses_called(words))
    ).saying()


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
