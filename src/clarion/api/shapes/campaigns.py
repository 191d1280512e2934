"""Campaigns as programs see and write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from clarion.api.shapes.common import (
    INT,
    SMALL,
    ChannelWord,
    Input,
    LaunchWord,
    MissedWord,
    UnitWord,
)
from clarion.campaigns import cascade, offers, review
from clarion.campaigns.models import Campaign
from clarion.deliveries.listing import Progress, Row
from clarion.deliveries.retrying import RETRYABLE
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission


class SettingsIn(Input):
    """Fields of a campaign; what is left out stays as it is, or gets its default."""

    notes: str | None = None
    tags: list[str] | None = Field(None, max_length=10)
    launch: LaunchWord | None = Field(None, examples=["schedule"])
    auto_start: bool | None = None
    starts_at: datetime | None = Field(None, examples=["2030-03-01T09:00:00Z"])
    ends_at: datetime | None = None
    zone: str | None = Field(None, max_length=64, examples=["Europe/Berlin"])
    repeat_every: int | None = Field(None, ge=0, le=SMALL)
    repeat_unit: UnitWord | None = None
    repeat_count: int | None = Field(None, ge=1, le=SMALL)
    repeat_until: date | None = None
    only_new: bool | None = None
    windows: list[dict[str, Any]] | None = Field(
        None, max_length=50, examples=[[{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]]
    )
    window_zone: str | None = Field(None, max_length=64)
    window_is_recipients: bool | None = None
    missed_policy: MissedWord | None = None
    missed_hours: int | None = Field(None, ge=0, le=SMALL)
    error_percent: int | None = Field(None, ge=1, le=100)
    receipt_wait: int | None = Field(None, ge=1, le=INT)
    delay_min: float | None = Field(None, ge=0, le=3600, allow_inf_nan=False)
    delay_max: float | None = Field(None, ge=0, le=3600, allow_inf_nan=False)
    rate_limit: float | None = Field(None, gt=0, le=1_000_000, allow_inf_nan=False)
    weight: int | None = Field(None, ge=1, le=100)
    track_links: bool | None = None
    track_opens: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Return what was said, as operations take it."""
        said = {
            name: getattr(self, name) for name in self.model_fields_set if name in SettingsIn.model_fields
        }
        for name in ("launch", "repeat_unit", "missed_policy"):
            if isinstance(said.get(name), str):
                said[name] = said[name].upper()
        return {name: value for name, value in said.items() if value is not None or name in _NULLABLE}


#: Fields that can be taken back by null.
_NULLABLE = frozenset(
    {
        "starts_at", "ends_at", "repeat_count", "repeat_until", "error_percent", "receipt_wait", "rate_limit",
        "track_links", "track_opens",
    }
)  # fmt: skip


class WithoutIn(Input):
    """People who are left out."""

    lists: list[UUID] = Field(default_factory=list, max_length=100)
    segments: list[UUID] = Field(default_factory=list, max_length=100)


class AudienceIn(Input):
    """Who gets it: exactly one of lists, segments, contacts, everyone and source."""

    lists: list[UUID] | None = Field(None, min_length=1, max_length=100)
    segments: list[UUID] | None = Field(None, min_length=1, max_length=100)
    contacts: list[UUID] | None = Field(None, min_length=1, max_length=10_000)
    everyone: bool = Field(False, description="All contacts of the workspace.")
    source: UUID | None = Field(None, description="Rows that were uploaded to /sources.")
    without: WithoutIn = Field(default_factory=WithoutIn)
    fixed: bool = Field(False, description="Whoever it is now, instead of whoever it is when it is sent.")


class StepIn(Input):
    """A channel of the campaign: by which sender, and what it says."""

    channel: ChannelWord = Field(examples=["email"])
    sender: UUID | None = None
    template: UUID | None = None
    version: int | None = Field(None, ge=1, le=INT, description="Of the template; its latest without one.")
    body: dict[str, Any] | None = Field(
        None,
        description="What it says, in place of a template.",
        examples=[{"mode": "html", "subject": "Hello {{ first_name }}", "source": "<p>…</p>"}],
    )
    tier: int = Field(
        0, ge=0, lt=cascade.STEPS_MAX, description="0 goes first, others where those before failed."
    )


class CampaignIn(SettingsIn):
    """A new campaign, a draft until it is started."""

    name: str = Field(examples=["Spring sale"], max_length=1000)
    audience: AudienceIn | None = None
    steps: list[StepIn] | None = Field(None, min_length=1, max_length=cascade.STEPS_MAX)


class CampaignPatch(SettingsIn):
    """What is to be different; what is not named stays."""

    name: str | None = Field(None, max_length=1000)
    audience: AudienceIn | None = None
    steps: list[StepIn] | None = Field(
        None,
        min_length=1,
        max_length=cascade.STEPS_MAX,
        description="All of them: they replace what was there.",
    )


class ProgressOut(Schema):
    """People of the latest run."""

    target: int
    sent: int
    partly: int
    failed: int
    unknown: int
    dropped: int
    waiting: int
    skipped: int
    percent: int


