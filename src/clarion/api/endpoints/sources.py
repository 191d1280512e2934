"""Rows that a campaign goes to, sent as NDJSON or as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding, laying
from clarion.api.frame import ROWS, actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes.common import ChannelWord
from clarion.audience import operations, queries
from clarion.audience.models import FILES
from clarion.workspaces.permissions import Permission

router = Router()


class RowsWanted(Schema):
    """How the rows are to be understood."""

    channel: ChannelWord = Field(description="By which the addresses are read.")
    name: str = Field("Rows", min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/\\]+$")
    address: str = Field("", max_length=100, description="The name of the address, where it is not plain.")
    sheet: str = Field(
        "", max_length=100, description="Of a workbook: the sheet; without it the first with rows."
    )


class BadLine(Schema):
    """A line that was left out."""

    line: int
    detail: str


class SourceMade(shapes.SourceOut):
    """The source, and what became of the lines."""

    rows: int | None = Field(description="Lines that were taken; null of a file, which is read later.")
    rejected: int
    errors: list[BadLine] = Field(description="The first hundred of the lines that were left out.")


_BODY = {
    "requestBody": {
        "required": True,
        "description": "One JSON object a line; `Content-Encoding: gzip` is understood. Each has the address and "
        "whatever messages may use: texts, numbers, truth values. Or a CSV, XLSX or ODS file, with its own type or "
        "`application/octet-stream`.",
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"email": "ana@shop.example", "first_name": "Ana"}\n',
            }
        },
    }
}


@router.post("/sources", response={202: SourceMade}, summary="Upload recipients", openapi_extra=_BODY)
def upload(request: HttpRequest, wanted: Query[RowsWanted]) -> Any:
    """Upload recipients, up to five million: a source for the audience of a campaign.

    Lines that are no row are left out and told. The rest is read in the background; addresses that are none are
    counted as `bad_count`, and get nothing.
    """
    if request.content_type in laying.TABLES:
        return Status(202, _from_file(request, wanted))
    file, is_gzip = laying.taken(request, (*ROWS, *laying.TABLES))
    source, taken = operations.create_rows_source(
        by=actor(request), file=file, name=wanted.name.strip() or "Rows", channel=wanted.channel,
        address=wanted.address, is_gzip=is_gzip,
    )  # fmt: skip
    errors = [{"line": line, "detail": sentence} for line, sentence in taken.problems]
    facts = {"rows": taken.rows, "rejected": taken.bad, "errors": errors}
    return Status(202, shapes.source(source) | facts)


def _from_file(request: Any, wanted: RowsWanted) -> dict[str, Any]:
    said = {"address": wanted.address, "sheet": wanted.sheet}
    with laying.unpacked(request, laying.TABLES) as file:
        made = operations.create_upload_source(
            by=actor(request), file=file, file_name=wanted.name.strip() or "rows", channel=wanted.channel,
            dialect_overrides={name: value for name, value in said.items() if value},
        )  # fmt: skip
    return shapes.source(made) | {"rows": None, "rejected": 0, "errors": []}


@router.get("/sources/{uuid:id}", response=shapes.SourceOut, summary="Show a source")
def show_source(request: HttpRequest, id: UUID) -> Any:
    """How far its reading has come."""
    return shapes.source(finding.source(request, id))


_REPORT = {"responses": {200: {
    "description": "The rows that cannot be used, each with the reason, as CSV.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}}}  # fmt: skip


@router.get("/sources/{uuid:id}/rejected", summary="Fetch a source's unusable rows", openapi_extra=_REPORT)
def rejected_rows(request: HttpRequest, id: UUID) -> Any:
    """The rows of a file that cannot be used, with their numbers, the reasons and the cells as they were."""
    source = finding.source(request, id)
    for permission in (Permission.EXPORT, Permission.VIEW_PII):
        actor(request).require(permission)
    if source.kind not in FILES or not source.table.bad_count or not source.table.file_path:
        raise problems.own("not_found", "There are no such rows, or their file is gone.")
    return laying.csv_answer(queries.problem_rows(source), name="rejected.csv")
