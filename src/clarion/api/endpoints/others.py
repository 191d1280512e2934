"""Who asks; the senders; and figures over campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.shapes.common import ChannelWord, Page
from clarion.deliveries import comparing, overview
from clarion.senders import queries as senders
from clarion.senders.models import Sender
from clarion.workspaces.permissions import Role, permissions_of

router = Router()


class WorkspaceOut(Schema):
    """The workspace and what the token may do in it."""

    slug: str
    name: str
    zone: str
    locale: str
    moderation: bool
    halted_at: datetime | None
    halt_reason: str
    member: str
    role: str
    scopes: list[str]
    expires_at: datetime | None


@router.get("/workspace", response=WorkspaceOut, summary="Show the workspace")
def workspace(request: HttpRequest) -> Any:
    """The workspace that the token is for, its member, and what it may do."""
    member, token = request.member, request.token  # type: ignore[attr-defined]
    where = member.workspace
    names = ("slug", "name", "zone", "locale", "moderation", "halted_at", "halt_reason")
    may = permissions_of(Role(member.role))
    return {
        **{name: getattr(where, name) for name in names},
        "member": member.user.get_full_name(),
        "role": member.role.lower(),
        "scopes": [one for one in token.scopes if one in may],
        "expires_at": token.expires_at,
    }


class SenderOut(Schema):
    """A configured account; its credentials are never told."""

    id: UUID
    channel: str
    name: str
    status: str
    reason: str
    limit_second: float | None
    limit_minute: int | None
    limit_hour: int | None
    limit_day: int | None
    rate: float
    open_until: datetime | None = Field(description="Its provider is not asked before then.")
    created_at: datetime


class SendersWanted(Cursor):
    """Which senders."""

    q: str = Field("", max_length=120)
    channel: list[ChannelWord] = Field(default_factory=list)


def _sender(one: Sender) -> dict[str, Any]:
    health = senders.health_of(one)
    names = ("channel", "name", "limit_second", "limit_minute", "limit_hour", "limit_day", "created_at")
    return {
        "id": one.public_id, **{name: getattr(one, name) for name in names}, "status": one.status.lower(),
        "reason": one.status_reason, "rate": health.rate, "open_until": health.open_until,
    }  # fmt: skip


@router.get("/senders", response=Page[SenderOut], summary="List senders")
def list_senders(request: HttpRequest, wanted: Query[SendersWanted]) -> Any:
    """The workspace's senders, the newest first."""
    member = request.member  # type: ignore[attr-defined]
    return paged(senders.senders_for(member, search=wanted.q, channels=wanted.channel), wanted, _sender)


@router.get("/senders/{uuid:id}", response=SenderOut, summary="Show a sender")
def show_sender(request: HttpRequest, id: UUID) -> Any:
    """A sender and how it is."""
    return _sender(finding.sender(request, id))


class StatisticsOut(Schema):
    """The key figures over all campaigns that are not archived."""

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
