"""The audit trail: one append, and the proof that nothing in it was altered."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar

import orjson
from django.db import connection, transaction
from django.utils import timezone

from clarion.workspaces import origins
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import AuditCheck, AuditEvent, TrailEnd, User, Workspace


class Link(Protocol):
    """An event of a chain."""

    number: Any
    hash: Any


E = TypeVar("E", bound=Link)

#: First key of the advisory lock that makes a workspace's chain a line.
_LOCK_SPACE = 0x41554454


def record(
    *,
    by: Actor,
    action: str,
    kind: str,
    object_id: str,
    object_name: str = "",
    reason: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
) -> AuditEvent:
    """Append an event to the workspace's chain, in the caller's transaction. Values must be JSON types."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an audit event belongs into the change's transaction")
    workspace = by.workspace
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, workspace.pk % 2**31])
    last = AuditEvent.objects.filter(workspace=workspace).order_by("-number").first()
    event = AuditEvent(
        workspace=workspace,
        number=last.number + 1 if last else 1,
        at=timezone.now(),
        actor=by.user,
        actor_number=by.user.pk if by.user is not None else 0,
        actor_name=by.name,
        via=by.via,
        address=origins.address_of(by.via),
        action=action,
        object_kind=kind,
        object_id=object_id,
        object_name=object_name[:200],
        reason=reason,
        changes={name: list(pair) for name, pair in (changes or {}).items()},
    )
    event.hash = digest(event, bytes(last.hash) if last else b"")
    event.save(force_insert=True)
    return event


def digest(event: AuditEvent, previous: bytes) -> bytes:
    """Return the SHA-256 over the event's facts and the hash before it."""
    facts = [
        event.workspace_id, event.number, event.at.isoformat(timespec="microseconds"), event.actor_name,
        event.via, event.action, event.object_kind, event.object_id, event.object_name, event.reason, event.changes,
    ]  # fmt: skip
    if event.address:  # events of before it was kept have none, and their hashes hold
        facts.append(event.address)
    if event.actor_number is not None:
        facts.append(event.actor_number)
    return hashlib.sha256(previous + orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)).digest()


def let_go(workspace: Workspace) -> None:
    """Until the transaction ends, let the database remove the workspace's events, which it refuses else."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('clarion.removed_workspace', %s, true)", [str(workspace.pk)])


def first_broken(workspace: Workspace) -> int | None:
    """Return the number of the first event that was altered, removed or put in; None when all is whole.

    A chain that ends before where it ended, or has another event there, is broken too.
    """
    return examine(workspace).broken


@dataclass(frozen=True, slots=True)
class Examined:
    """What going through a chain has shown."""

    #: Events that are there.
    count: int
    #: The number of the first that is wrong, or that is missing at the end; None when all is whole.
    broken: int | None
    #: The last one that is whole, and its hash.
    whole: int
    whole_hash: bytes


def examine(workspace: Workspace) -> Examined:
    """Go through the workspace's whole chain and compare it with its end, and with where the last check left it."""
    known = AuditCheck.objects.filter(workspace=workspace).first()
    places = ends_of(workspace.pk)
    if known is not None and known.whole_number:
        places.append((known.whole_number, bytes(known.whole_hash)))
    chain = AuditEvent.objects.filter(workspace=workspace)
    count = chain.count()
    is_linked = accounts()
    return follow(
        count, chain.order_by("number").iterator(chunk_size=2000), places, digest,
        lambda one: is_linked(one.actor_number, one.actor_id),
    )  # fmt: skip


def accounts() -> Callable[[int | None, int | None], bool]:
    """Return what tells whether an event leads to the account that it was recorded with, or to none if that is removed.

    The link is no part of the hash, since it goes with the account. Events of before the account's id was kept pass.
    """
    exists = cache(lambda pk: User.objects.filter(pk=pk).exists())

    def is_linked(recorded: int | None, now: int | None) -> bool:
        if recorded is None or now is not None:
            return recorded is None or now == recorded
        return not exists(recorded)

    return is_linked


def ends_of(trail: int) -> list[tuple[int, bytes]]:
    """Return where the trail ends as the database noted it: number and hash of the last event; nothing for none.

    To be asked before the events are read, since more may come in between.
    """
    return [(one.number, bytes(one.hash)) for one in TrailEnd.objects.filter(trail=trail)]


def follow(
    count: int,
    events: Iterable[E],
    places: Sequence[tuple[int, bytes]],
    digest_of: Callable[[E, bytes], bytes],
    is_linked: Callable[[E], bool],
) -> Examined:
    """Go through a chain's events in their order; at each place, a number, the event has to have that hash.

    Of `count` events without any place to be at the end was taken away, so the last one is not whole.
    """
    previous, whole = b"", 0
    for number, event in enumerate(events, start=1):
        kept = bytes(event.hash)
        is_known = all(hash_ == kept for place, hash_ in places if place == number)
        is_whole = event.number == number and kept == digest_of(event, previous)
        if not (is_whole and is_known and is_linked(event)):
            return Examined(count, number, whole, previous)
        previous, whole = kept, number
    if whole < max((place for place, _hash in places), default=0):
        return Examined(count, whole + 1, whole, previous)
    if whole and not places:
        return Examined(count, whole, whole - 1, b"")
    return Examined(count, None, whole, previous)
