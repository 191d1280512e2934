"""Contacts, lists, segments, suppressions and sources."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from clarion.api.shapes import common
from clarion.api.shapes.common import Input
from clarion.audience.models import Contact, ContactState, List, Segment, Source, Suppression
from clarion.workspaces.models import Membership

State: Any = common.words(common.lower(ContactState.values))


class ContactIn(Input):
    """A contact's fields; what is left out stays as it is. `attributes` replaces all of them."""

    email: str | None = Field(None, max_length=320, examples=["ana@shop.example"])
    phone: str | None = Field(None, max_length=60, examples=["+4930123456"])
    first_name: str | None = Field(None, max_length=500)
    last_name: str | None = Field(None, max_length=500)
    language: str | None = Field(None, max_length=60, examples=["de"])
    zone: str | None = Field(None, max_length=100, examples=["Europe/Berlin"])
    state: State | None = None
    tags: list[str] | None = Field(None, max_length=200)
    attributes: dict[str, str] | None = Field(None, examples=[{"city": "Berlin"}])

    def fields(self) -> Any:
        """Return what was said, as operations take it."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        if said.get("state"):
            said["state"] = said["state"].upper()
        return {name: value for name, value in said.items() if value is not None}


class ContactOut(Schema):
    """A contact. Without the right to personal data, addresses and names are short and attributes null."""

    id: UUID
    email: str
    phone: str
    first_name: str
    last_name: str
    language: str
    zone: str
    state: str
    tags: list[str]
    attributes: dict[str, Any] | None
    consents: list[str]
    refusals: list[str]
    created_at: datetime
    updated_at: datetime


class ListIn(Input):
    """A list."""

    name: str = Field(min_length=1, max_length=80, pattern=r"\S", examples=["Newsletter"])
    description: str = Field("", max_length=1000)


class ListPatch(Input):
    """What is to be different."""

    name: str | None = Field(None, min_length=1, max_length=80, pattern=r"\S")
    description: str | None = Field(None, max_length=1000)
    is_public: bool | None = Field(None, description="Whether it stands on the page of preferences.")


class ListOut(Schema):
    """A list."""

    id: UUID
    name: str
    description: str
    is_public: bool
    member_count: int
    created_at: datetime


class SegmentOut(Schema):
    """A segment and its rule."""

    id: UUID
    name: str
    rule: Any
    created_at: datetime


class SuppressionOut(Schema):
    """An address that is not written to."""

    id: int
    channel: str
    address: str
    reason: str
    origin: str
    created_at: datetime


class SourceOut(Schema):
    """Rows that a campaign can go to."""

    id: UUID
    kind: str
    name: str
    status: str = Field(description="`waiting` and `reading` while it is read, then `ready` or `failed`.")
    row_count: int
    bad_count: int = Field(description="Rows whose address cannot be read.")
    failure: str
    columns: list[str]
    created_at: datetime


def contact(one: Contact, member: Membership) -> dict[str, Any]:
    """Return a contact as the member may see it."""
    sees = common.sees_people(member)
    return {
        "id": one.public_id, "email": common.address(member, one.email),
        "phone": common.address(member, one.phone), "first_name": common.person_name(member, one.first_name),
        "last_name": common.person_name(member, one.last_name), "language": one.language, "zone": one.zone,
        "state": one.state.lower(), "tags": one.tags, "attributes": one.attributes if sees else None,
        "consents": one.consents, "refusals": one.refusals, "created_at": one.created_at,
        "updated_at": one.updated_at,
    }  # fmt: skip


def list_(one: List) -> dict[str, Any]:
    """Return a list."""
    names = ("name", "description", "is_public", "member_count", "created_at")
    return {"id": one.public_id, **{name: getattr(one, name) for name in names}}


def segment(one: Segment) -> dict[str, Any]:
    """Return a segment."""
    return {"id": one.public_id, "name": one.name, "rule": one.rule, "created_at": one.created_at}


def suppression(one: Suppression, member: Membership) -> dict[str, Any]:
    """Return a suppression as the member may see it."""
    return {
        "id": one.pk, "channel": one.channel, "address": common.address(member, one.address),
        "reason": one.reason.lower(), "origin": one.origin, "created_at": one.created_at,
    }  # fmt: skip


def source(one: Source) -> dict[str, Any]:
    """Return a source."""
    return {
        "id": one.public_id, "kind": one.kind.lower(), "name": one.name, "status": one.status.lower(),
        "row_count": one.row_count, "bad_count": one.bad_count, "failure": one.failure,
        "columns": list(one.dialect.get("columns", ())), "created_at": one.created_at,
    }  # fmt: skip
