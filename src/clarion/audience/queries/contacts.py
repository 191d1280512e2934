"""Contacts and lists as members see them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial, reduce
from operator import or_
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from clarion.audience import addresses
from clarion.audience.models import (
    BulkEdit,
    BulkEditPart,
    ConsentChange,
    Contact,
    ContactState,
    Erasure,
    List,
    ListMember,
    MergedContact,
    Suppression,
)
from clarion.audience.queries import searching
from clarion.audience.queries.segments import in_time
from clarion.channels import registry
from clarion.workspaces.models import Membership, Workspace

M = TypeVar("M", bound=Model)

#: Rows on a page.
PAGE = 50
#: Milliseconds that a page of the grid, or its count, may take.
PATIENCE_MS = 1_500
#: Contacts that are looked through first: where many fit, there is a page of them among so many.
NEIGHBOURS = 10_000
#: As many at most where some fit among those, so that there is a page among more of them.
MOST_NEIGHBOURS = 40_000


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A page of a long list by key: `older` and `newer` are the keys to ask with, None at the ends."""

    rows: Sequence[M]
    newer: int | None
    older: int | None


#: Shown when nothing was to be had in time.
NO_ROWS: Page[Any] = Page((), None, None)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which contacts of a workspace are meant. Empty parts mean nothing.

    `search` is the beginning of an address, a first or a last name, or of "first last". `attribute` is a name, and
    `value` what it holds, exactly. With `is_whole` the search is a whole address, and of addresses alone.
    """

    search: str = ""
    is_whole: bool = False
    list_id: int | None = None
    state: str = ""
    tag: str = ""
    attribute: str = ""
    value: str = ""
    #: These contacts alone, by their keys.
    ids: Sequence[int] = ()

    @property
    def is_narrow(self) -> bool:
        return self != Filter()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` makes the same of, without the empty parts."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Filter":
        return cls(**data)

    @property
    def is_indexed(self) -> bool:
        """Whether an index knows who fits the search, the tag or the attribute."""
        return bool(self.search or self.tag or self.attribute)

    def rows(self, workspace: Workspace) -> QuerySet[Contact]:
        """Return the contacts, in no order."""
        ways = self.ways(workspace)
        found = self.beside_search(workspace)
        return found.filter(reduce(or_, ways)) if ways else found

    def ways(self, workspace: Workspace) -> list[Q]:
        """Return the ways in which somebody fits the search, of which an index knows each; none without a search."""
        meant = searching.having if self.is_whole else searching.beginning_with
        return meant(workspace, self.search.strip()) if self.search else []

    def beside_search(self, workspace: Workspace) -> QuerySet[Contact]:
        """Return the contacts that fit all but the search, in no order."""
        found = Contact.objects.filter(workspace=workspace)
        if self.list_id is not None:
            on_it = ListMember.objects.filter(list_id=self.list_id, list__workspace=workspace)
            found = found.filter(Exists(on_it.filter(contact_id=OuterRef("pk"))))
        if self.ids:
            found = found.filter(pk__in=list(self.ids))
        if self.state in ContactState.values:
            found = found.filter(state=self.state)
        if self.tag:
            # Said twice for the index, which is of those who have tags.
            found = found.filter(tags__contains=[self.tag]).exclude(tags=[])
        if self.attribute:
            # Likewise.
            held = {self.attribute: self.value}
            found = found.filter(attributes__contains=held).exclude(attributes={})
        return found


def contacts_page(
    member: Membership,
    wanted: Filter = Filter(),
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> Page[Contact] | None:
    """Return a page of the workspace's contacts, newest first; None when finding them takes too long."""
    if not wanted.is_narrow:
        return keyset_page(wanted.rows(member.workspace), after=after, before=before, limit=limit)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, true)", [str(PATIENCE_MS)])
            page = _found_page(member.workspace, wanted, after=after, before=before, limit=limit)
            cursor.execute("reset statement_timeout")
            return page
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", "") == "57014":
            return None
        raise


def _found_page(
    workspace: Workspace, wanted: Filter, *, after: int | None, before: int | None, limit: int
) -> Page[Contact]:
    """Return a page of a filter: of the contacts near its place where many fit, else of all who fit by an index.

    No index knows both a filter and the order, and the planner takes what is rare and old for what it will soon meet.
    """
    ways, rows = wanted.ways(workspace), wanted.beside_search(workspace)
    paged = partial(keyset_page, after=after, before=before, limit=limit)
    if wanted.list_id is not None and wanted == Filter(list_id=wanted.list_id):
        return paged(
            rows.filter(pk__in=_members_near(wanted.list_id, after=after, before=before, limit=limit))
        )
    meant = rows.filter(reduce(or_, ways)) if ways else rows
    stretch: int | None = NEIGHBOURS
    while stretch and (near := _neighbours(workspace, stretch, after=after, before=before)) is not None:
        page = paged(meant.filter(near))
        if (page.newer if before is not None else page.older) is not None:
            return page
        stretch = _wider(len(page.rows), limit) if stretch == NEIGHBOURS else None
    if not wanted.is_indexed:
        return paged(meant)
    beyond = _beyond(rows, after=after, before=before)
    parts = [beyond.filter(way) for way in ways] or [beyond]
    keys = searching.first_of(parts, is_upwards=before is not None, limit=limit + 1)
    return paged(Contact.objects.filter(workspace=workspace, pk__in=keys))


