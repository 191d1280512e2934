"""The rows of the list of campaigns, drawn once for as long as nothing in them changes.

A page of the list is 25 rows of a dozen cells, most of them of campaigns that ended long ago: drawing them is what the
page costs. So a row is drawn from plain values alone, and what was drawn is kept by exactly these values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clarion.campaigns.models import Launch
from clarion.campaigns.states import LIVE, PauseCause, Status
from clarion.deliveries.money import queries as spending
from clarion.web import assets, list_columns
from clarion.web.campaign_rows import progress_parts, version_of
from clarion.workspaces.money import amounts
from clarion.workspaces.retelling import retold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clarion.campaigns.models import Campaign
    from clarion.deliveries.listing import Progress, Row
    from clarion.web.charts import Part


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of a list share. `shown` are the keys of the columns; `base_url` is the list's own address."""

    shown: frozenset[str]
    base_url: str
    #: The whole workspace is a demo, so that its campaigns need not say so.
    is_demo: bool = False
    may_select: bool = True
    #: The name of the workspace, where a list is of several.
    workspace: str = ""
    #: The beginning of the address of a row afresh, where that is not the workspace's own.
    row_base: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """All that a row shows. Values are hashable, and nothing else reaches the template."""

    id: str
    name: str
    status: str
    version: str
    note: str
    launch: str
    is_demo: bool
    tags: tuple[str, ...]
    channels: tuple[str, ...]
    senders: tuple[str, ...]
    source: str
    author: str
    progress: Progress | None
    has_ended: bool
    missed_at: datetime | None
    resumes: datetime | None
    starts: datetime | None
    ends: datetime | None
    created_at: datetime
    #: What its messages have cost, as people read it; empty for nothing.
    cost: str = ""

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def parts(self) -> list[Part]:
        return progress_parts(self.progress, is_final=not self.is_live)

    @property
    def counts(self) -> list[tuple[str, int | None]]:
        """The counts of people by their columns; None before there is a run."""
        progress = self.progress
        if progress is None:
            return [(key, None) for key in list_columns.COUNTS]
        numbers = (progress.target, progress.sent, progress.partly, progress.failed, progress.waiting)
        return list(zip(list_columns.COUNTS, numbers, strict=True))

    @property
    def select_label(self) -> str:
        return _("Select %(name)s") % {"name": self.name}

    @property
    def menu_label(self) -> str:
        return _("Actions for %(name)s") % {"name": self.name}


def costs_of(rows: Iterable[Row], shown: frozenset[str]) -> dict[int, str]:
    """Return what the rows' campaigns have cost, by their ids; nothing where that is not shown. One query."""
    if "cost" not in shown:
        return {}
    spent = spending.spent_by_campaigns(row.campaign.pk for row in rows)
    return {pk: amounts.told(one.net, one.currency) for pk, one in spent.items()}


def cells_of(row: Row, cost: str = "") -> Cells:
    """Return what the row shows, in the active language."""
    campaign = row.campaign
    return Cells(
        id=str(campaign.public_id),
        name=campaign.name,
        status=campaign.status,
        version=version_of(row),
        note=note_of(campaign),
        launch=str(Launch(campaign.launch).label),
        is_demo=campaign.is_demo,
        tags=tuple(campaign.tags),
        channels=tuple(row.channels),
        senders=tuple(row.senders),
        source=str(campaign.source) if campaign.source else "—",
        author=str(campaign.created_by or ""),
        progress=row.progress,
        has_ended=campaign.finished_at is not None,
        missed_at=campaign.missed_at,
        resumes=campaign.resume_at if campaign.status == Status.PAUSED else None,
        starts=campaign.next_at or campaign.started_at or campaign.starts_at,
        ends=campaign.finished_at or campaign.ends_at,
        created_at=campaign.created_at,
        cost=cost,
    )


def note_of(campaign: Campaign) -> str:
    """Return why it is as it is, for states that one asks that of."""
    if campaign.status == Status.PAUSED:
        return retold(campaign.status_reason) or str(PauseCause(campaign.pause_cause).label)
    return retold(campaign.status_reason) if campaign.status in (Status.FAILED, Status.STOPPED) else ""


def drawn(cells: Cells, frame: Frame) -> SafeString:
    """Return the row as HTML in the active language and zone."""
    zone = timezone.get_current_timezone_name()
    sprite = assets.asset_url("icons.svg")
    return _drawn(cells, frame, get_language() or "", zone, timezone.localtime().year, sprite)


@lru_cache(maxsize=8192)
def _drawn(cells: Cells, frame: Frame, language: str, zone: str, year: int, sprite: str) -> SafeString:
    return SafeString(render_to_string("campaigns/_row.html", {"one": cells, "frame": frame}))
