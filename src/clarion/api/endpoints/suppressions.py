"""Addresses that are not written to."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints.deliveries import Cursor
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
    """Addresses that are not written to, the newest first."""
    member = request.member  # type: ignore[attr-defined]
    if wanted.q and not member.may(Permission.VIEW_PII):
        raise problems.own("not_allowed", "Searching by personal data needs the permission view_pii.")
    meant = queries.Wanted(
        search=wanted.q, reason=(wanted.reason or "").upper(), channel=wanted.channel or "", days=wanted.days
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
