"""A campaign's run from near: one person's messages, what came of them all, its trail, its links, caps and dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.campaigns import told
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.frame import actor
from clarion.api.shapes import campaigns as shapes
from clarion.api.shapes import runs as run_shapes
from clarion.api.shapes.common import BIG, INT, Input, Page, cursor_of, key_of
from clarion.campaigns import operations
from clarion.deliveries import details, queries, trail
from clarion.deliveries.details import Details
from clarion.deliveries.models import Run
from clarion.deliveries.tracking import analytics

router = Router()


class TryOut(Schema):
    """One attempt to hand a message over."""

    number: int
    started_at: datetime | None
    ended_at: datetime | None
    status: str
    sentence: str
    code: str
    detail: str


class SaidOut(Schema):
    """What the provider said later."""

    at: datetime
    result: str
    code: str
    detail: str
    sentence: str


class MessageWhole(run_shapes.MessageOut):
    """A message with every attempt and receipt, and what it says; null for who may not see personal data."""

    sender: str
    tries: list[TryOut]
    receipts: list[SaidOut]
    subject: str | None
    text: str | None
    html: str | None


class PersonWhole(run_shapes.PersonOut):
    """A person of a run with everything that is known of the messages to them."""

    variables: dict[str, Any] | None
    messages: list[MessageWhole]  # type: ignore[assignment]  # each has more


class RunWanted(Schema):
    """Which run."""

    run: int | None = Field(None, ge=1, le=INT, description="Its number; the latest without one.")


def _found(request: Any, id: UUID, number: int, wanted: RunWanted) -> tuple[Run, Details]:
    run = finding.run(request, id, wanted.run)
    found = details.delivery_details(run, number) if 0 < number <= 2**53 else None
    return run, finding.there(found)


@router.get(
    "/campaigns/{uuid:id}/deliveries/{int:recipient}",
    response=PersonWhole,
    summary="Show one person's messages",
)
def show_delivery(request: Any, id: UUID, recipient: int, wanted: Query[RunWanted]) -> Any:
    """Every attempt and receipt of the messages to one person of a run, and what they say."""
    run, found = _found(request, id, recipient, wanted)
    return whole_person(request, run, found)


@router.post(
    "/campaigns/{uuid:id}/deliveries/{int:recipient}/reveal",
    response=PersonWhole,
    summary="Show a recipient's data",
)
def reveal_delivery(request: Any, id: UUID, recipient: int, wanted: Query[RunWanted]) -> Any:
    """The same with the person's data where the workspace masks them; the audit trail keeps it."""
    run, found = _found(request, id, recipient, wanted)
    campaign = finding.campaign(request, id)
    operations.reveal_recipient(campaign=campaign, run=run.number, number=recipient, by=actor(request))
    # Whoever asks again with the same key is told no more than everybody.
    request.kept_body = orjson.dumps(whole_person(request, run, found), default=str)
    request.member.is_shown_people = True
    return whole_person(request, run, found)


def whole_person(request: Any, run: Run, found: Details) -> dict[str, Any]:
    """Return a person of a run with their messages, as the member may see them."""
    sees = request.member.sees_people
    steps = {step.step: step for step in queries.steps_of(run)}
    copies = {
        one.message.step: details.copy_of(run, steps[one.message.step], found.person) if sees else None
        for one in found.messages
    }
    return run_shapes.person(found.person, request.member) | {
        "variables": dict(found.person.variables) if sees else None,
        "messages": [_message(one, copies[one.message.step], sees=sees) for one in found.messages],
    }


def _message(one: details.MessageDetails, copy: Any, *, sees: bool) -> dict[str, Any]:
    """Return a message; what providers said may name people."""
    return run_shapes.message(one.message) | {
        "sender": one.sender,
        "tries": [
            {"number": t.number, "started_at": t.started_at, "ended_at": t.ended_at, "status": t.stage.name.lower(),
             "sentence": t.sentence, "code": t.code, "detail": t.detail if sees else ""}
            for t in one.tries
        ],
        "receipts": [
            {"at": r.at, "result": r.result.name.lower(), "code": r.code, "detail": r.detail if sees else "",
             "sentence": r.sentence}
            for r in one.receipts
        ],
        **{name: getattr(copy, name) if copy else None for name in ("subject", "text", "html")},
    }  # fmt: skip


class StepAnalytics(Schema):
    """What came of a step's messages; null where nothing tells of it."""

    step: int
    channel: str
    accepted: int
    failed: int
    delivered: int | None
    opened: int | None
    clicked: int | None
    replied: int | None
    bounced: int
    unsubscribed: int


