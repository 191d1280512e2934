"""Files of contacts, read in the background: uploaded, understood, started, watched."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from django.db import transaction
from django.http import FileResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding, laying
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.endpoints.sources import BadLine
from clarion.api.frame import ROWS, actor
from clarion.api.shapes.common import Input, Page, words
from clarion.audience import columns, ndjson, operations, queries, uploads
from clarion.audience.cellforms import DAY_FIRST, MONTH_FIRST, Forms
from clarion.audience.models import Import
from clarion.workspaces.permissions import Permission

router = Router()

Known: Any = words(("update", "skip", "only"))
Dates: Any = words((DAY_FIRST, MONTH_FIRST))
Decimal: Any = words((".", ","))


class FileWanted(Schema):
    """What is sent, and whether it is begun at once as its columns look."""

    name: str = Field("contacts", min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/\\]+$")
    start: bool = Field(False, description="Begin at once, as the columns look or were meant the last time.")
    known: Known = Field(
        "update", description="Of `start`: update known contacts, skip them, or make no new ones."
    )
    list: UUID | None = Field(None, description="Of `start`: a list that everybody is put on.")


class StartIn(Input):
    """What the columns mean, and what to do with contacts that are known."""

    mapping: dict[str, str] | None = Field(
        None, max_length=500, examples=[{"mail": "email", "town": "attribute:city", "internal": ""}],
        description="A column's variable name → a field, `attribute:NAME`, or nothing; as suggested without it.",
    )  # fmt: skip
    known: Known = "update"
    list: UUID | None = None
    country: str = Field("", max_length=2, description="Of phone numbers without a country code.")
    decimal: Decimal | None = None
    dates: Dates | None = None


class ImportOut(Schema):
    """An import: `mapping` until it is started, then `waiting`, `running`, `done`, `cancelled` or `failed`."""

    id: UUID
    name: str
    status: str
    suppresses: str = Field(
        description="The channel on which its addresses are suppressed; empty for contacts."
    )
    columns: dict[str, str] = Field(description="Variable name → the column as the file calls it.")
    mapping: dict[str, str]
    percent: int
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int = Field(description="Rows that could not be taken; `/report` tells each.")
    failure: str
    created_at: datetime
    finished_at: datetime | None


class ImportMade(ImportOut):
    """The import, and of rows that are no JSON what is wrong with the first hundred."""

    errors: list[BadLine]


def told(one: Import) -> dict[str, Any]:
    """Return an import as `ImportOut` has it."""
    names = one.dialect.get("columns", ())
    return {
        "id": one.public_id, "name": one.file_name, "status": one.status.lower(), "suppresses": one.suppresses,
        "columns": dict(zip(columns.variable_names(names), names, strict=True)), "mapping": one.mapping,
        "percent": min(100, one.read_bytes * 100 // max(one.file_bytes, 1)), "rows": one.row_count,
        "created": one.created_count, "updated": one.updated_count, "unchanged": one.skipped_count,
        "rejected": one.bad_count, "failure": one.failure, "created_at": one.created_at,
        "finished_at": one.finished_at,
    }  # fmt: skip


_BODY = laying.body_of(
    "application/octet-stream",
    "A CSV, XLSX or ODS file (`text/csv` and the types of spreadsheets are understood too), or with the type "
    "`application/x-ndjson` one JSON object a line.",
)


@router.post("/imports", response={202: ImportMade}, summary="Import contacts", openapi_extra=_BODY)
def create_import(request: Any, wanted: Query[FileWanted]) -> Any:
    """Upload a file of contacts; it waits for `/start` unless `start` is true. A job reads it then, row by row.

    What its columns mean is suggested in the answer. Needs `manage_audience` and `view_pii`.
    """
    actor(request).require(Permission.VIEW_PII)
    errors: list[tuple[int, str]] = []
    the_list = finding.named("list", queries.list_for(request.member, wanted.list)) if wanted.list else None
    with transaction.atomic():
        made = _taken(request, wanted.name.strip() or "contacts", errors)
        if wanted.start:
            made = _started(request, made, made.mapping, wanted.known, the_list, None)
    return Status(202, told(made) | {"errors": [{"line": line, "detail": text} for line, text in errors]})


def _taken(request: Any, name: str, errors: list[tuple[int, str]]) -> Import:
    if request.content_type not in ROWS:
        with laying.unpacked(request, (*laying.TABLES, *ROWS)) as file:
            return operations.create_import(by=actor(request), file=file, file_name=name)
    actor(request).require(Permission.MANAGE_AUDIENCE)
    file, is_gzip = laying.taken(request, ROWS)
    with tempfile.TemporaryFile(dir=uploads.folder()) as table:
        return _from_rows(request, file, table, f"{name}.csv", errors, is_gzip=is_gzip)


def _from_rows(
    request: Any,
    file: IO[bytes],
    table: IO[bytes],
    name: str,
    errors: list[tuple[int, str]],
    *,
    is_gzip: bool,
) -> Import:
    errors += ndjson.to_csv(file, table, is_gzip=is_gzip).problems
    return operations.create_import(by=actor(request), file=table, file_name=name)


def _started(
    request: Any, one: Import, mapping: Mapping[str, str], known: str, the_list: Any, forms: Forms | None
) -> Import:
    return operations.start_import(
        by=actor(request), the_import=one, mapping=mapping, updates_known=known != "skip",
        makes_new=known != "only", add_to=the_list, forms=forms,
    )  # fmt: skip


def _found(request: Any, id: UUID) -> Import:
    found = queries.import_for(request.member, id)
    if found is None:
        raise problems.own("not_found")
    return found


@router.get("/imports", response=Page[ImportOut], summary="List imports")
def list_imports(request: Any, wanted: Query[Cursor]) -> Any:
    """The workspace's imports of contacts and of suppressions, the newest first."""
    return paged(queries.imports_for(request.member), wanted, told)