class CampaignRow(Schema):
    """A campaign in a list."""

    id: UUID
    name: str
    status: str
    pause_cause: str
    reason: str
    launch: str
    tags: list[str]
    channels: list[str]
    senders: list[str]
    created_at: datetime
    starts_at: datetime | None
    next_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    archived_at: datetime | None
    progress: ProgressOut | None


class StepOut(Schema):
    """A channel of a campaign."""

    position: int
    tier: int
    channel: str
    sender: UUID | None
    template: UUID | None
    version: int | None
    body: dict[str, Any] | None


class AudienceOut(Schema):
    """Where the recipients come from."""

    source: UUID
    kind: str
    name: str
    status: str
    lists: list[UUID]
    segments: list[UUID]
    without_lists: list[UUID]
    without_segments: list[UUID]


class CampaignOut(CampaignRow):
    """A campaign whole."""

    notes: str
    auto_start: bool
    ends_at: datetime | None
    zone: str
    repeat_every: int
    repeat_unit: str
    repeat_count: int | None
    repeat_until: date | None
    only_new: bool
    windows: list[dict[str, Any]]
    window_zone: str
    window_is_recipients: bool
    missed_policy: str
    missed_hours: int
    missed_at: datetime | None
    resume_at: datetime | None
    error_percent: int | None
    receipt_wait: int | None
    delay_min: float
    delay_max: float
    rate_limit: float | None
    weight: int
    track_links: bool | None
    track_opens: bool | None
    author: str | None
    approved_at: datetime | None
    digest: str = Field(description="Stands for what it says now; `approve` and `release` ask for it.")
    audience: AudienceOut | None
    steps: list[StepOut]
    actions: list[str] = Field(description="What the token may do to it now.")


def row(one: Row) -> dict[str, Any]:
    """Return a campaign of the list."""
    campaign = one.campaign
    return {
        "id": campaign.public_id, "name": campaign.name, "status": campaign.status.lower(),
        "pause_cause": campaign.pause_cause.lower(), "reason": campaign.status_reason,
        "launch": campaign.launch.lower(), "tags": campaign.tags, "channels": one.channels,
        "senders": one.senders, "created_at": campaign.created_at, "starts_at": campaign.starts_at,
        "next_at": campaign.next_at, "started_at": campaign.started_at, "finished_at": campaign.finished_at,
        "archived_at": campaign.archived_at, "progress": progress(one.progress),
    }  # fmt: skip


def progress(found: Progress | None) -> dict[str, int] | None:
    """Return how far a run has come."""
    if found is None:
        return None
    return {name: getattr(found, name) for name in ProgressOut.model_fields}


_AS_IT_IS = (
    "notes", "auto_start", "ends_at", "zone", "repeat_every", "repeat_count", "repeat_until", "only_new",
    "windows", "window_zone", "window_is_recipients", "missed_hours", "missed_at", "resume_at", "error_percent",
    "receipt_wait", "delay_min", "delay_max", "rate_limit", "weight", "track_links", "track_opens", "approved_at",
)  # fmt: skip


def whole(one: Row, member: Membership) -> dict[str, Any]:
    """Return a campaign with everything that is said in it."""
    campaign = one.campaign
    return {
        **row(one),
        **{name: getattr(campaign, name) for name in _AS_IT_IS},
        "repeat_unit": campaign.repeat_unit.lower(),
        "missed_policy": campaign.missed_policy.lower(),
        "author": campaign.created_by.get_full_name() if campaign.created_by else None,
        "digest": review.digest_of(campaign),
        "audience": _audience(campaign),
        "steps": [_step(step) for step in sorted(campaign.steps.all(), key=lambda step: step.position)],
        "actions": actions(one, member),
    }


def actions(one: Row, member: Membership) -> list[str]:
    """Return what the member may do to the campaign now, by the names of the addresses."""
    campaign = one.campaign
    found: list[str] = [action.value for action in offers.actions_for(campaign, member)]
    if campaign.archived_at is None and member.may(Permission.PAUSE):
        found += ["hold"] if offers.is_resuming(campaign) else []
    if campaign.archived_at is None and member.may(Permission.LAUNCH):
        failed = one.progress.failed if one.progress else 0
        found += ["retry"] if failed and campaign.status in RETRYABLE else []
    return found + [handling.value for handling in offers.handling_for(campaign, member)]


def _audience(campaign: Campaign) -> dict[str, Any] | None:
    source = campaign.source
    if source is None:
        return None
    names: dict[str, Any] = {
        "lists": source.lists, "segments": source.segments, "without_lists": source.excluded_lists,
        "without_segments": source.excluded_segments,
    }  # fmt: skip
    ids = {name: [one.public_id for one in found.all()] for name, found in names.items()}
    facts = {"kind": source.kind.lower(), "name": source.name, "status": source.status.lower()}
    return {"source": source.public_id, **facts, **ids}


def _step(step: Any) -> dict[str, Any]:
    version = step.template_version
    return {
        "position": step.position, "tier": step.tier, "channel": step.channel,
        "sender": step.sender.public_id if step.sender else None,
        "template": version.template.public_id if version else None,
        "version": version.number if version else None,
        "body": None if version else step.body_source,
    }  # fmt: skip