class LinkOut(Schema):
    """A link of the messages."""

    target: str
    people: int
    clicks: int


class HourOut(Schema):
    """What people did from `start` on."""

    start: datetime
    opens: int
    clicks: int


class AnalyticsOut(Schema):
    """What came of a run's messages."""

    run: int
    steps: list[StepAnalytics]
    links: list[LinkOut]
    by_day: bool
    course: list[HourOut]


@router.get("/campaigns/{uuid:id}/analytics", response=AnalyticsOut, summary="Show a campaign's analytics")
def show_analytics(request: Any, id: UUID, wanted: Query[RunWanted]) -> Any:
    """Deliveries, opens, clicks and replies of a run, its links, and when people opened and clicked."""
    run = finding.run(request, id, wanted.run)
    course = analytics.course(run, request.member.workspace.zone)
    return {
        "run": run.number,
        "steps": [
            {
                "step": one.step.step, "channel": one.step.channel, "accepted": one.step.accepted,
                "failed": one.step.failed, "bounced": one.step.bounced, "unsubscribed": one.step.unsubscribed,
                **{name: getattr(one, name) for name in ("delivered", "opened", "clicked", "replied")},
            }
            for one in analytics.results(run)
        ],
        "links": [{"target": one.target, "people": one.people, "clicks": one.clicks} for one in analytics.links(run)],
        "by_day": bool(course and course.is_by_day),
        "course": [{"start": c.start, "opens": c.opens, "clicks": c.clicks} for c in course.columns] if course else [],
    }  # fmt: skip


class CampaignEvent(Schema):
    """What somebody did to the campaign."""

    number: int
    at: datetime
    action: str
    actor: str
    via: str
    reason: str
    changes: dict[str, list[Any]] = Field(description="Field → [old, new].")


@router.get("/campaigns/{uuid:id}/trail", response=Page[CampaignEvent], summary="Read a campaign's trail")
def campaign_trail(request: Any, id: UUID, wanted: Query[Cursor]) -> Any:
    """Who created, changed, approved and started it, and why, the newest first."""
    key = key_of(wanted.cursor, int)
    found = trail.timeline(
        finding.campaign(request, id), before=min(key[0], BIG) if key else None, limit=wanted.limit
    )
    names = ("number", "at", "action", "actor", "via", "reason")
    return {
        "items": [
            {name: getattr(one, name) for name in names}
            | {"changes": {name: list(pair) for name, pair in one.changes.items()}}
            for one in found.entries
        ],
        "next": cursor_of(found.older) if found.older is not None else None,
    }


class LinksIn(Input):
    """Whether its followed links lead to their targets."""

    on: bool


@router.put("/campaigns/{uuid:id}/links", response=shapes.CampaignOut, summary="Switch a campaign's links")
def switch_links(request: Any, id: UUID, said: LinksIn) -> Any:
    """Let the campaign's followed links lead nowhere, or to their targets again."""
    campaign = finding.campaign(request, id)
    operations.switch_links(campaign=campaign, on=said.on, by=actor(request))
    return told(request, campaign)


class IgnoreCapsIn(Input):
    """Whether the campaign ignores frequency caps, and why."""

    ignored: bool
    reason: str = Field("", max_length=500, description="To ignore them there has to be one.")


@router.put("/campaigns/{uuid:id}/caps", response=shapes.CampaignOut, summary="Ignore frequency caps")
def ignore_caps(request: Any, id: UUID, said: IgnoreCapsIn) -> Any:
    """Let the campaign ignore the frequency caps, or hold it to them again; needs `ignore_caps` and `edit`."""
    campaign = finding.campaign(request, id)
    operations.ignore_caps(campaign=campaign, by=actor(request), ignored=said.ignored, reason=said.reason)
    return told(request, campaign)


class MoveIn(Input):
    """From when to when."""

    from_at: datetime = Field(examples=["2030-03-01T09:00:00Z"])
    to_at: datetime = Field(examples=["2030-03-02T09:00:00Z"])


@router.post(
    "/campaigns/{uuid:id}/move", response=shapes.CampaignOut, summary="Move a campaign to another date"
)
def move(request: Any, id: UUID, said: MoveIn) -> Any:
    """Move a start that is to come; of a recurring campaign all coming dates move with it."""
    if timezone.is_naive(said.from_at) or timezone.is_naive(said.to_at):
        raise problems.own("invalid", errors=[{"field": "to_at", "detail": "Say the zone, such as Z."}])
    campaign = finding.campaign(request, id)
    operations.reschedule(campaign=campaign, from_at=said.from_at, to_at=said.to_at, by=actor(request))
    return told(request, campaign)
