"""Segments: rules over contacts, whom they fit, and why."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes.common import Input, Page
from clarion.audience import operations, queries, segments
from clarion.audience.queries import segments as counting
from clarion.workspaces.permissions import Permission

router = Router()

_RULE = {"all": [{"field": "tag", "op": "has", "value": "vip"}]}
_ID = re.compile(r"[0-9a-fA-F-]{32,36}")
_ABOUT = "As the reference of segments describes it."


class SegmentIn(Input):
    """A segment."""

    name: str = Field(max_length=500, examples=["Loyal customers"])
    rule: dict[str, Any] = Field(description=_ABOUT, examples=[_RULE])


class SegmentPatch(Input):
    """What is to be different."""

    name: str | None = Field(None, max_length=500)
    rule: dict[str, Any] | None = Field(None, description=_ABOUT, examples=[_RULE])


@router.get("/segments", response=Page[shapes.SegmentOut], summary="List segments")
def list_segments(request: Any, wanted: Query[Cursor]) -> Any:
    """The workspace's segments, the newest first."""
    return paged(queries.segments_for(request.member), wanted, shapes.segment)


@router.post("/segments", response={201: shapes.SegmentOut}, summary="Make a segment")
def create_segment(request: Any, said: SegmentIn) -> Any:
    """Make a segment of a rule; what is wrong with the rule is told place by place."""
    made = operations.create_segment(by=actor(request), name=_named(said.name), rule=said.rule)
    return Status(201, shapes.segment(made))


class RuleIn(Input):
    """A rule that is not kept."""

    rule: dict[str, Any] = Field(description=_ABOUT, examples=[_RULE])


class CountOut(Schema):
    """How many contacts a rule fits; null when not even about so many could be told in time."""

    sentence: str = Field(description="The rule in words.")
    count: int | None
    exact: bool


@router.post("/segments/count", response=CountOut, summary="Count whom a rule fits")
def count_rule(request: Any, said: RuleIn) -> Any:
    """Say a rule in words and count whom it fits, without keeping it."""
    return _counted(request, segments.parse(said.rule))


@router.get("/segments/{uuid:id}", response=shapes.SegmentOut, summary="Show a segment")
def show_segment(request: Any, id: UUID) -> Any:
    """A segment and its rule."""
    return shapes.segment(finding.segment(request, id))


@router.patch("/segments/{uuid:id}", response=shapes.SegmentOut, summary="Change a segment")
def change_segment(request: Any, id: UUID, said: SegmentPatch) -> Any:
    """Rename it or change its rule, unless a campaign that is on its way goes by it."""
    segment = finding.segment(request, id)
    now = operations.update_segment(
        by=actor(request), segment=segment, name=segment.name if said.name is None else _named(said.name),
        rule=segment.rule if said.rule is None else said.rule,
    )  # fmt: skip
    return shapes.segment(now)


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 120:
        text = "A segment has a name of at most 120 characters."
        raise problems.own("invalid", errors=[{"field": "name", "detail": text}])
    return name


@router.delete("/segments/{uuid:id}", response={204: None}, summary="Delete a segment")
def delete_segment(request: Any, id: UUID) -> Any:
    """Delete a segment that no campaign on its way goes by; its contacts stay."""
    operations.delete_segment(by=actor(request), segment=finding.segment(request, id))
    return Status(204, None)


@router.get("/segments/{uuid:id}/count", response=CountOut, summary="Count a segment")
def count_segment(request: Any, id: UUID) -> Any:
    """The rule in words, and how many contacts it fits now."""
    return _counted(request, segments.parse(finding.segment(request, id).rule))


def _counted(request: Any, node: segments.Node) -> dict[str, Any]:
    workspace = request.member.workspace
    found = counting.count(workspace, node)
    sentence = counting.sentence_of(workspace, node)
    return {"sentence": sentence, "count": found.value, "exact": found.is_exact}


@router.get(
    "/segments/{uuid:id}/contacts", response=list[shapes.ContactOut], summary="Show some of a segment"
)
def some_of_segment(request: Any, id: UUID) -> Any:
    """The first twenty contacts that it fits, the newest first."""
    node = segments.parse(finding.segment(request, id).rule)
    found = counting.members(request.member.workspace, node)
    if found is None:
        raise problems.own("unavailable", "Finding them takes too long; narrow it otherwise.")
    return [shapes.contact(one, request.member) for one in found]


class ConditionOut(Schema):
    """A condition that decided."""

    condition: str
    holds: bool


class ExplainedOut(Schema):
    """Whether somebody is in a segment, and because of what."""

    contact: UUID
    is_in: bool
    because: list[ConditionOut]


class WhoWanted(Schema):
    """Whom it is about."""

    who: str = Field(
        min_length=1, max_length=320, description="A contact's id, e-mail address or phone number."
    )


@router.get("/segments/{uuid:id}/explain", response=ExplainedOut, summary="Why is somebody in a segment?")
def explain_segment(request: Any, id: UUID, wanted: Query[WhoWanted]) -> Any:
    """Whether a contact is in it, and the conditions that decided. Whoever may not see people names an id."""
    segment, who = finding.segment(request, id), wanted.who.strip()
    if not request.member.may(Permission.VIEW_PII) and not _ID.fullmatch(who):
        raise problems.own("not_allowed", "Searching by personal data needs the permission view_pii.")
    found = counting.explained(request.member.workspace, segments.parse(segment.rule), who)
    if found is None:
        raise problems.own("not_found", "There is no such contact.")
    because = [{"condition": words, "holds": holds} for words, holds in found.reasons]
    return {"contact": found.contact.public_id, "is_in": found.is_in, "because": because}
