"""A campaign's progress as bars and live numbers, for every page that shows rows of campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from clarion.web.charts import Part, bar_geometry
from clarion.web.live import Scope

if TYPE_CHECKING:
    from clarion.deliveries.listing import Progress, Row


def progress_parts(progress: Progress | None, *, is_final: bool = False) -> list[Part]:
    """Return the parts of the bar; while recipients are put together, only how far that is.

    With `is_final` the empty parts are left out: they will not grow.
    """
    if progress is None:
        return []
    parts = [
        Part("built", _("Put together"), progress.built, "brand"),
        Part("sent", _("Sent"), progress.sent, "ok"),
        Part("partly", _("Partly sent"), progress.partly, "warn"),
        Part("failed", _("Not delivered"), progress.failed, "bad"),
        Part("unknown", _("Unknown"), progress.unknown, "odd"),
        Part("dropped", _("Cancelled or expired"), progress.dropped, "idle"),
    ]
    return [part for part in parts if part.value or not is_final]


def version_of(row: Row) -> str:
    """Return what differs when the row must be drawn anew instead of having its numbers changed."""
    progress = row.progress
    is_built = progress is not None and not progress.to_build
    return (
        f"{row.campaign.status}-{progress is not None:d}{is_built:d}{row.campaign.archived_at is not None:d}"
    )


def scope_of(row: Row, cost: str = "") -> Scope:
    """Return what a poll says about the row; what it costs where that is shown."""
    progress = row.progress
    if progress is None:
        return Scope(versions={"row": version_of(row)})
    spent = {"cost": cost} if cost else {}
    return Scope(
        values={
            "progress_percent": progress.percent,
            "progress_done": progress.shown_done,
            "progress_total": progress.shown_total,
            "count_total": progress.target,
            "count_sent": progress.sent,
            "count_partly": progress.partly,
            "count_failed": progress.failed,
            "count_pending": progress.waiting,
            **spent,
        },
        bars={"progress": bar_geometry(progress_parts(progress), total=progress.shown_total)},
        versions={"row": version_of(row)},
    )