def _wider(found: int, limit: int) -> int | None:
    """Return how many contacts are likely to hold a page, after so many were found nearby; None when too many."""
    likely = 3 * NEIGHBOURS * (limit + 1) // (2 * found) if found else MOST_NEIGHBOURS + 1
    return likely if likely <= MOST_NEIGHBOURS else None


def _beyond(rows: QuerySet[Contact], *, after: int | None, before: int | None) -> QuerySet[Contact]:
    """Return the contacts on the page's side of its place."""
    rows = rows.filter(pk__gt=before) if before is not None else rows
    return rows.filter(pk__lt=after) if after is not None else rows


def _members_near(list_id: int, *, after: int | None, before: int | None, limit: int) -> list[int]:
    """Return the contacts of a list that its page may have, by the list's own key."""
    found = ListMember.objects.filter(list_id=list_id)
    found = found.filter(contact_id__gt=before) if before is not None else found
    found = found.filter(contact_id__lt=after) if after is not None else found
    ordered = found.order_by("contact_id" if before is not None else "-contact_id")
    return list(ordered.values_list("contact_id", flat=True)[: limit + 1])


def _neighbours(workspace: Workspace, count: int, *, after: int | None, before: int | None) -> Q | None:
    """Return the condition of so many contacts next to the page's place; None when that is all there are."""
    mine = _beyond(Contact.objects.filter(workspace=workspace), after=after, before=before)
    ordered = mine.order_by("pk" if before is not None else "-pk").values_list("pk", flat=True)
    end = list(ordered[count : count + 1])
    if not end:
        return None
    return Q(pk__lt=end[0]) if before is not None else Q(pk__gt=end[0])


def count_of(workspace: Workspace, wanted: Filter, *, milliseconds: int = PATIENCE_MS) -> int | None:
    """Count the contacts that are meant; None when that takes longer."""
    statement, parameters = wanted.rows(workspace).order_by().values("pk").query.sql_with_params()
    counted = in_time(f"select count(*) from ({statement}) found", parameters, milliseconds)  # noqa: S608 - the ORM's
    return None if counted is None else int(counted[0][0])


def contact_for(member: Membership, public_id: UUID) -> Contact | None:
    """Return the workspace's contact of that id."""
    return Contact.objects.filter(workspace=member.workspace, public_id=public_id).first()


def merged_into(member: Membership, public_id: UUID) -> Contact | None:
    """Return the contact that the one of that id has become a part of."""
    found = MergedContact.objects.filter(workspace=member.workspace, old_public_id=public_id)
    row = found.select_related("contact").first()
    return row.contact if row else None


def ids_of(contact: Contact) -> list[int]:
    """Return every key under which a contact was ever sent to: its own, and those of contacts merged into it."""
    return [contact.pk, *contact.merged.values_list("old_id", flat=True)]


def suppressions_of(contact: Contact) -> list[Suppression]:
    """Return what keeps the contact's addresses from being written to, the newest first."""
    wanted = Q()
    for kind, every in addresses.all_of(contact).items():
        names = [channel.name for channel in registry.all_channels() if channel.address_kind == kind]
        wanted |= Q(channel__in=names, address__in=every)
    if not wanted:
        return []
    return list(Suppression.objects.filter(wanted, workspace_id=contact.workspace_id).order_by("-pk"))


def consent_history(contact: Contact, limit: int = 100) -> list[ConsentChange]:
    """Return what the contact said about channels, the newest first."""
    return list(contact.consent_changes.select_related("by").order_by("-pk")[:limit])


def edits_for(member: Membership) -> QuerySet[BulkEdit]:
    """Return the workspace's changes to many, newest first; `has_parts` says whether one can still be taken back."""
    parts = BulkEditPart.objects.filter(edit_id=OuterRef("pk"))
    found = BulkEdit.objects.filter(workspace=member.workspace).select_related("created_by")
    return found.annotate(has_parts=Exists(parts)).order_by("-pk")


def erasures_for(member: Membership) -> QuerySet[Erasure]:
    """Return the workspace's erasures, newest first."""
    return Erasure.objects.filter(workspace=member.workspace).select_related("created_by").order_by("-pk")


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


NEWEST_TAGGED = 5_000
_TAGS = """
select distinct unnest(tags) from (
    select tags from audience_contact where workspace_id = %(workspace)s order by id desc limit %(newest)s) newest
"""


def tags_of(member: Membership, limit: int = 100) -> list[str]:
    """Return the tags of the workspace's newest contacts, for the filter."""
    with connection.cursor() as cursor:
        cursor.execute(_TAGS, {"workspace": member.workspace_id, "newest": NEWEST_TAGGED})
        return sorted(tag for (tag,) in cursor.fetchall())[:limit]
