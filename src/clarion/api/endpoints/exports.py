"""Files of a run's people, made in the background."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import actor
from clarion.api.shapes.common import INT, Input, Page, lower, words
from clarion.api.shapes.people import Conditions
from clarion.deliveries.exporting import files, formats, operations, queries
from clarion.deliveries.models import Export, ExportFormat, ExportStatus
from clarion.workspaces.permissions import Permission

router = Router()

Format: Any = words(lower(ExportFormat.values))


class ExportIn(Conditions, Input):
    """What is to be in the file."""

    format: Format = "csv"
    run: int | None = Field(None, ge=1, le=INT, description="A run's number; the latest without one.")
    bom: bool = Field(True, description="Whether the text begins with the mark that spreadsheets look for.")


class ExportOut(Schema):
    """A file: `queued`, `running`, `done`, `failed` or `expired`."""

    id: UUID
    run: int
    format: str
    status: str
    masked: bool
    done_count: int
    total_count: int
    octets: int
    failure: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


def _told(one: Export) -> dict[str, Any]:
    return {
        "id": one.public_id, "run": one.run.number, "format": one.format.lower(), "status": one.status.lower(),
        "masked": one.is_masked, "done_count": one.done_count, "total_count": one.total_count,
        "octets": one.file_bytes, "failure": one.failure, "created_at": one.created_at,
        "finished_at": one.finished_at, "expires_at": one.expires_at,
    }  # fmt: skip


def _found(request: Any, id: UUID, export: UUID) -> Export:
    actor(request).require(Permission.EXPORT)
    found = queries.export_for(request.member, finding.campaign(request, id), export)
    if found is None:
        raise problems.own("not_found")
    return found


@router.post("/campaigns/{uuid:id}/exports", response={202: ExportOut}, summary="Ask for an export")
def create_export(request: HttpRequest, id: UUID, said: ExportIn) -> Any:
    """Have a file of a run's people made; ask for it until it is `done`, then fetch it."""
    run = finding.run(request, id, said.run)
    made = operations.create_export(
        run=run, wanted=said.meant(), kind=said.format.upper(), by=actor(request), has_bom=said.bom
    )
    return Status(202, _told(made))


@router.get("/campaigns/{uuid:id}/exports", response=Page[ExportOut], summary="List exports")
def list_exports(request: HttpRequest, id: UUID, wanted: Query[Cursor]) -> Any:
    """The campaign's exports, the newest first."""
    actor(request).require(Permission.EXPORT)
    member = request.member  # type: ignore[attr-defined]
    return paged(queries.exports_for(member, finding.campaign(request, id)), wanted, _told)


@router.get("/campaigns/{uuid:id}/exports/{uuid:export}", response=ExportOut, summary="Show an export")
def show_export(request: HttpRequest, id: UUID, export: UUID) -> Any:
    """How far it has come."""
    return _told(_found(request, id, export))


_FILE = {
    "responses": {
        200: {
            "description": "The file.",
            "content": {kind: {"schema": {"type": "string"}} for kind in set(formats.CONTENT_TYPES.values())},
        }
    }
}


@router.get(
    "/campaigns/{uuid:id}/exports/{uuid:export}/file", summary="Fetch an export's file", openapi_extra=_FILE
)
def fetch_export(request: HttpRequest, id: UUID, export: UUID) -> Any:
    """The file of an export that is done; fetching it is noted in the audit trail."""
    found = _found(request, id, export)
    if found.status != ExportStatus.DONE:
        raise problems.own("not_found", "There is no file yet, or no more.")
    try:
        file = files.path_of(found.file_path).open("rb")
    except FileNotFoundError:
        raise problems.own("not_found", "There is no file any more.") from None
    try:
        operations.record_download(export=found, by=actor(request))
    except BaseException:
        file.close()
        raise
    name = f"campaign-run-{found.run.number}.{found.format.lower()}"
    kind = formats.CONTENT_TYPES[ExportFormat(found.format)]
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


@router.delete("/campaigns/{uuid:id}/exports/{uuid:export}", response={204: None}, summary="Delete an export")
def delete_export(request: HttpRequest, id: UUID, export: UUID) -> Any:
    """Take it away with its file; one under way stops."""
    operations.delete_export(export=_found(request, id, export), by=actor(request))
    return Status(204, None)
