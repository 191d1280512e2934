"""Names that an SMS sender's messages go under: proposed, submitted, decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from clarion.api.endpoints import finding
from clarion.api.frame import actor
from clarion.api.shapes.common import Input, lower, words
from clarion.senders.naming import operations, queries
from clarion.senders.naming.models import SenderName
from clarion.senders.naming.states import Move

router = Router()

MoveWord: Any = words(lower([one.value for one in Move]))


class NameIn(Input):
    """A name: 1 to 11 letters, digits, spaces and . _ & -, with at least one letter."""

    name: str = Field(max_length=100, examples=["Shop"])
    note: str = Field("", max_length=300, description="Such as a reference of the provider's registration.")
    submit: bool = Field(False, description="Submit it at once.")


class DecisionIn(Input):
    """Why."""

    reason: str = Field("", max_length=300, description="To reject a name there has to be one.")


class NameOut(Schema):
    """A revision of the sender's name: `draft`, `pending`, `approved`, `rejected` or `archived`."""

    id: UUID
    number: int
    name: str
    note: str
    status: str
    reason: str
    created_at: datetime
    decided_at: datetime | None


def _told(one: SenderName) -> dict[str, Any]:
    names = ("number", "name", "note", "reason", "created_at", "decided_at")
    return {
        "id": one.public_id,
        "status": one.status.lower(),
        **{name: getattr(one, name) for name in names},
    }


@router.get("/senders/{uuid:id}/names", response=list[NameOut], summary="List a sender's names")
def list_names(request: Any, id: UUID) -> Any:
    """The names that were proposed for the sender, the newest first."""
    return [_told(one) for one in queries.names_of(finding.sender(request, id))]


@router.post("/senders/{uuid:id}/names", response={201: NameOut}, summary="Propose a sender's name")
def propose_name(request: Any, id: UUID, said: NameIn) -> Any:
    """Propose a name; messages go under it once it is approved."""
    sender = finding.sender(request, id)
    made = operations.propose(
        sender=sender, by=actor(request), name=said.name, note=said.note, submit=said.submit
    )
    return Status(201, _told(made))


@router.post("/senders/{uuid:id}/names/{uuid:name}/{move}", response=NameOut, summary="Move a sender's name")
def move_name(request: Any, id: UUID, name: UUID, move: MoveWord, said: DecisionIn | None = None) -> Any:
    """Submit, withdraw, approve or reject a name; an approved one holds within seconds."""
    sender = finding.sender(request, id)
    finding.there(queries.name_with(sender, str(name)))
    wanted = next(one for one in Move if one.value.lower() == move)
    reason = said.reason if said else ""
    return _told(
        operations.move(sender=sender, by=actor(request), public_id=str(name), move=wanted, reason=reason)
    )
