"""Runs and what became of their people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from clarion.api.shapes import common
from clarion.campaigns.models import Campaign
from clarion.deliveries import queries, reasons
from clarion.deliveries.models import Run
from clarion.deliveries.progress import Overview
from clarion.deliveries.recipients import Message, Person
from clarion.workspaces.models import Membership

_COUNTS = (
    "total", "pending", "in_flight", "sent", "partly", "failed", "skipped", "cancelled", "expired", "unknown",
)  # fmt: skip


class Counts(Schema):
    """People of a run; the others add up to `total`."""

    total: int
    pending: int
    in_flight: int
    sent: int
    partly: int
    failed: int
    skipped: int
    cancelled: int
    expired: int
    unknown: int


class ChannelOut(Schema):
    """Messages of one step."""

    step: int
    tier: int
    channel: str
    sender: str
    handed: int
    accepted: int
    failed: int
    unknown: int
    deferred: int
    results: dict[str, int]


class RunProgress(Counts):
    """A run at this moment."""

    run: int
    status: str
    rate: float
    limit: float | None
    eta_seconds: int | None
    next_due: datetime | None
    channels: list[ChannelOut]


class RunRow(Counts):
    """A run in a list."""

    number: int
    created_at: datetime
    built_at: datetime | None
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    finished_at: datetime | None


class CodeOut(Schema):
    """A provider's code."""

    code: str
    count: int
    sample: str


class ProblemOut(Schema):
    """What went wrong with messages of a run."""

    reason: str
    status: str
    count: int
    sentence: str
    cure: str
    codes: list[CodeOut]


class RunStepOut(Schema):
    """What came of one step's messages."""

    step: int
    tier: int
    channel: str
    handed: int
    accepted: int
    failed: int
    unknown: int
    delivered: int
    read: int
    clicked: int
    replied: int
    bounced: int
    complained: int
    unsubscribed: int


class RunOut(RunRow):
    """A run whole."""

    waterfall: dict[str, Any]
    steps: list[RunStepOut]
    problems: list[ProblemOut]


class MessageOut(Schema):
    """A message to a person: what the provider took, and what it said later, are two things."""

    step: int
    channel: str
    status: str
    attempts: int
    ended_at: datetime | None
    reason: str | None
    sentence: str
    code: str
    provider_id: str
    result: str | None
    result_at: datetime | None
    not_before: datetime | None


class PersonOut(Schema):
    """A person of a run, with what became of the messages to them."""

    recipient: int
    address: str
    name: str
    status: str
    skip: str | None
    messages: list[MessageOut]


def run_row(run: Run) -> dict[str, Any]:
    """Return a run of a list."""
    return {name: getattr(run, name) for name in RunRow.model_fields}


def run(found: Run, member: Membership) -> dict[str, Any]:
    """Return a run with its steps and problems. Providers' words may name people. Three queries."""
    sees = common.sees_people(member)
    return {
        **run_row(found),
        "waterfall": found.waterfall,
        "steps": [
            {name: getattr(step, name) for name in RunStepOut.model_fields}
            for step in queries.lean_steps(found)
        ],
        "problems": [
            {
                "reason": group.reason.name,
                "status": group.stage.name.lower(),
                "count": group.count,
                "sentence": group.reason.sentence,
                "cure": group.reason.cure,
                "codes": [
                    {"code": c.code, "count": c.count, "sample": c.sample if sees else ""}
                    for c in group.codes
                ],
            }
            for group in queries.problems(found)
        ],
    }


def progress(campaign: Campaign, found: Run, seen: Overview) -> dict[str, Any]:
    """Return how far a run is."""
    return {
        **{name: getattr(seen, name) for name in (*_COUNTS, "rate", "limit", "eta_seconds", "next_due")},
        "run": found.number,
        "status": campaign.status.lower(),
        "channels": [
            {name: getattr(one, name) for name in ChannelOut.model_fields if name != "results"}
            | {"results": {str(word): count for word, count in one.results.items()}}
            for one in seen.channels
        ],
    }


def person(found: Person, member: Membership) -> dict[str, Any]:
    """Return a person as the member may see them."""
    return {
        "recipient": found.id,
        "address": common.address(member, found.address),
        "name": common.person_name(member, found.name),
        "status": found.stage.name.lower(),
        "skip": found.skip.name.lower() if found.skip is not None else None,
        "messages": [message(one) for one in found.messages],
    }


def message(one: Message) -> dict[str, Any]:
    """Return a message with the reason of its latest attempt, or that for which it waits."""
    code = one.reason if one.reason is not None else one.waits_for
    explained = reasons.explain(code) if code is not None else None
    return {
        "step": one.step, "channel": one.channel, "status": one.stage.name.lower(), "attempts": one.attempts,
        "ended_at": one.ended_at, "reason": explained.name if explained else None,
        "sentence": explained.sentence if explained else "", "code": one.code,
        "provider_id": one.provider_id, "result": one.result.name.lower() if one.result else None,
        "result_at": one.result_at, "not_before": one.not_before,
    }  # fmt: skip
