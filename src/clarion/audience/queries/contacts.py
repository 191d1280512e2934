"""Contacts and lists as members see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from clarion.audience.models import Contact, ContactState, List
from clarion.workspaces.models import Membership

M = TypeVar("M", bound=Model)

#: Rows on a page.
PAGE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A page of a long list by key: `older` and `newer` are the keys to ask with, None at the ends."""

    rows: Sequence[M]
    newer: int | None
    older: int | None


def keyset_page(rows: QuerySet[M], *, after: int | None, before: int | None, limit: int = PAGE) -> Page[M]:
    """Return the rows with ids below `after` (or above `before`), newest first."""
    if before is not None:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: limit + 1])
        has_more = len(found) > limit
        shown = found[:limit][::-1]
        newer = shown[0].pk if has_more else None
        return Page(shown, newer, shown[-1].pk if shown else None)
    found = list((rows.filter(pk__lt=after) if after is not None else rows).order_by("-pk")[: limit + 1])
    shown = found[:limit]
    newer = shown[0].pk if after is not None and shown else None
    return Page(shown, newer, shown[-1].pk if len(found) > limit else None)


def contacts_page(
    member: Membership,
    *,
    search: str = "",
    list_id: int | None = None,
    state: str = "",
    tag: str = "",
    after: int | None = None,
    before: int | None = None,
) -> Page[Contact]:
    """Return a page of the workspace's contacts, newest first.

    `search` is the beginning of an address, a first or a last name, or of "first last".
    """
    found = Contact.objects.filter(workspace=member.workspace)
    if list_id is not None:
        found = found.filter(
            list_memberships__list_id=list_id, list_memberships__list__workspace=member.workspace
        )
    if state in ContactState.values:
        found = found.filter(state=state)
    if tag:
        found = found.filter(tags__contains=[tag])
    if search:
        found = found.filter(_beginning_with(search.strip()))
    return keyset_page(found, after=after, before=before)


def _beginning_with(search: str) -> Q:
    """Return the filter; each part says that its field is not empty, which lets the partial indexes be used."""
    has_email, has_phone = ~Q(email=""), ~Q(phone="")
    has_first, has_last = ~Q(first_name=""), ~Q(last_name="")
    wanted = has_email & Q(email__startswith=search.lower())
    wanted |= has_last & Q(last_name__istartswith=search)
    wanted |= has_first & Q(first_name__istartswith=search)
    digits = search.replace(" ", "")
    if digits.lstrip("+").isdigit():
        number = digits if digits.startswith("+") else f"+{digits.lstrip('0')}"
        wanted |= has_phone & Q(phone__startswith=number)
    first, space, last = search.partition(" ")
    if space and last.strip():
        wanted |= (
            has_last & has_first & Q(first_name__istartswith=first) & Q(last_name__istartswith=last.strip())
        )
    return wanted


def contact_for(member: Membership, public_id: UUID) -> Contact | None:
    """Return the workspace's contact of that id."""
    return Contact.objects.filter(workspace=member.workspace, public_id=public_id).first()


def contacts_by_public_ids(member: Membership, public_ids: Sequence[UUID]) -> list[int]:
    """Return the keys of those of the contacts that are the workspace's."""
    mine = Contact.objects.filter(workspace=member.workspace, public_id__in=list(public_ids))
    return list(mine.values_list("pk", flat=True))


def lists_for(member: Membership) -> QuerySet[List]:
    """Return the workspace's lists by name."""
    return List.objects.filter(workspace=member.workspace).order_by("name", "pk")


def list_for(member: Membership, public_id: UUID) -> List | None:
    """Return the workspace's list of that id."""
    return List.objects.filter(workspace=member.workspace, public_id=public_id).first()


def lists_of(contact: Contact) -> QuerySet[List]:
    """Return the lists a contact is on, by name."""
    return List.objects.filter(members__contact=contact).order_by("name")


def tags_of(member: Membership, limit: int = 100) -> list[str]:
    """Return the tags of the workspace's newest contacts, for the filter."""
    newest = Contact.objects.filter(workspace=member.workspace).order_by("-pk")[:5000]
    return sorted({tag for tags in newest.values_list("tags", flat=True) for tag in tags})[:limit]
