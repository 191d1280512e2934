"""Rows that a campaign goes to, sent as NDJSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.frame import ROWS, actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes.common import ChannelWord
from clarion.audience import operations

router = Router()


class RowsWanted(Schema):
    """How the rows are to be understood."""

    channel: ChannelWord = Field(description="By which the addresses are read.")
    name: str = Field("Rows", min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/\\]+$")
    address: str = Field("", max_length=100, description="The name of the address, where it is not plain.")


class BadLine(Schema):
    """A line that was left out."""

    line: int
    detail: str


class SourceMade(shapes.SourceOut):
    """The source, and what became of the lines."""

    rows: int
    rejected: int
    errors: list[BadLine] = Field(description="The first hundred of the lines that were left out.")


_BODY = {
    "requestBody": {
        "required": True,
        "description": "One JSON object a line; `Content-Encoding: gzip` is understood. Each has the address and "
        "whatever messages may use: texts, numbers, truth values.",
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
    file = request.rows  # type: ignore[attr-defined]
    encoding = request.headers.get("Content-Encoding", "").lower()
    if file is None or encoding not in ("", "identity", "gzip"):
        kinds = " or ".join(ROWS)
        raise problems.own("unsupported_media_type", f"Send {kinds}, plain or with Content-Encoding: gzip.")
    source, taken = operations.create_rows_source(
        by=actor(request), file=file, name=wanted.name.strip() or "Rows", channel=wanted.channel,
        address=wanted.address, is_gzip=encoding == "gzip",
    )  # fmt: skip
    errors = [{"line": line, "detail": sentence} for line, sentence in taken.problems]
    facts = {"rows": taken.rows, "rejected": taken.bad, "errors": errors}
    return Status(202, shapes.source(source) | facts)


@router.get("/sources/{uuid:id}", response=shapes.SourceOut, summary="Show a source")
def show_source(request: HttpRequest, id: UUID) -> Any:
    """How far its reading has come."""
    return shapes.source(finding.source(request, id))
