"""Senders: seen, set up, changed, stopped, deleted. Their secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.endpoints.lists import paged
from clarion.api.frame import actor
from clarion.api.shapes.common import INT, ChannelWord, Input, Page, words
from clarion.channels import registry
from clarion.senders import operations, queries, secrets
from clarion.senders.models import Sender
from clarion.senders.operations import Limits
from clarion.workspaces.permissions import Permission

router = Router()

#: What a setting can be: texts, numbers, truth values, and lists of those.
Setting = str | int | float | bool | list[str] | list[list[str]] | None
_SETTINGS = {
    "host": "smtp.shop.example",
    "username": "news",
    "password": "…",
    "from_address": "news@shop.example",
}
_LIMITS = ("limit_second", "limit_minute", "limit_hour", "limit_day", "lanes")


class LimitsIn(Input):
    """Messages a span; null for no limit of ours. `lanes` is in how many processes it may send at once."""

    limit_second: float | None = Field(None, allow_inf_nan=False, examples=[10])
    limit_minute: int | None = Field(None, le=INT)
    limit_hour: int | None = Field(None, le=INT)
    limit_day: int | None = Field(None, le=INT, examples=[50_000])
    lanes: int = 1

    def limits(self, before: Sender | None = None) -> Limits:
        """Return them, what is not named as it was before."""
        values = {
            name: getattr(self if before is None or name in self.model_fields_set else before, name)
            for name in _LIMITS
        }
        return Limits(**{name.removeprefix("limit_"): value for name, value in values.items()})


class SenderIn(LimitsIn):
    """A new sender. Its channel says which settings there are; credentials are among them and are never told again."""

    channel: ChannelWord = Field(examples=["email"])
    name: str = Field(max_length=500, examples=["Shop mail"])
    settings: dict[str, Setting] = Field(examples=[_SETTINGS], max_length=200)


class SenderPatch(LimitsIn):
    """What is to be different; what is not named stays, a secret too."""

    name: str | None = Field(None, max_length=500)
    settings: dict[str, Setting] | None = Field(None, examples=[{"password": "…"}], max_length=200)
    forget: list[str] = Field(
        default_factory=list, max_length=50, description="Secrets to drop, by their names."
    )


class SenderRow(Schema):
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
    lanes: int
    rate: float
    open_until: datetime | None = Field(description="Its provider is not asked before then.")
    created_at: datetime


class SenderOut(SenderRow):
    """A sender with its settings, for whoever may change it; for others both are null."""

    settings: dict[str, Any] | None = Field(description="Without secrets.")
    secrets: list[str] | None = Field(description="The names of the secrets that are set.")


class Wanted(Cursor):
    """Which senders."""

    q: str = Field("", max_length=120)
    channel: list[ChannelWord] = Field(default_factory=list)


def _row(one: Sender) -> dict[str, Any]:
    health = queries.health_of(one)
    return {
        "id": one.public_id, "channel": one.channel, "name": one.name, "status": one.status.lower(),
        "reason": one.status_reason, "rate": health.rate, "open_until": health.open_until,
        "created_at": one.created_at, **{name: getattr(one, name) for name in _LIMITS},
    }  # fmt: skip


def told(request: Any, one: Sender) -> dict[str, Any]:
    """Return a sender as the member may see it."""
    may = request.member.may(Permission.MANAGE_SENDERS)
    hidden = registry.get(one.channel).secrets if may else frozenset()
    shown = {name: value for name, value in one.config.items() if name not in hidden}
    return _row(one) | {
        "settings": shown if may else None,
        "secrets": secrets.set_names(one) if may else None,
    }


@router.get("/senders", response=Page[SenderRow], summary="List senders")
def list_senders(request: Any, wanted: Query[Wanted]) -> Any:
    """The workspace's senders, the newest first."""
    return paged(queries.senders_for(request.member, search=wanted.q, channels=wanted.channel), wanted, _row)


@router.post("/senders", response={201: SenderOut}, summary="Set a sender up")
def create_sender(request: Any, said: SenderIn) -> Any:
    """Set up an account on a channel; it may send at once. Try it with `/check` and `/test`."""
    with transaction.atomic():
        made = operations.create_sender(
            by=actor(request),
            channel=said.channel,
            name=said.name,
            config=said.settings,
            limits=said.limits(),
        )
        _refuse_unknown(made, said.settings)
    return Status(201, told(request, made))


@router.get("/senders/{uuid:id}", response=SenderOut, summary="Show a sender")
def show_sender(request: Any, id: UUID) -> Any:
    """A sender, how it is, and how it is set up."""
    return told(request, finding.sender(request, id))


@router.patch("/senders/{uuid:id}", response=SenderOut, summary="Change a sender")
def change_sender(request: Any, id: UUID, said: SenderPatch) -> Any:
    """Change what is named; running campaigns use it from then on. An empty secret keeps the one that is set."""
    sender = finding.sender(request, id)
    is_set_up_anew = bool(said.settings or said.forget)
    with transaction.atomic():
        now = operations.update_sender(
            sender=sender, by=actor(request), name=said.name,
            config={**sender.config, **(said.settings or {})} if is_set_up_anew else None,
            limits=said.limits(sender) if said.model_fields_set & set(_LIMITS) else None,
            forget=frozenset(said.forget),
        )  # fmt: skip
        _refuse_unknown(now, said.settings or {})
    return told(request, now)


def _refuse_unknown(sender: Sender, said: Mapping[str, Any]) -> None:
    """Refuse names that the channel does not know: what is not understood is not passed over in silence."""
    unknown = sorted(said.keys() - sender.config.keys() - registry.get(sender.channel).secrets)
    if unknown:
        text = "There is no such setting."
        raise problems.own(
            "invalid", errors=[{"field": f"settings.{name}", "detail": text} for name in unknown]
        )


@router.delete("/senders/{uuid:id}", response={204: None}, summary="Delete a sender")
def delete_sender(request: Any, id: UUID) -> Any:
    """Delete what no campaign uses; what one uses can be paused."""
    operations.delete_sender(sender=finding.sender(request, id), by=actor(request))
    return Status(204, None)


class ReasonIn(Input):
    """Why."""

    reason: str = Field("", max_length=500, description="For the audit trail, and shown to everybody.")


Deed: Any = words(("pause", "activate"))


@router.post(
    "/senders/{uuid:id}/actions/{action}", response=SenderOut, summary="Stop a sender, or let it send"
)
def act_on_sender(request: Any, id: UUID, action: Deed, said: ReasonIn | None = None) -> Any:
    """`pause` stops it within a second, its campaigns wait; `activate` lets it send again, also when it was blocked."""
    sender, by = finding.sender(request, id), actor(request)
    if action == "pause":
        now = operations.pause_sender(sender=sender, by=by, reason=said.reason if said else "")
    else:
        now = operations.activate_sender(sender=sender, by=by)
    return told(request, now)
