"""Live sources: spreadsheets and groups that are read again for each run of a campaign."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import actor
from clarion.api.shapes.common import ChannelWord, Input, Page, lower, words
from clarion.audience import operations, queries
from clarion.audience.livesheets.groups import GroupPlace
from clarion.audience.livesheets.models import WhenUnreadable
from clarion.audience.models import LiveSheet
from clarion.senders import linking
from clarion.workspaces.permissions import Permission

router = Router()

Policy: Any = words(lower(WhenUnreadable.values))


class SheetPatch(Input):
    """Where it is and how it is read; what is not named stays."""

    name: str | None = Field(None, max_length=500, examples=["Price list"])
    url: str | None = Field(None, max_length=2000, examples=["https://sheets.example/people.csv"])
    path: str | None = Field(
        None, max_length=1000, description="Or a file in a folder that the server watches."
    )
    channel: ChannelWord | None = Field(None, description="Whose addresses it holds.")
    address: str | None = Field(
        None, max_length=100, description="The column with them, where it is not plain."
    )
    sheet: str | None = Field(None, max_length=100, description="Of a workbook.")
    when_unreadable: Policy | None = None
    keep_hours: int | None = Field(None, ge=1, le=720)

    def fields(self, before: dict[str, Any]) -> Any:
        """Return what was said, as operations take it."""
        said = {
            name: getattr(self, name) for name in self.model_fields_set if name in SheetPatch.model_fields
        }
        said = {name: value for name, value in said.items() if value is not None}
        overrides = dict(before)
        for name in ("address", "sheet"):
            if name in said:
                overrides[name] = said.pop(name)
        if "when_unreadable" in said:
            said["when_unreadable"] = said["when_unreadable"].upper()
        return said | ({"overrides": overrides} if overrides != before else {})


class SheetIn(SheetPatch):
    """A new live source: a `url`, a `path`, or a group of a linked phone."""

    name: str = Field(max_length=500, examples=["Price list"])
    sender: UUID | None = Field(None, description="Of a group: whose phone is in it.")
    group: str | None = Field(
        None, max_length=200, description="Of a group: its id, as the sender's groups tell it."
    )


class SheetOut(Schema):
    """A live source, and what its last reading found."""

    id: UUID
    name: str
    url: str | None = Field(description="For whoever may change it; it often opens the spreadsheet.")
    path: str
    channel: str
    status: str = Field(description="`reading`, `ready` or `failed`.")
    problem: str
    rows: int | None
    unusable_rows: int | None
    difference: dict[str, int]
    read_at: datetime | None
    good_at: datetime | None
    when_unreadable: str
    keep_hours: int


def _told(request: Any, one: LiveSheet) -> dict[str, Any]:
    copy = one.copy
    sees = request.member.may(Permission.MANAGE_AUDIENCE)
    return {
        "id": one.public_id, "name": one.name, "url": one.url if sees else None, "path": one.path,
        "channel": one.channel, "problem": one.problem,
        "status": "reading" if one.is_being_read else "failed" if one.problem else "ready",
        "rows": copy.row_count if copy else None, "unusable_rows": copy.bad_count if copy else None,
        "difference": one.difference, "read_at": one.checked_at, "good_at": one.current_at,
        "when_unreadable": one.when_unreadable.lower(), "keep_hours": one.keep_hours,
    }  # fmt: skip


def _found(request: Any, id: UUID) -> LiveSheet:
    return finding.there(queries.sheet_for(request.member, id))


@router.get("/sheets", response=Page[SheetOut], summary="List live sources")
def list_sheets(request: Any, wanted: Query[Cursor]) -> Any:
    """The workspace's live sources, the newest first."""
    return paged(queries.sheets_for(request.member), wanted, lambda one: _told(request, one))


@router.post("/sheets", response={202: SheetOut}, summary="Keep a live source")
def create_sheet(request: Any, said: SheetIn) -> Any:
    """Keep a live source and have it read for the first time; ask for it until it is not `reading`."""
    fields = said.fields({})
    if said.sender is not None:
        every = {one.public_id: one for one in linking.senders_with_groups(request.member.workspace)}
        sender = finding.named("sender", every.get(said.sender))
        fields |= {"url": GroupPlace(sender_id=sender.public_id, group=said.group or "").url,
                   "channel": sender.channel}  # fmt: skip
    return Status(202, _told(request, operations.create_sheet(by=actor(request), **fields)))


@router.get("/sheets/{uuid:id}", response=SheetOut, summary="Show a live source")
def show_sheet(request: Any, id: UUID) -> Any:
    """A live source, and what its last reading found."""
    return _told(request, _found(request, id))


@router.patch("/sheets/{uuid:id}", response=SheetOut, summary="Change a live source")
def change_sheet(request: Any, id: UUID, said: SheetPatch) -> Any:
    """Change what is named; another place or other columns are read at once."""
    found = _found(request, id)
    now = operations.update_sheet(by=actor(request), sheet=found, **said.fields(found.overrides))
    return _told(request, now)


@router.post("/sheets/{uuid:id}/refresh", response={202: SheetOut}, summary="Read a live source again")
def refresh_sheet(request: Any, id: UUID) -> Any:
    """Have it read again, unless that is on its way."""
    operations.refresh_sheet(by=actor(request), sheet=_found(request, id))
    return Status(202, _told(request, _found(request, id)))


@router.delete("/sheets/{uuid:id}", response={204: None}, summary="Forget a live source")
def delete_sheet(request: Any, id: UUID) -> Any:
    """Forget a live source that no campaign has; the spreadsheet stays where it is."""
    operations.delete_sheet(by=actor(request), sheet=_found(request, id))
    return Status(204, None)
