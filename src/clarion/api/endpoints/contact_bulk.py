"""Many contacts at once, contacts that may be the same person, and what attributes hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
from clarion.api.shapes.common import Input, Page, lower, words
from clarion.audience import attributes, operations, queries
from clarion.audience.models import Attribute, AttributeKind, BulkEdit
from clarion.audience.queries import duplicates
from clarion.workspaces.permissions import Permission

router = Router()

Action: Any = words(("state", "tag", "untag", "list", "unlist"))
AttributeWord: Any = words(lower(AttributeKind.values))


class BulkIn(Input):
    """Whom, and what. Exactly one of `contacts` and `everyone`, or what `/contacts` narrows by."""

    action: Action = Field(examples=["tag"])
    value: str = Field(max_length=80, description="A state, a tag, or a list's id.", examples=["vip"])
    contacts: Sequence[UUID] | None = Field(None, min_length=1, max_length=10_000)
    everyone: bool = False
    list: UUID | None = None
    state: shapes.State | None = None
    tag: str = Field("", max_length=40)


class BulkOut(Schema):
    """A change to many: `running`, `done`, `undoing` or `undone`."""

    id: UUID
    action: str
    status: str
    seen: int
    changed: int
    created_at: datetime
    finished_at: datetime | None


def _bulk(one: BulkEdit) -> dict[str, Any]:
    return {
        "id": one.public_id, "action": one.action, "status": one.status.lower(), "seen": one.seen_count,
        "changed": one.changed_count, "created_at": one.created_at, "finished_at": one.finished_at,
    }  # fmt: skip


@router.post("/contacts/bulk", response={202: BulkOut}, summary="Change many contacts")
def change_many(request: Any, said: BulkIn) -> Any:
    """Set a state, add or take off a tag, put on a list or take off one; many go by a job, and can be taken back."""
    value = said.value.upper() if said.action == "state" else said.value
    if said.action in ("list", "unlist"):
        value = str(_list(request, said.value).pk)
    edit = operations.begin_bulk_edit(
        by=actor(request), wanted=_meant(request, said), action=said.action, value=value
    )
    return Status(202, _bulk(edit))


def _list(request: Any, words_: str) -> Any:
    try:
        found = queries.list_for(request.member, UUID(words_))
    except ValueError:
        found = None
    return finding.named("value", found)


def _meant(request: Any, said: BulkIn) -> queries.Filter:
    is_narrow = bool(said.list or said.state or said.tag)
    if sum((said.contacts is not None, said.everyone, is_narrow)) != 1:
        text = "Say exactly one: contacts, everyone, or a list, a state or a tag."
        raise problems.own("invalid", errors=[{"field": "contacts", "detail": text}])
    if said.contacts is not None:
        ids = queries.contacts_by_public_ids(request.member, said.contacts)
        if not ids:
            raise problems.own("invalid", errors=[{"field": "contacts", "detail": "There is no such thing."}])
        return queries.Filter(ids=ids)
    the_list = finding.named("list", queries.list_for(request.member, said.list)) if said.list else None
    return queries.Filter(
        list_id=the_list.pk if the_list else None, state=(said.state or "").upper(), tag=said.tag
    )


@router.get("/contacts/bulk", response=Page[BulkOut], summary="List changes to many")
def list_changes(request: Any, wanted: Query[Cursor]) -> Any:
    """The workspace's changes to many contacts, the newest first."""
    return paged(queries.edits_for(request.member), wanted, _bulk)


@router.post("/contacts/bulk/{uuid:id}/undo", response=BulkOut, summary="Take a change to many back")
def undo_change(request: Any, id: UUID) -> Any:
    """Give the contacts what they had before, for a week."""
    found = queries.edits_for(request.member).filter(public_id=id).first()
    if found is None:
        raise problems.own("not_found")
    return _bulk(operations.undo_bulk_edit(by=actor(request), edit=found))


class DuplicatesOut(Schema):
    """Contacts that may be one person, the oldest first, and what they share."""

    reason: str
    contacts: Sequence[shapes.ContactOut]


@router.get("/contacts/duplicates", response=list[DuplicatesOut], summary="Find duplicates")
def list_duplicates(request: Any) -> Any:
    """Some groups of contacts that may be the same person; needs `manage_audience`."""
    actor(request).require(Permission.MANAGE_AUDIENCE)
    found = duplicates.suggestions(request.member.workspace)
    return [
        {"reason": one.reason, "contacts": [shapes.contact(each, request.member) for each in one.contacts]}
        for one in found.groups
    ]


class AttributeIn(Input):
    """What an attribute holds."""

    label: str = Field(max_length=500, examples=["Orders"])
    kind: AttributeWord = Field(examples=["number"])
    choices: Sequence[str] = Field(default_factory=list, max_length=attributes.MAX_CHOICES)


class NewAttribute(AttributeIn):
    """A new attribute; its name is made of the label unless it is given."""

    name: str = Field("", max_length=60, examples=["orders"])


class AttributeOut(Schema):
    """An attribute as templates and rules know it."""

    name: str
    label: str
    kind: str
    choices: Sequence[str]


def _attribute(one: Attribute) -> dict[str, Any]:
    return {"name": one.name, "label": one.label, "kind": one.kind.lower(), "choices": one.choices}


def _defined(request: Any, name: str) -> Attribute:
    found = attributes.defined(request.member.workspace).get(name)
    if found is None:
        raise problems.own("not_found")
    return found


@router.get("/attributes", response=list[AttributeOut], summary="List attributes")
def list_attributes(request: Any) -> Any:
    """The attributes that the workspace has defined, by label; others hold any text."""
    return [_attribute(one) for one in attributes.defined(request.member.workspace).values()]


@router.post("/attributes", response={201: AttributeOut}, summary="Define an attribute")
def define_attribute(request: Any, said: NewAttribute) -> Any:
    """Say what an attribute holds; values that contacts have already stay as they are."""
    made = operations.define_attribute(
        by=actor(request), label=said.label, kind=said.kind.upper(), choices=said.choices, name=said.name
    )
    return Status(201, _attribute(made))


@router.put("/attributes/{str:name}", response=AttributeOut, summary="Change an attribute")
def change_attribute(request: Any, name: str, said: AttributeIn) -> Any:
    """Change what it is called and holds; its name stays."""
    now = operations.change_attribute(
        by=actor(request), attribute=_defined(request, name), label=said.label, kind=said.kind.upper(),
        choices=said.choices,
    )  # fmt: skip
    return _attribute(now)


@router.delete("/attributes/{str:name}", response={204: None}, summary="Forget an attribute")
def forget_attribute(request: Any, name: str) -> Any:
    """Take the definition away: what contacts have stays, as plain text."""
    operations.forget_attribute(by=actor(request), attribute=_defined(request, name))
    return Status(204, None)
