"""Trying a sender, what its provider keeps, and what was said between the two."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import actor
from clarion.api.shapes.common import Input, Page
from clarion.content import queries as content
from clarion.content.rendering import with_stand_ins
from clarion.deliveries import provider_notices
from clarion.engine.outcomes import REASONS, Accepted, Outcome
from clarion.senders import exchanges, linking, testing
from clarion.senders.models import Exchange, ProviderTemplate, Sender
from clarion.senders.provided import queries as provided
from clarion.workspaces.permissions import Permission

router = Router()


class CheckStep(Schema):
    """One step of the check, and what was seen in it."""

    step: str
    seen: str


class CredentialsOut(Schema):
    """Whether the sender's credentials are good."""

    ok: bool
    problem: str
    steps: list[CheckStep]


@router.post("/senders/{uuid:id}/check", response=CredentialsOut, summary="Check a sender's credentials")
def check_sender(request: Any, id: UUID) -> Any:
    """Connect and sign in without sending; it may take up to 25 seconds."""
    found = testing.check_credentials(finding.sender(request, id), by=actor(request))
    steps = [{"step": step, "seen": seen} for step, seen in found.lines]
    return {"ok": found.ok, "problem": found.problem, "steps": steps}


class TestIn(Input):
    """To whom, and what; a short text without a template."""

    address: str = Field(min_length=1, max_length=2_000, examples=["me@shop.example"])
    template: UUID | None = None


class OutcomeOut(Schema):
    """What became of a message: `accepted`, `deferred`, `refused` or `unknown`."""

    outcome: str
    reason: str | None
    sentence: str
    cure: str
    code: str
    detail: str


def outcome(found: Outcome) -> dict[str, Any]:
    """Return what became of a message."""
    facts: dict[str, Any] = {
        "outcome": type(found).__name__.lower(), "reason": None, "sentence": "", "cure": "",
        "code": getattr(found, "code", ""), "detail": getattr(found, "detail", ""),
    }  # fmt: skip
    if isinstance(found, Accepted):
        return facts | {"sentence": _("The provider took it.")}
    told = REASONS[found.reason]
    return facts | {
        "reason": found.reason.name.lower(), "sentence": _(told.sentence), "cure": _(told.cure),
    }  # fmt: skip


@router.post("/senders/{uuid:id}/test", response=OutcomeOut, summary="Send a test message")
def test_sender(request: Any, id: UUID, said: TestIn) -> Any:
    """Send one message that belongs to no campaign, really; a paused or blocked sender can be tried too."""
    body: dict[str, Any] = {
        "subject": _("A test from Clarion"),
        "text": _("This message shows that the sender works. It belongs to no campaign.") + "\n",
    }
    sender = finding.sender(request, id)
    if said.template is not None:
        template = finding.named("template", content.template_for(request.member, said.template))
        if template.channel != sender.channel:
            text = "It is for another channel."
            raise problems.own("invalid", errors=[{"field": "template", "detail": text}])
        body = dict(content.latest_version(template).content)
    return outcome(testing.send_test(sender, body, said.address, with_stand_ins(body, {}), by=actor(request)))


class ProvidedOut(Schema):
    """A template that the provider keeps, as it was told last."""

    name: str
    language: str
    status: str
    category: str
    quality: str
    note: str
    problem: str = Field(description="Why no message can be made of it here; empty when one can.")
    shape: Any
    status_at: datetime


def _provided(one: ProviderTemplate) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ProvidedOut.model_fields}


def _approving(request: Any, id: UUID) -> Sender:
    sender = finding.sender(request, id)
    if provided.approving(sender.channel) is None:
        raise problems.own("not_found", "This sender's provider keeps no templates.")
    return sender


@router.get("/senders/{uuid:id}/templates", response=Page[ProvidedOut], summary="List a provider's templates")
def list_provided(request: Any, id: UUID, wanted: Query[Cursor]) -> Any:
    """The templates that the sender's provider keeps and approves, the newest first."""
    return paged(provided.templates_of(_approving(request, id)), wanted, _provided)


class SyncedOut(Schema):
    """How many there are, and how many came and went."""

    count: int
    added: int
    removed: int


@router.post(
    "/senders/{uuid:id}/templates/refresh", response=SyncedOut, summary="Refresh a provider's templates"
)
def refresh_provided(request: Any, id: UUID) -> Any:
    """Ask the provider for all that it has. Send no `Idempotency-Key`: asking again does no harm."""
    done = provider_notices.refresh(sender=_approving(request, id), by=actor(request))
    return {name: getattr(done, name) for name in SyncedOut.model_fields}


class GroupOut(Schema):
    """A group that the sender's phone is in."""

    id: str
    name: str
    members: int | None


@router.get("/senders/{uuid:id}/groups", response=list[GroupOut], summary="List a sender's groups")
def list_groups(request: Any, id: UUID) -> Any:
    """The groups that a linked phone is in, by name; their ids are what a live source of a group names."""
    sender = finding.sender(request, id)
    if sender not in linking.senders_with_groups(request.member.workspace):
        raise problems.own("not_found", "This sender is in no groups.")
    found = linking.groups_of(sender, by=actor(request))
    return [{"id": one.id, "name": one.name, "members": one.size} for one in found]


class ExchangeOut(Schema):
    """A request to the provider, or a call of the provider's, with its answer; without secrets and people."""

    at: datetime
    ours: bool
    what: str
    request: str
    answer: str
    status: str
    code: str
    failed: bool
    milliseconds: int


class ExchangesWanted(Cursor):
    """Which exchanges."""

    failed: bool = Field(False, description="Only those that failed.")


def _exchange(one: Exchange) -> dict[str, Any]:
    names = ("at", "what", "request", "answer", "status", "code", "failed", "milliseconds")
    return {"ours": one.is_ours, **{name: getattr(one, name) for name in names}}


@router.get("/senders/{uuid:id}/log", response=Page[ExchangeOut], summary="Show a sender's log")
def sender_log(request: Any, id: UUID, wanted: Query[ExchangesWanted]) -> Any:
    """The last exchanges with the provider, the newest first; needs `manage_senders`."""
    sender = finding.sender(request, id)
    actor(request).require(Permission.MANAGE_SENDERS)
    return paged(exchanges.exchanges_of(sender, failures_only=wanted.failed), wanted, _exchange)
