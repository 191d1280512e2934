"""Contacts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from clarion.api import problems
from clarion.api.endpoints import finding
from clarion.api.endpoints.deliveries import Cursor
from clarion.api.frame import actor
from clarion.api.shapes import audience as shapes
from clarion.api.shapes.common import BIG, Page, cursor_of, key_of
from clarion.audience import operations, queries
from clarion.workspaces.permissions import Permission

router = Router()


class Wanted(Cursor):
    """Which contacts. Whoever may not see personal data searches by nothing of it."""

    q: str = Field(
        "", max_length=320, description="The beginning of an address or a name; from 2 characters."
    )
    list: UUID | None = None
    state: shapes.State | None = None
    tag: str = Field("", max_length=40)
    attribute: str = Field("", max_length=200, description="A name and what it holds, such as `city:Berlin`.")


def page_of(request: Any, wanted: queries.Filter, cursor: Cursor) -> dict[str, Any]:
    """Return a page of the contacts that are meant."""
    key = key_of(cursor.cursor, int)
    after = min(key[0], BIG) if key else None
    page = queries.contacts_page(request.member, wanted, after=after, limit=cursor.limit)
    if page is None:
        raise problems.own("unavailable", "Finding them takes too long; narrow it otherwise.")
    return {
        "items": [shapes.contact(one, request.member) for one in page.rows],
        "next": cursor_of(page.older) if page.older is not None else None,
    }


@router.get("/contacts", response=Page[shapes.ContactOut], summary="Search contacts")
def list_contacts(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """The contacts that fit, the newest first. Without `view_pii` `q` is a whole address."""
    member = request.member  # type: ignore[attr-defined]
    is_seeing = member.may(Permission.VIEW_PII)
    if wanted.attribute and not is_seeing:
        raise problems.own("not_allowed", "Searching by personal data needs the permission view_pii.")
    the_list = finding.named("list", queries.list_for(member, wanted.list)) if wanted.list else None
    name, _colon, value = wanted.attribute.partition(":")
    found = queries.Filter(
        search=wanted.q.strip() if len(wanted.q.strip()) > 1 else "",
        is_whole=len(wanted.q.strip()) > 1 and not is_seeing, list_id=the_list.pk if the_list else None,
        state=(wanted.state or "").upper(), tag=wanted.tag, attribute=name.strip() if value else "",
        value=value.strip(),
    )  # fmt: skip
    return page_of(request, found, wanted)


@router.post("/contacts", response={201: shapes.ContactOut}, summary="Make a contact")
def create_contact(request: HttpRequest, said: shapes.ContactIn) -> Any:
    """Make a contact with at least one address."""
    made = operations.create_contact(by=actor(request), fields=said.fields())
    return Status(201, shapes.contact(made, request.member))  # type: ignore[attr-defined]


@router.put(
    "/contacts", response={200: shapes.ContactOut, 201: shapes.ContactOut}, summary="Make or change a contact"
)
def upsert_contact(request: HttpRequest, said: shapes.ContactIn) -> Any:
    """Change the contact that has the e-mail address, or without one the phone number; make it if nobody has."""
    found, is_new = operations.upsert_contact(by=actor(request), fields=said.fields())
    return Status(201 if is_new else 200, shapes.contact(found, request.member))  # type: ignore[attr-defined]


@router.get("/contacts/{uuid:id}", response=shapes.ContactOut, summary="Show a contact")
def show_contact(request: HttpRequest, id: UUID) -> Any:
    """A contact, or the one that it has become a part of."""
    return shapes.contact(finding.contact(request, id), request.member)  # type: ignore[attr-defined]


@router.patch("/contacts/{uuid:id}", response=shapes.ContactOut, summary="Change a contact")
def change_contact(request: HttpRequest, id: UUID, said: shapes.ContactIn) -> Any:
    """Change what is named."""
    found = finding.contact(request, id)
    now = operations.update_contact(by=actor(request), contact=found, fields=said.fields())
    return shapes.contact(now, request.member)  # type: ignore[attr-defined]


@router.delete("/contacts/{uuid:id}", response={204: None}, summary="Delete a contact")
def delete_contact(request: HttpRequest, id: UUID) -> Any:
    """Delete a contact. What they were sent stays in the runs."""
    found = finding.contact(request, id)
    operations.delete_contacts(by=actor(request), contact_ids=[found.pk])
    return Status(204, None)
