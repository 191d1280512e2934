"""Runs of a campaign, and what became of each person in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.shapes import runs as shapes
from clarion.api.shapes.common import INT, MOST_ROWS, PAGE, Page, cursor_of, key_of
from clarion.api.shapes.people import Conditions
from clarion.deliveries import queries
from clarion.deliveries.models import Run
from clarion.deliveries.recipients import recipients_page
from clarion.workspaces.permissions import Permission

router = Router()


class Cursor(Schema):
    """How much, and from where on."""

    limit: int = Field(PAGE, ge=1, le=MOST_ROWS)
    cursor: str = Field("", max_length=500)


@router.get("/campaigns/{uuid:id}/runs", response=Page[shapes.RunRow], summary="List runs")
def list_runs(request: HttpRequest, id: UUID, wanted: Query[Cursor]) -> Any:
    """The campaign's runs, the newest first."""
    key = key_of(wanted.cursor, int)
    below = min(key[0], INT) if key else None
    member = request.member  # type: ignore[attr-defined]
    page = queries.runs_page(member, finding.campaign(request, id), below=below, limit=wanted.limit)
    return {
        "items": [shapes.run_row(one) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


def _number(number: int) -> int:
    if not 0 < number <= INT:
        raise problems.own("not_found")
    return number


@router.get("/campaigns/{uuid:id}/runs/{int:number}", response=shapes.RunOut, summary="Show a run")
def show_run(request: HttpRequest, id: UUID, number: int) -> Any:
    """A run with its waterfall, its channels and what went wrong in it."""
    member = request.member  # type: ignore[attr-defined]
    return shapes.run(finding.run(request, id, _number(number)), member)


class Wanted(Conditions, Cursor):
    """Which people, and how many at a time."""


def _deliveries(request: Any, run: Run, wanted: Wanted) -> dict[str, Any]:
    key, meant = key_of(wanted.cursor, int), wanted.meant()
    page = recipients_page(
        run,
        stage=meant.stage, skip=meant.skip, result=meant.result, reason=meant.reason, code=meant.code,
        not_skipped=meant.not_skipped, no_receipt=meant.no_receipt, not_opened=meant.not_opened,
        missed=meant.missed, q=meant.q,
        is_private=not request.member.may(Permission.VIEW_PII), after=min(key[0], 2**53) if key else None,
        limit=wanted.limit,
    )  # fmt: skip
    return {
        "items": [shapes.person(one, request.member) for one in page.people],
        "next": cursor_of(page.next_after) if page.next_after is not None else None,
    }


@router.get(
    "/campaigns/{uuid:id}/deliveries", response=Page[shapes.PersonOut], summary="List the latest deliveries"
)
def latest_deliveries(request: HttpRequest, id: UUID, wanted: Query[Wanted]) -> Any:
    """The people of the latest run that fit, in the order of the source, with their messages.

    A page may be short, or empty, while there are more: go on until `next` is null.
    """
    return _deliveries(request, finding.run(request, id), wanted)


@router.get(
    "/campaigns/{uuid:id}/runs/{int:number}/deliveries", response=Page[shapes.PersonOut],
    summary="List a run's deliveries",
)  # fmt: skip
def run_deliveries(request: HttpRequest, id: UUID, number: int, wanted: Query[Wanted]) -> Any:
    """The people of a run that fit, in the order of the source, with their messages."""
    return _deliveries(request, finding.run(request, id, _number(number)), wanted)