@router.get("/imports/{uuid:id}", response=ImportOut, summary="Show an import")
def show_import(request: Any, id: UUID) -> Any:
    """How far it has come, and what became of its rows."""
    return told(_found(request, id))


@router.post("/imports/{uuid:id}/start", response={202: ImportOut}, summary="Start an import")
def start_import(request: Any, id: UUID, said: StartIn) -> Any:
    """Have the file read as it is said. What its cells leave open, such as 3/4, has to be said."""
    one = _found(request, id)
    the_list = finding.named("list", queries.list_for(request.member, said.list)) if said.list else None
    forms = None
    if said.country or said.decimal or said.dates:
        kept = Forms.from_json(one.forms)
        forms = Forms(
            country=said.country.upper() or kept.country, decimal=said.decimal or kept.decimal,
            dates=said.dates or kept.dates, types=kept.types,
        )  # fmt: skip
    mapping = one.mapping if said.mapping is None else said.mapping
    return Status(202, told(_started(request, one, mapping, said.known, the_list, forms)))


@router.post("/imports/{uuid:id}/cancel", response=ImportOut, summary="Cancel an import")
def cancel_import(request: Any, id: UUID) -> Any:
    """Stop it after the batch at hand; what is in stays in."""
    return told(operations.cancel_import(by=actor(request), the_import=_found(request, id)))


_REPORT = {"responses": {200: {
    "description": "The rejected rows, each with the reason, as CSV.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}}}  # fmt: skip


@router.get("/imports/{uuid:id}/report", summary="Fetch the rejected rows", openapi_extra=_REPORT)
def import_report(request: Any, id: UUID) -> Any:
    """The rows that were left out, each with its number, the reason, and the cells as they were."""
    one = _found(request, id)
    for permission in (Permission.EXPORT, Permission.VIEW_PII):
        actor(request).require(permission)
    if not one.report_path or not one.bad_count:
        raise problems.own("not_found", "No row was left out.")
    try:
        file = uploads.path_of(one.report_path).open("rb")
    except FileNotFoundError:
        raise problems.own("not_found", "There is no file any more.") from None
    return FileResponse(
        file, as_attachment=True, filename="rejected.csv", content_type="text/csv; charset=utf-8"
    )
