"""Lists and who is on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from clarion.api.endpoints import finding
from clarion.api.endpoints.contacts import page_of
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.frame import actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes.common import BIG, Input, Page, cursor_of, key_of
from clarion.audience import operations, queries

router = Router()


def paged(rows: Any, wanted: Cursor, shape: Any) -> dict[str, Any]:
    """Return a page of a queryset, the newest first, each row as `shape` makes it."""
    key = key_of(wanted.cursor, int)
    page: Any = queries.keyset_page(
        rows, after=min(key[0], BIG) if key else None, before=None, limit=wanted.limit
    )
    return {
        "items": [shape(one) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


@router.get("/lists", response=Page[shapes.ListOut], summary="List lists")
def list_lists(request: HttpRequest, wanted: Query[Cursor]) -> Any:
    """The workspace's lists, the newest first."""
    return paged(queries.lists_for(request.member), wanted, shapes.list_)  # type: ignore[attr-defined]


@router.post("/lists", response={201: shapes.ListOut}, summary="Make a list")
def create_list(request: HttpRequest, said: shapes.ListIn) -> Any:
    """Make an empty list."""
    made = operations.create_list(by=actor(request), name=said.name, description=said.description)
    return Status(201, shapes.list_(made))


@router.get("/lists/{uuid:id}", response=shapes.ListOut, summary="Show a list")
def show_list(request: HttpRequest, id: UUID) -> Any:
    """A list and how many are on it."""
    return shapes.list_(finding.list_(request, id))


@router.patch("/lists/{uuid:id}", response=shapes.ListOut, summary="Change a list")
def change_list(request: HttpRequest, id: UUID, said: shapes.ListPatch) -> Any:
    """Change what is named."""
    found = finding.list_(request, id)
    now = operations.update_list(
        by=actor(request), the_list=found, name=found.name if said.name is None else said.name,
        description=found.description if said.description is None else said.description,
        is_public=said.is_public,
    )  # fmt: skip
    return shapes.list_(now)


@router.delete("/lists/{uuid:id}", response={204: None}, summary="Delete a list")
def delete_list(request: HttpRequest, id: UUID) -> Any:
    """Delete a list; its contacts stay."""
    operations.delete_list(by=actor(request), the_list=finding.list_(request, id))
    return Status(204, None)


@router.get("/lists/{uuid:id}/contacts", response=Page[shapes.ContactOut], summary="List a list's contacts")
def list_members(request: HttpRequest, id: UUID, wanted: Query[Cursor]) -> Any:
    """Who is on it, the newest first."""
    return page_of(request, queries.Filter(list_id=finding.list_(request, id).pk), wanted)


class MembersIn(Input):
    """Who is put on it and who is taken off."""

    add: list[UUID] = Field(default_factory=list, max_length=10_000)
    remove: list[UUID] = Field(default_factory=list, max_length=10_000)


class MembersOut(Schema):
    """How many were not on it before, and how many were; who is no contact here is not counted."""

    added: int
    removed: int


@router.post("/lists/{uuid:id}/contacts", response=MembersOut, summary="Change who is on a list")
def change_members(request: HttpRequest, id: UUID, said: MembersIn) -> Any:
    """Put contacts on a list and take others off."""
    the_list, by = finding.list_(request, id), actor(request)
    member = request.member  # type: ignore[attr-defined]
    add = queries.contacts_by_public_ids(member, said.add)
    remove = queries.contacts_by_public_ids(member, said.remove)
    return {
        "added": operations.add_to_list(by=by, the_list=the_list, contact_ids=add),
        "removed": operations.remove_from_list(by=by, the_list=the_list, contact_ids=remove),
    }
