"""Figures over campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.deliveries import comparing, overview

router = Router()


class StatisticsOut(Schema):
    """The key figures; `total` counts the archived campaigns too, the states those that are not."""

    total: int
    active: int
    completed: int
    failed: int
    accepted: int
    bounced: int
    delivered: int


@router.get("/statistics", response=StatisticsOut, summary="Key figures")
def statistics(request: HttpRequest) -> Any:
    """Campaigns by how they stand, and messages that providers took."""
    found = overview.figures(request.member)  # type: ignore[attr-defined]
    return {name: getattr(found, name) for name in StatisticsOut.model_fields}


class ComparedOut(Schema):
    """A campaign's figures over all its runs; what no channel has told of is null in `rates`."""

    id: UUID
    name: str
    runs: int
    people: dict[str, int]
    messages: dict[str, int]
    rates: dict[str, float | None]
    per_hour: float | None
    first_sent_at: datetime | None
    last_sent_at: datetime | None


class ComparedWanted(Schema):
    """Which campaigns."""

    id: list[UUID] = Field(max_length=comparing.MOST, min_length=1)


@router.get("/statistics/campaigns", response=list[ComparedOut], summary="Compare campaigns")
def compare(request: HttpRequest, wanted: Query[ComparedWanted]) -> Any:
    """Campaigns side by side, over all their runs; rates are in per cent."""
    found = comparing.compare(request.member, wanted.id)  # type: ignore[attr-defined]
    if len(found) != len(set(wanted.id)):
        raise problems.own("not_found")
    return [
        {
            "id": one.campaign.public_id, "name": one.campaign.name, "runs": one.runs, "people": one.people,
            "messages": one.messages, "rates": {rate.key: rate.of(one) for rate in comparing.RATES},
            "per_hour": one.per_hour, "first_sent_at": one.first_sent_at, "last_sent_at": one.last_sent_at,
        }
        for one in found
    ]  # fmt: skip
