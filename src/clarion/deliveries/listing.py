"""The list of campaigns with what their latest run has come to: rows, counts and progress.

A page costs a fixed number of queries however many rows it shows; a refresh of its numbers costs two.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BigIntegerField, Func, Q, QuerySet, Value

from clarion.campaigns import queries as campaign_queries
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import FINAL, Status
from clarion.deliveries.campaign_search import (
    PERIODS,
    SEARCH_FROM,
    SORTS,
    Filters,
    asked,
    condition,
    in_order,
)
from clarion.deliveries.listed import PAGE_SIZE, Cut, OfAll, OfOne
from clarion.deliveries.models import Run
from clarion.deliveries.overview import Counted
from clarion.workspaces.permissions import Permission
from clarion.workspaces.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from uuid import UUID

    from clarion.workspaces.models import Membership, User

__all__ = [
    "PAGE_SIZE",
    "PERIODS",
    "SEARCH_FROM",
    "SORTS",
    "Filters",
    "Page",
    "Progress",
    "Row",
    "campaign_list",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a campaign's latest run has come, in persons."""

    #: Everybody it is for: those left out when it was built are not among them.
    target: int = 0
    sent: int = 0
    partly: int = 0
    failed: int = 0
    unknown: int = 0
    #: Cancelled and expired.
    dropped: int = 0
    waiting: int = 0
    skipped: int = 0
    #: Rows of the source taken, of how many; both 0 once it is built.
    built: int = 0
    to_build: int = 0

    @property
    def done(self) -> int:
        return self.sent + self.partly + self.failed + self.unknown + self.dropped

    @property
    def everybody(self) -> int:
        """Those left out too."""
        return self.target + self.skipped

    @property
    def percent(self) -> int:
        """Whole percent done, 100 only when nothing is left."""
        if self.to_build:
            return min(99, self.built * 100 // self.to_build)
        return self.done * 100 // self.target if self.target else 0

    @property
    def shown_done(self) -> int:
        """People done, or rows of the source taken while it is built."""
        return self.built if self.to_build else self.done

    @property
    def shown_total(self) -> int:
        return self.to_build or self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A campaign as the list shows it."""

    campaign: Campaign
    #: (channel, sender's name) of each step, in order.
    steps: Sequence[tuple[str, str]] = ()
    progress: Progress | None = None
    run_id: int | None = None

    @property
    def channels(self) -> list[str]:
        return list(dict.fromkeys(channel for channel, _sender in self.steps))

    @property
    def senders(self) -> list[str]:
        return list(dict.fromkeys(sender for _channel, sender in self.steps if sender))

    @property
    def is_final(self) -> bool:
        return self.campaign.status in FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list, and how many there are by status."""

    rows: Sequence[Row]
    #: How many the filters leave.
    count: int
    number: int
    pages: int
    #: status → how many the other filters leave.
    by_status: dict[str, int] = field(default_factory=dict)
    #: How many there are whatever the filters say.
    counted: Counted = field(default_factory=Counted)
    #: How many are left out because a moderator has them.
    in_review: int = 0

    @property
    def first(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1 if self.count else 0

    @property
    def last(self) -> int:
        return min(self.number * PAGE_SIZE, self.count)


def campaign_list(member: Membership, filters: Filters) -> Page:
    """Return a page of the member's campaigns; one beyond the end is the last. Four queries.

    Where there is moderation, what is in review is not in the list: the moderators have it, unless it was archived.
    The campaigns hold what a row shows; anything else of them is fetched when it is asked for.
    """
    if not member.may(Permission.VIEW):
        return Page(rows=[], count=0, number=1, pages=1)
    without_review = member.workspace.moderation and not filters.is_archived
    return _page(OfOne(member.workspace_id), filters, without_review=without_review)


def list_of_all(user: User, filters: Filters, slugs: Collection[str] = ()) -> Page:
    """Return a page of the campaigns of all workspaces, or of those named, for a system administrator. Four queries."""
    found = campaign_queries.all_campaigns(user)
    if slugs:
        found = found.filter(workspace__slug__in=slugs)
    return _page(OfAll(found), filters)


def _page(mine: OfAll | OfOne, filters: Filters, *, without_review: bool = False) -> Page:
    wanted = asked(filters)
    by_status, counted = _counted(mine.counts(replace(wanted, statuses=())))
    in_review = 0
    if without_review:
        by_status.pop(Status.IN_REVIEW, None)
        in_review = counted.by_status.get(Status.IN_REVIEW, 0)
    count = sum(n for status, n in by_status.items() if not filters.statuses or status in filters.statuses)
    pages = max(1, -(-count // PAGE_SIZE))
    number = min(max(1, filters.page), pages)
    cut = Cut(filters.sort, (number - 1) * PAGE_SIZE, without_review)
    return Page(
        rows=rows_of(mine.rows(wanted, cut)),
        count=count,
        number=number,
        pages=pages,
        by_status=by_status,
        counted=counted,
        in_review=in_review,
    )


def rows_after(
    member: Membership, filters: Filters, *, after: tuple[datetime, int] | None, limit: int
) -> list[Row]:
    """Return the member's campaigns that fit, by when they were made, those after a (moment, key) of one of them.

    `filters.sort` is "created" or "-created". What is in review is among them. Three queries.
    """
    mine = campaign_queries.campaigns_for(member).filter(condition(filters))
    if after is not None:
        at, key = after
        sign = "lt" if filters.sort.startswith("-") else "gt"
        mine = mine.filter(Q(**{f"created_at__{sign}": at}) | Q(**{"created_at": at, f"pk__{sign}": key}))
    found = in_order(mine, filters.sort).select_related("created_by", "source")
    return rows_of(list(found[:limit]))


def tags_of(member: Membership, limit: int = 12) -> list[str]:
    """Return the tags that the workspace's campaigns have most often. One query."""
    if not member.may(Permission.VIEW):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_TAGS, {"workspace": member.workspace_id, "limit": limit})
        return [tag for (tag,) in cursor.fetchall()]


_TAGS = """
select tag from campaigns_campaign, unnest(tags) tag
where workspace_id = %(workspace)s and purged_at is null and tags <> '{}'
group by tag order by count(*) desc, tag limit %(limit)s
"""


def live_rows(member: Membership, public_ids: Collection[UUID]) -> list[Row]:
    """Return the rows of those campaigns, with status and progress only. Two queries."""
    campaigns = campaign_queries.campaigns_for(member).filter(public_id__in=list(public_ids)[:100])
    return rows_of(list(campaigns), with_steps=False)


def live_rows_of_all(user: User, public_ids: Collection[UUID]) -> list[Row]:
    """Return the same of whichever workspaces, for a system administrator. Two queries."""
    campaigns = campaign_queries.all_campaigns(user).select_related("workspace")
    return rows_of(list(campaigns.filter(public_id__in=list(public_ids)[:100])), with_steps=False)


def row_of_all(user: User, public_id: UUID) -> Row | None:
    """Return the row of a campaign of any workspace, for a system administrator. Three queries."""
    campaigns = campaign_queries.all_campaigns(user).select_related("workspace", "created_by", "source")
    return next(iter(rows_of(list(campaigns.filter(public_id=public_id)))), None)


def active_rows(member: Membership, limit: int = 8) -> list[Row]:
    """Return the campaigns that are working now, the busiest states first."""
    order = [Status.SENDING, Status.BUILDING, Status.PAUSED]
    campaigns = _ACTIVE.all(workspace=member.workspace_id) if member.may(Permission.VIEW) else []
    campaigns.sort(key=lambda campaign: order.index(Status(campaign.status)))
    return rows_of(campaigns[:limit])


_ACTIVE = Prepared(
    lambda workspace: (
        campaign_queries.campaigns_in(workspace)
        .filter(
            status__in=[Status.SENDING, Status.BUILDING, Status.PAUSED],
            archived_at=None,
        )
        .order_by("-status_changed_at", "-id")[:50]
    ),
    workspace=-1,
)


def rows_of(campaigns: Sequence[Campaign], *, with_steps: bool = True) -> list[Row]:
    """Return the campaigns with their steps and their latest run. Two queries, one without steps."""
    runs = _latest_runs([campaign.pk for campaign in campaigns])
    steps: dict[int, list[tuple[str, str]]] = {}
    if with_steps and campaigns:
        with connection.cursor() as cursor:
            cursor.execute(_STEPS, [[campaign.pk for campaign in campaigns]])
            for campaign_id, channel, sender in cursor.fetchall():
                steps.setdefault(campaign_id, []).append((channel, sender or ""))
    return [
        Row(
            campaign=campaign,
            steps=steps.get(campaign.pk, ()),
            progress=progress_of(runs.get(campaign.pk), campaign),
            run_id=runs[campaign.pk].pk if campaign.pk in runs else None,
        )
        for campaign in campaigns
    ]


_STEPS = """
select s.campaign_id, s.channel, sender.name
  from campaigns_step s left join senders_sender sender on sender.id = s.sender_id
 where s.campaign_id = any(%s) order by s.campaign_id, s.position
"""


def _latest_runs(campaign_ids: Sequence[int]) -> dict[int, Run]:
    if not campaign_ids:
        return {}
    return {run.campaign_id: run for run in _LATEST.all(campaigns=list(campaign_ids))}


def _latest_of(campaigns: list[int]) -> QuerySet[Run]:
    ids = Func(Value(campaigns, ArrayField(BigIntegerField())), template="select unnest(%(expressions)s)")
    newest = Run.objects.filter(campaign_id__in=ids).order_by("campaign_id", "-number")
    return newest.distinct("campaign_id").defer("plan", "waterfall")


_LATEST = Prepared(_latest_of, campaigns=[-1])


def progress_of(run: Run | None, campaign: Campaign) -> Progress | None:
    """Return how far the run of the campaign has come; None without one."""
    if run is None:
        return None
    is_building = run.built_at is None and campaign.status == Status.BUILDING
    return Progress(
        target=run.total - run.skipped, sent=run.sent, partly=run.partly, failed=run.failed,
        unknown=run.unknown, dropped=run.cancelled + run.expired, waiting=run.pending + run.in_flight,
        skipped=run.skipped, built=run.built_count if is_building else 0,
        to_build=run.source_count if is_building else 0,
    )  # fmt: skip


def _counted(rows: Collection[tuple[Any, ...]]) -> tuple[dict[str, int], Counted]:
    """Return how many the other filters leave by status, and how many there are without any."""
    return (
        {status: found for status, found, _now, _ever in rows},
        Counted(
            by_status={status: now for status, _found, now, _ever in rows},
            ever=sum(ever for *_others, ever in rows),
        ),
    )
