"""Reading a workspace's audit trail: page by page, narrowed, and whether its chain is whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from clarion.workspaces.models import AuditCheck, AuditEvent, Membership, Workspace
from clarion.workspaces.permissions import Permission

PAGE_SIZE = 50
#: Shorter words would match nearly everything.
SEARCH_FROM = 3
#: Actors that are no persons, as the filter names them: by the door they come through.
NO_PERSONS = ("cli", "system")
#: What happens to members is kept by their address, which is for those who manage them.
MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Conditions that all hold; empty ones ask nothing."""

    #: In the name of what it happened to, or its id.
    words: str = ""
    #: A user's id, or one of NO_PERSONS.
    who: str = ""
    kind: str = ""
    action: str = ""
    #: From this moment on, and before that one.
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.words or self.who or self.kind or self.action or self.since or self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it was recorded. `changes` maps a field to its old and new value."""

    number: int
    at: datetime
    actor: str
    via: str
    address: str
    action: str
    kind: str
    object_id: str
    object_name: str
    reason: str
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Events, newest first; `newer` and `older` are numbers to go on from, None where nothing follows."""

    rows: Sequence[Event]
    newer: int | None = None
    older: int | None = None


def events_for(
    member: Membership,
    filters: Filters,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = PAGE_SIZE,
) -> Page:
    """Return the events below number `after`, or those above `before`; none without the permission."""
    if not member.may(Permission.AUDIT):
        return Page(rows=())
    knows = member.may(Permission.MANAGE_MEMBERS)
    found = _narrowed(member.workspace, filters, knows)
    if before is not None:
        rows = list(found.filter(number__gt=before).order_by("number")[: limit + 1])
        has_more, rows = len(rows) > limit, rows[:limit][::-1]
        newer = rows[0].number if has_more else None
        older = rows[-1].number if rows else None
    else:
        below = found.filter(number__lt=after) if after is not None else found
        rows = list(below.order_by("-number")[: limit + 1])
        has_more, rows = len(rows) > limit, rows[:limit]
        older = rows[-1].number if has_more else None
        newer = rows[0].number if rows and after is not None else None
    return Page(rows=[_event(row, knows) for row in rows], newer=newer, older=older)


def all_events_for(member: Membership, filters: Filters) -> Iterator[Event]:
    """Yield every event that fits, oldest first, however many there are."""
    if member.may(Permission.AUDIT):
        yield from all_events(member.workspace, filters, member.may(Permission.MANAGE_MEMBERS))


def all_events(workspace: Workspace, filters: Filters, knows: bool = True) -> Iterator[Event]:
    """Yield every event of the workspace that fits, oldest first, for whoever holds the database.

    Without `knows` the addresses of members are shortened, as for whoever does not manage them.
    """
    rows = _narrowed(workspace, filters, knows).order_by("number")
    for row in rows.iterator(chunk_size=2000):
        yield _event(row, knows)


def newest_events(workspace: Workspace, filters: Filters, limit: int) -> list[Event]:
    """Return the newest events of the workspace that fit, newest first, for whoever holds the database."""
    return [_event(row) for row in _narrowed(workspace, filters).order_by("-number")[:limit]]


def check_for(member: Membership) -> AuditCheck | None:
    """Return what the last check of the chain found; None before the first one."""
    if not member.may(Permission.AUDIT):
        return None
    return AuditCheck.objects.filter(workspace_id=member.workspace_id).first()


def people_for(member: Membership) -> list[tuple[int, str]]:
    """Return the workspace's people by name, for the filter."""
    found = Membership.objects.filter(workspace_id=member.workspace_id).select_related("user")
    return sorted(((one.user_id, str(one.user)) for one in found), key=lambda pair: pair[1].casefold())


def _narrowed(workspace: Workspace, filters: Filters, knows: bool = True) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.filter(workspace=workspace)
    if filters.words:
        named = Q(object_name__icontains=filters.words)
        if not knows:  # a member's address is found by whoever knows all of it
            named = (named & ~Q(object_kind=MEMBER)) | Q(object_name__iexact=filters.words)
        found = found.filter(named | Q(object_id=filters.words))
    if filters.who in NO_PERSONS:
        found = found.filter(actor=None, via=filters.who)
    elif filters.who:
        found = found.filter(actor_id=int(filters.who))
    if filters.kind:
        found = found.filter(object_kind=filters.kind)
    if filters.action:
        found = found.filter(action=filters.action)
    if filters.since is not None:
        found = found.filter(at__gte=filters.since)
    if filters.until is not None:
        found = found.filter(at__lt=filters.until)
    return found


def _shortened(address: str) -> str:
    return f"{address[:1]}…"


def _event(row: AuditEvent, knows: bool = True) -> Event:
    is_hidden = row.object_kind == MEMBER and not knows
    return Event(
        number=row.number,
        at=row.at,
        actor=row.actor_name,
        via=row.via,
        address=row.address,
        action=row.action,
        kind=row.object_kind,
        object_id="" if is_hidden else row.object_id,
        object_name=_shortened(row.object_name) if is_hidden else row.object_name,
        reason=row.reason,
        changes={name: (pair[0], pair[1]) for name, pair in row.changes.items()},
    )
