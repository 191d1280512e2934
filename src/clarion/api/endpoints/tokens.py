"""Keys for programs: the member's own, and for whoever manages members everybody's."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.frame import actor
from clarion.api.shapes.common import INT, Input
from clarion.workspaces import operations, queries
from clarion.workspaces.models import ApiToken

router = Router()


class TokenIn(Input):
    """A key for another program of the same member: it may no more, no faster and no longer than the one that asks."""

    name: str = Field(max_length=500, examples=["Shop"])
    scopes: list[str] = Field(default_factory=list, max_length=50, examples=[["edit", "launch"]])
    expires_at: datetime | None = Field(None, description="When the asking token ends, without it.")
    per_minute: int | None = Field(None, ge=1, le=INT, description="As the asking token's, without it.")


class TokenOut(Schema):
    """A key; its secret is not kept."""

    id: UUID
    name: str
    member: str
    beginning: str
    scopes: list[str]
    per_minute: int
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenOut):
    """A new key with its secret, which is told only now."""

    secret: str | None = Field(
        description="Told once; null to whoever asks again with the same idempotency key."
    )


def _told(one: ApiToken) -> dict[str, Any]:
    names = ("name", "beginning", "scopes", "per_minute", "created_at", "expires_at", "last_used_at")
    return {
        "id": one.public_id, "member": one.membership.user.get_full_name(),
        **{name: getattr(one, name) for name in names},
    }  # fmt: skip


@router.get("/tokens", response=list[TokenOut], summary="List tokens")
def list_tokens(request: Any) -> Any:
    """The member's own, the newest first; for whoever manages members, everybody's."""
    return [_told(one) for one in queries.tokens_for(request.member)]


@router.post("/tokens", response={201: TokenMade}, summary="Make a token")
def create_token(request: Any, said: TokenIn) -> Any:
    """Make a key for the same member; the secret is told once."""
    mine: ApiToken = request.token
    _refuse_more(said, mine)
    made, secret = operations.create_token(
        by=actor(request), member=request.member, name=said.name, scopes=said.scopes,
        expires_at=said.expires_at or mine.expires_at, per_minute=said.per_minute or mine.per_minute,
    )  # fmt: skip
    facts = _told(made)
    request.kept_body = orjson.dumps(facts | {"secret": None})
    return Status(201, facts | {"secret": secret})


def _refuse_more(said: TokenIn, mine: ApiToken) -> None:
    """Refuse what would outlive or outrun the asking token: whoever found it would have more than was given."""
    found = []
    if said.expires_at is not None and said.expires_at.tzinfo is None:
        found.append({"field": "expires_at", "detail": "Say its zone, such as Z."})
    elif said.expires_at is not None and mine.expires_at is not None and said.expires_at > mine.expires_at:
        found.append({"field": "expires_at", "detail": "No later than the asking token ends."})
    if said.per_minute is not None and said.per_minute > mine.per_minute:
        found.append({"field": "per_minute", "detail": "No more than the asking token has."})
    if found:
        raise problems.own("invalid", errors=found)


@router.delete("/tokens/{uuid:id}", response={204: None}, summary="Revoke a token")
def revoke_token(request: Any, id: UUID) -> Any:
    """End a key, at once; a program may end the one that it asks with."""
    found = queries.token_for(request.member, id)
    if found is None:
        raise problems.own("not_found")
    operations.revoke_token(by=actor(request), token=found)
    return Status(204, None)
