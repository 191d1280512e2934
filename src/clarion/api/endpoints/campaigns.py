"""Campaigns: listed, made, shown, changed, deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api.endpoints import campaign_parts, finding
from clarion.api.frame import actor
from clarion.api.shapes import campaigns as shapes
from clarion.api.shapes.common import (
    MOST_ROWS,
    PAGE,
    ChannelWord,
    LaunchWord,
    Page,
    StatusWord,
    cursor_of,
    key_of,
    words,
)
from clarion.campaigns import operations
from clarion.campaigns.models import Campaign
from clarion.deliveries import listing, purging
from clarion.deliveries.campaign_search import PERIODS, SEARCH_FROM, Filters

router = Router()

Period: Any = words(tuple(PERIODS))
Order: Any = words(("created", "-created"))


class Wanted(Schema):
    """The filters of the list; several values of one are joined by or."""

    status: list[StatusWord] = Field(default_factory=list)
    channel: list[ChannelWord] = Field(default_factory=list)
    launch: list[LaunchWord] = Field(default_factory=list)
    tag: list[str] = Field(default_factory=list, max_length=10)
    period: Period | None = None
    q: str = Field("", max_length=160, description=f"Words, from {SEARCH_FROM} characters on.")
    archived: bool = False
    sort: Order = "-created"
    limit: int = Field(PAGE, ge=1, le=MOST_ROWS)
    cursor: str = Field("", max_length=500)

    def filters(self) -> Filters:
        """Return them as the list takes them."""
        return Filters(
            words=self.q.strip(), period=self.period or "", statuses=frozenset(s.upper() for s in self.status),
            channels=frozenset(self.channel), launches=frozenset(one.upper() for one in self.launch),
            tags=tuple(self.tag), sort=self.sort, is_archived=self.archived,
        )  # fmt: skip


def told(request: Any, campaign: Campaign) -> dict[str, Any]:
    """Return the campaign as it is now."""
    now = finding.campaign(request, campaign.public_id)
    (row,) = listing.rows_of([now])
    return shapes.whole(row, request.member)


@router.get("/campaigns", response=Page[shapes.CampaignRow], summary="List campaigns")
def list_campaigns(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """The campaigns that fit, the newest first."""
    key = key_of(wanted.cursor, str, int)
    try:
        after = (datetime.fromisoformat(key[0]), key[1]) if key else None
    except ValueError:
        after = None
    member = request.member  # type: ignore[attr-defined]
    rows = listing.rows_after(member, wanted.filters(), after=after, limit=wanted.limit + 1)
    shown = rows[: wanted.limit]
    last = shown[-1].campaign if len(rows) > wanted.limit else None
    return {
        "items": [shapes.row(one) for one in shown],
        "next": cursor_of(last.created_at.isoformat(), last.pk) if last else None,
    }


@router.post("/campaigns", response={201: shapes.CampaignOut}, summary="Make a campaign")
def create_campaign(request: HttpRequest, said: shapes.CampaignIn) -> Any:
    """Make a draft: its fields, and in the same go to whom it goes and what it says."""
    by = actor(request)
    with transaction.atomic():
        made = operations.create_campaign(name=said.name, by=by, **said.fields())
        campaign_parts.put(request, made, audience=said.audience, steps=said.steps)
    return Status(201, told(request, made))


@router.get("/campaigns/{uuid:id}", response=shapes.CampaignOut, summary="Show a campaign")
def show_campaign(request: HttpRequest, id: UUID) -> Any:
    """Everything that is said in it, how far it has come, and what may be done to it now."""
    return told(request, finding.campaign(request, id))


@router.patch("/campaigns/{uuid:id}", response=shapes.CampaignOut, summary="Change a campaign")
def change_campaign(request: HttpRequest, id: UUID, said: shapes.CampaignPatch) -> Any:
    """Change what is named, as far as the campaign's state allows editing."""
    campaign = finding.campaign(request, id)
    changes = said.fields() | ({"name": said.name} if said.name is not None else {})
    with transaction.atomic():
        now = operations.update_campaign(campaign=campaign, by=actor(request), **changes)
        campaign_parts.put(request, now, audience=said.audience, steps=said.steps)
    return told(request, campaign)


@router.delete("/campaigns/{uuid:id}", response={204: None}, summary="Delete a campaign")
def delete_campaign(request: HttpRequest, id: UUID, purge: bool = False) -> Any:
    """Delete what was never sent. With `purge`, one that is archived goes with every record of its messages."""
    campaign = finding.campaign(request, id)
    if purge:
        purging.purge(campaign=campaign, by=actor(request))
    else:
        operations.delete(campaign=campaign, by=actor(request))
    return Status(204, None)
