"""The audit trail: who did what, when, why, and whether it is whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api.endpoints.deliveries import Cursor
from clarion.api.frame import actor
from clarion.api.shapes.common import BIG, Page, cursor_of, key_of
from clarion.workspaces import operations, tasks, trail
from clarion.workspaces.permissions import Permission

router = Router()

#: A check is not begun again sooner, and a longer chain is gone through by a background job.
CHECK_PAUSE, CHECKED_AT_ONCE = timedelta(minutes=1), 30_000


class EventOut(Schema):
    """What somebody did."""

    number: int
    at: datetime
    actor: str
    via: str
    address: str = Field(
        description="The network address it was asked from; empty for commands and the program."
    )
    action: str
    kind: str
    object_id: str
    object_name: str
    reason: str
    changes: dict[str, list[Any]] = Field(description="Field → [old, new].")


class Wanted(Cursor):
    """Which events."""

    q: str = Field("", max_length=120, description="In the name of what it happened to, or its id.")
    kind: str = Field("", max_length=30, examples=["campaign"])
    action: str = Field("", max_length=60, examples=["campaign.start"])
    since: datetime | None = None
    until: datetime | None = None


def _event(one: trail.Event) -> dict[str, Any]:
    names = set(EventOut.model_fields) - {"changes"}
    return {name: getattr(one, name) for name in names} | {
        "changes": {name: list(pair) for name, pair in one.changes.items()}
    }


@router.get("/audit", response=Page[EventOut], summary="Read the audit trail")
def list_events(request: Any, wanted: Query[Wanted]) -> Any:
    """The workspace's events, the newest first; needs `audit`."""
    actor(request).require(Permission.AUDIT)
    key = key_of(wanted.cursor, int)
    since, until = (
        one if one is None or one.tzinfo is not None else timezone.make_aware(one)
        for one in (wanted.since, wanted.until)
    )  # fmt: skip
    filters = trail.Filters(words=wanted.q, kind=wanted.kind, action=wanted.action, since=since, until=until)
    page = trail.events_for(
        request.member, filters, after=min(key[0], BIG) if key else None, limit=wanted.limit
    )
    return {
        "items": [_event(one) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


class ChainOut(Schema):
    """What the last check of the chain found; all null before the first one."""

    checked_at: datetime | None
    events: int | None
    broken: int | None = Field(description="The number of the first event that is not as it was recorded.")


def _chain(request: Any) -> dict[str, Any]:
    check = trail.check_for(request.member)
    if check is None:
        return {"checked_at": None, "events": None, "broken": None}
    return {"checked_at": check.checked_at, "events": check.event_count, "broken": check.broken_number}


@router.post("/audit/check", response=ChainOut, summary="Check the audit trail")
def check_trail(request: Any) -> Any:
    """Go through the whole chain; a long one is gone through by a job, and a check is made once a minute at most."""
    actor(request).require(Permission.AUDIT)
    workspace = request.member.workspace
    check = trail.check_for(request.member)
    if check is None or check.checked_at <= timezone.now() - CHECK_PAUSE:
        newest = trail.events_for(request.member, trail.Filters(), limit=1).rows
        if newest and newest[0].number > CHECKED_AT_ONCE:
            tasks.check_audit.configure(lock=f"audit-{workspace.pk}").defer(workspace_id=workspace.pk)
        else:
            operations.check_audit(workspace=workspace)
    return _chain(request)
