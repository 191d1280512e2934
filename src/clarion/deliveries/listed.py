"""The two queries of a page of the list of campaigns: how many there are by status, and which the page shows.

Which filters are on makes the SQL, what they are set to does not: so it is put together once for each set of filters,
since that takes Django longer than PostgreSQL takes to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from clarion.campaigns.models import Campaign
from clarion.campaigns.queries import campaigns_in
from clarion.campaigns.states import Status
from clarion.deliveries.campaign_search import Asked, in_order
from clarion.workspaces.prepared import Prepared, PreparedValues

if TYPE_CHECKING:
    from django.db.models import QuerySet

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Cut:
    """Which of the campaigns found a page shows."""

    sort: str
    start: int
    without_review: bool


class OfAll:
    """Campaigns of several workspaces, asked for as they are: few people do."""

    def __init__(self, found: QuerySet[Campaign]) -> None:
        self._found = found

    def counts(self, others: Asked) -> list[tuple[Any, ...]]:
        return list(counts_of(self._found, others))

    def rows(self, wanted: Asked, cut: Cut) -> list[Campaign]:
        return list(page_of(self._found.select_related("workspace"), wanted, cut))


class OfOne:
    """The campaigns of one workspace. What is asked often is put together once for all its uses."""

    def __init__(self, workspace: int) -> None:
        self._workspace = workspace

    def counts(self, others: Asked) -> list[tuple[Any, ...]]:
        return _prepared_counts(others.sample()).all(workspace=self._workspace, **others.values())

    def rows(self, wanted: Asked, cut: Cut) -> list[Campaign]:
        return _prepared_page(wanted.sample(), cut).all(workspace=self._workspace, **wanted.values())


def _of(workspace: int) -> QuerySet[Campaign]:
    return campaigns_in(workspace)


@lru_cache(maxsize=64)
def _prepared_counts(sample: Asked) -> PreparedValues:
    return PreparedValues(
        lambda workspace, **values: counts_of(_of(workspace), sample), workspace=-1, **sample.values()
    )


@lru_cache(maxsize=64)
def _prepared_page(sample: Asked, cut: Cut) -> Prepared[Campaign]:
    return Prepared(
        lambda workspace, **values: page_of(_of(workspace), sample, cut), workspace=-1, **sample.values()
    )


def page_of(campaigns: QuerySet[Campaign], wanted: Asked, cut: Cut) -> QuerySet[Campaign]:
    """Return the campaigns of a page, with no more of them than a row shows."""
    if cut.without_review:
        campaigns = campaigns.exclude(status=Status.IN_REVIEW)
    found = in_order(campaigns.filter(wanted.condition()), cut.sort).select_related("created_by", "source")
    return found.defer(*_NOT_IN_A_ROW)[cut.start : cut.start + PAGE_SIZE]


#: What no row of the list shows and takes time to fetch: texts, JSON and what is long.
_NOT_IN_A_ROW = (
    "notes", "windows", "window_zone", "zone", "version",
    "source__dialect", "source__counts", "source__failure", "source__file_path", "source__file_name",
    "created_by__password", "created_by__list_columns",
)  # fmt: skip


def counts_of(campaigns: QuerySet[Campaign], others: Asked) -> QuerySet[Campaign, tuple[Any, ...]]:
    """Return (status, how many the other filters leave, how many are not archived, how many there are)."""
    return (
        campaigns.order_by()
        .values_list("status")
        .annotate(
            found=Count("pk", filter=others.condition()),
            now=Count("pk", filter=Q(archived_at=None)),
            ever=Count("pk"),
        )
    )
