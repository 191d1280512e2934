"""Addresses that are not written to."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import laying
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.imports import ImportOut, told
from clarion.api.frame import actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes.common import (
    BIG,
    ChannelWord,
    Input,
    Page,
    cursor_of,
    key_of,
    lower,
    words,
)
from clarion.audience import operations, queries
from clarion.audience.models import SuppressionReason
from clarion.workspaces.permissions import Permission

router = Router()

Reason: Any = words(lower(SuppressionReason.values))


class Wanted(Cursor):
    """Which of them."""

    q: str = Field("", max_length=320, description="The beginning of an address.")
    reason: Reason | None = None
    channel: ChannelWord | None = None
    days: int | None = Field(None, ge=1, le=36_500, description="Added within so many days.")


@router.get("/suppressions", response=Page[shapes.SuppressionOut], summary="List suppressions")
def list_suppressions(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """Addresses that are not written to, the newest first. Without `view_pii` `q` is a whole address."""
    member = request.member  # type: ignore[attr-defined]
    meant = queries.Wanted(
        search=wanted.q,
        is_whole=bool(wanted.q) and not member.may(Permission.VIEW_PII),
        reason=(wanted.reason or "").upper(),
        channel=wanted.channel or "",
        days=wanted.days,
    )
    key = key_of(wanted.cursor, int)
    page = queries.suppressions_page(
        member, wanted=meant, after=min(key[0], BIG) if key else None, limit=wanted.limit
    )
    return {
        "items": [shapes.suppression(one, member) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


class SuppressionIn(Input):
    """An address that is not to be written to."""

    channel: ChannelWord = Field(examples=["email"])
    address: str = Field(min_length=1, max_length=900, examples=["ana@shop.example"])
    note: str = Field("", max_length=200)


@router.post("/suppressions", response={204: None}, summary="Suppress an address")
def suppress(request: HttpRequest, said: SuppressionIn) -> Any:
    """Write to it no more; nothing happens when it is suppressed already."""
    try:
        operations.add_suppression(
            by=actor(request), channel=said.channel, address=said.address, note=said.note
        )
    except ValueError as refusal:
        raise problems.own("invalid", errors=[{"field": "address", "detail": str(refusal)}]) from None
    return Status(204, None)


@router.delete("/suppressions/{int:id}", response={204: None}, summary="Allow an address again")
def unsuppress(request: HttpRequest, id: int, reason: str = "") -> Any:
    """Let it be written to again."""
    member = request.member  # type: ignore[attr-defined]
    found = queries.suppression_for(member, id) if 0 < id <= BIG else None
    if found is None:
        raise problems.own("not_found")
    operations.unsuppress(by=actor(request), suppression=found, reason=reason[:500])
    return Status(204, None)


class ImportWanted(Schema):
    """Whose addresses a file holds."""

    channel: ChannelWord = Field(examples=["email"])
    name: str = Field("suppressions", min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/\\]+$")


_BODY = laying.body_of("application/octet-stream", "A CSV, XLSX or ODS file; a column `reason` is heeded.")


@router.post(
    "/suppressions/import", response={202: ImportOut}, summary="Suppress a file", openapi_extra=_BODY
)
def import_suppressions(request: HttpRequest, wanted: Query[ImportWanted]) -> Any:
    """Have every address of a file suppressed by a job: `/imports/{id}` tells how far it is, `/cancel` ends it.

    Of its counts `created` are new and `unchanged` were suppressed before.
    """
    with laying.unpacked(request, laying.TABLES) as file:
        made = operations.suppress_file(
            by=actor(request), file=file, file_name=wanted.name, channel=wanted.channel
        )
    return Status(202, told(made))


class RemoveIn(Input):
    """Which suppressions, all of what is said has to hold, and why."""

    why: str = Field(min_length=1, max_length=500, description="Kept in the audit trail.")
    address: str = Field("", max_length=320, description="This one alone, or all that begin so.")
    reason: Reason | None = None
    channel: ChannelWord | None = None
    days: int | None = Field(None, ge=1, le=36_500)


class RemovedOut(Schema):
    """How many may be written to again."""

    removed: int


@router.post("/suppressions/remove", response=RemovedOut, summary="Allow many addresses again")
def remove_suppressions(request: HttpRequest, said: RemoveIn) -> Any:
    """Let every address that fits be written to again. Something has to narrow them."""
    by = actor(request)
    by.require(Permission.MANAGE_AUDIENCE)
    meant = queries.Wanted(
        search=said.address, reason=(said.reason or "").upper(), channel=said.channel or "", days=said.days
    )
    if not meant.is_narrowed:
        raise problems.own("invalid", "Say which: an address, a reason, a channel or days.")
    found = queries.suppressions_wanted(by.workspace, meant)
    try:
        return {"removed": operations.unsuppress_many(by=by, found=found, reason=said.why)}
    except ValueError as refusal:
        raise problems.own("invalid", errors=[{"field": "why", "detail": str(refusal)}]) from None


_FILE = {"responses": {200: {
    "description": "The suppressions as CSV, the oldest first.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}}}  # fmt: skip


class FileWanted(Schema):
    """Which of them."""

    reason: Reason | None = None
    channel: ChannelWord | None = None
    days: int | None = Field(None, ge=1, le=36_500)


@router.get("/suppressions/file", summary="Fetch suppressions as a file", openapi_extra=_FILE)
def suppressions_file(request: HttpRequest, wanted: Query[FileWanted]) -> Any:
    """All that fit, as CSV; needs `export` and `view_pii`."""
    for permission in (Permission.EXPORT, Permission.VIEW_PII):
        actor(request).require(permission)
    meant = queries.Wanted(
        reason=(wanted.reason or "").upper(), channel=wanted.channel or "", days=wanted.days
    )
    rows = queries.suppression_rows(request.member, meant)  # type: ignore[attr-defined]
    return laying.csv_answer(rows, name="suppressions.csv")
