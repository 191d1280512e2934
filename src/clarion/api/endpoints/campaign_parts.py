"""A campaign's parts: to whom it goes, what it says; whether it may go, why it does not, how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import ProtectedError
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.frame import actor
from clarion.api.shapes import runs as run_shapes
from clarion.api.shapes.campaigns import AudienceIn, StepIn
from clarion.audience import operations as audience
from clarion.audience import queries as audience_queries
from clarion.audience.models import Source, SourceKind
from clarion.campaigns import operations, preflight
from clarion.campaigns.models import Campaign
from clarion.content import queries as content
from clarion.content.models import TemplateVersion
from clarion.deliveries import explain, progress
from clarion.deliveries import queries as deliveries
from clarion.senders import queries as senders

router = Router()


def put(
    request: Any, campaign: Campaign, *, audience: AudienceIn | None, steps: Sequence[StepIn] | None
) -> None:
    """Have the campaign go to whom and say what a body says; the caller's transaction holds it together."""
    if audience is not None:
        _set_audience(request, campaign, audience)
    if steps is not None:
        _set_steps(request, campaign, steps)


def _set_audience(request: Any, campaign: Campaign, said: AudienceIn) -> None:
    chosen = [said.lists, said.segments, said.contacts, said.everyone or None, said.source]
    if sum(one is not None for one in chosen) != 1:
        text = "Name exactly one of lists, segments, contacts, everyone and source."
        raise problems.own("invalid", errors=[{"field": "audience", "detail": text}])
    before = campaign.source
    made = _source(request, said)
    operations.set_source(campaign=campaign, source=made, by=actor(request))
    if (
        before is not None
        and before != made
        and not (before.kind == SourceKind.UPLOAD and before.rows_of is None)
    ):
        try:
            audience.delete_source(by=actor(request), source=before)
        except ProtectedError:
            return  # a copy of the campaign has it


def _source(request: Any, said: AudienceIn) -> Source:
    by, member = actor(request), request.member
    without = audience.Without(
        lists=_lists(request, "audience.without.lists", said.without.lists),
        segments=_segments(request, "audience.without.segments", said.without.segments),
    )
    if said.source is not None:
        upload = finding.named("audience.source", audience_queries.source_for(member, said.source))
        return audience.leave_out(by=by, upload=upload, without=without)
    if said.contacts is not None:
        ids = [audience_queries.contact_for(member, one) for one in said.contacts]
        contacts = [finding.named("audience.contacts", one) for one in ids]
        return audience.create_chosen_source(by=by, contacts=contacts, without=without)
    if said.lists is not None:
        lists = _lists(request, "audience.lists", said.lists)
        return audience.create_list_source(by=by, lists=lists, without=without, is_fixed=said.fixed)
    if said.segments is not None:
        segments = _segments(request, "audience.segments", said.segments)
        return audience.create_segment_source(by=by, segments=segments, without=without, is_fixed=said.fixed)
    return audience.create_contacts_source(by=by, without=without, is_fixed=said.fixed)


def _lists(request: Any, field: str, ids: Sequence[UUID]) -> list[Any]:
    return [finding.named(field, audience_queries.list_for(request.member, one)) for one in ids]


def _segments(request: Any, field: str, ids: Sequence[UUID]) -> list[Any]:
    return [finding.named(field, audience_queries.segment_for(request.member, one)) for one in ids]


def _set_steps(request: Any, campaign: Campaign, said: Sequence[StepIn]) -> None:
    by = actor(request)
    have = campaign.steps.count()
    for position, one in enumerate(said):
        sender = None
        if one.sender is not None:
            sender = finding.named(f"steps.{position}.sender", senders.sender_for(request.member, one.sender))
        version = _version(request, position, one)
        operations.set_step(
            campaign=campaign, channel=one.channel, by=by, sender=sender, template_version=version,
            body=one.body, position=position, tier=one.tier,
        )  # fmt: skip
    for position in range(have - 1, len(said) - 1, -1):
        operations.remove_step(campaign=campaign, position=position, by=by)
    operations.arrange(campaign=campaign, tiers={n: one.tier for n, one in enumerate(said)}, by=by)


def _version(request: Any, position: int, said: StepIn) -> TemplateVersion | None:
    if said.template is None:
        return None
    field = f"steps.{position}.template"
    template = finding.named(field, content.template_for(request.member, said.template))
    if said.version is None:
        return content.latest_version(template)
    return finding.named(f"steps.{position}.version", content.version_of(template, said.version))


class CheckOut(Schema):
    """One thing that was looked at."""

    code: str
    level: str
    sentence: str
    section: str


class WayOut(Schema):
    """How many people a channel reaches, and how many of them cannot be reached by one before it."""

    channel: str
    people: int
    at_once: int


class PreflightOut(Schema):
    """Whether it may go."""

    ready: bool
    recipients: int | None
    channels: list[WayOut] = Field(description="Of several channels, in the order in which they go.")
    checks: list[CheckOut]


@router.get("/campaigns/{uuid:id}/preflight", response=PreflightOut, summary="Check a campaign")
def preflight_of(request: HttpRequest, id: UUID) -> Any:
    """What blocks it, what to think about, and how many people will get it."""
    found = preflight.examine(finding.campaign(request, id))
    return {
        "ready": not found.blockers,
        "recipients": found.recipients,
        "channels": [asdict(way) for way in found.ways],
        "checks": [
            {"code": c.code, "level": c.level.value, "sentence": c.sentence, "section": c.section.value}
            for c in found.checks
        ],
    }


class WhyOut(Schema):
    """What holds it."""

    status: str
    moving: bool
    rate: float
    pending: int
    in_flight: int
    estimate: bool
    causes: list[dict[str, Any]]


@router.get("/campaigns/{uuid:id}/why", response=WhyOut, summary="Why is it not moving?")
def why(request: HttpRequest, id: UUID) -> Any:
    """What holds how many of its messages, until when, and what helps."""
    return explain.as_json(explain.explain_now(finding.campaign(request, id)))


@router.get("/campaigns/{uuid:id}/progress", response=run_shapes.RunProgress, summary="How far it is")
def progress_of(request: HttpRequest, id: UUID) -> Any:
    """The latest run at this moment: people, speed, time left, and messages by channel."""
    campaign = finding.campaign(request, id)
    run = deliveries.run_for(request.member, campaign)  # type: ignore[attr-defined]
    if run is None:
        raise problems.own("not_found", "The campaign has no run yet.")
    seen = progress.overview(run, is_sending=progress.is_sending(campaign))
    return run_shapes.progress(campaign, run, seen)
