"""Applying what the inbox holds: matched by our own ids or the provider's, kept once, whatever the order.

One process does it at a time. It reads a batch, applies it, and takes it out: when it dies in between, the batch
is applied again, which changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from clarion.channels.events import Joined, Left, Notice, ReceiptEvent, ReceiptKind, Reply
from clarion.deliveries import joining, provider_notices, receipts, resending
from clarion.deliveries.inbox import replies
from clarion.deliveries.inbox.models import Why
from clarion.deliveries.inbox.rows import AboutMessage, Event, Visit, unpacked
from clarion.deliveries.states import step_of

log = structlog.get_logger(__name__)

#: Events applied at a time.
BATCH = 5_000
#: An event about a message that is not known waits so long, and is then listed. Seconds of the first gap; each
#: later one is twice as long, up to the longest.
WAIT_HOURS = 24
FIRST_GAP = 2.0
LONGEST_GAP = 1800.0

_LOCK = 0x494E424F58
_READ = "select id, sender_id, received_at, event from deliveries_inbox order by id limit %s"
_DUE = """
select id, sender_id, received_at, event, tries from deliveries_strayevent
where due_at <= now() order by due_at limit %s
"""
_KNOWN_BY_PROVIDER = """
select m.sender_id, m.provider_id, m.run_id, m.delivery_id
from unnest(%s::bigint[], %s::text[]) v(sender_id, provider_id)
join deliveries_providermessage m on m.sender_id = v.sender_id and m.provider_id = v.provider_id
"""
_STEPS = "select run_id, step, sender_id from deliveries_runstep where run_id = any(%s)"
_KEEP_STRAY = """
insert into deliveries_strayevent (sender_id, received_at, why, event, tries, due_at)
select v.sender_id, v.received_at, v.why, v.event, v.tries, v.due_at
from unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[])
     v(sender_id, received_at, why, event, tries, due_at)
join senders_sender s on s.id = v.sender_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An event on its way: where it lies, and how often it was tried."""

    id: int
    sender_id: int
    received_at: datetime
    text: str
    event: AboutMessage | None
    notice: Notice | None = None
    visit: Visit | None = None
    tries: int = 0

    def same_but(self, event: AboutMessage) -> "_Waiting":
        return replace(self, event=event)


def apply_due() -> bool:
    """Apply a batch of what is there; return whether there may be more. Nothing when another process is at it."""
    with _only_one() as mine:
        if not mine:
            return False
        fresh = _read(_READ)
        if fresh:
            _apply(fresh, "deliveries_inbox")
        again = _read(_DUE)
        if again:
            _apply(again, "deliveries_strayevent")
        replies.hand_on_joined()
        return len(fresh) == BATCH or len(again) == BATCH


def _read(query: str) -> list[_Waiting]:
    with connection.cursor() as cursor:
        cursor.execute(query, [BATCH])
        rows = cursor.fetchall()
    return [_waiting(row) for row in rows]


def _waiting(row: Sequence[Any]) -> _Waiting:
    found = _event(row[3], row[2])
    return _Waiting(
        id=row[0], sender_id=row[1], received_at=row[2], text=row[3],
        event=found if isinstance(found, ReceiptEvent | Reply) else None,
        notice=found if isinstance(found, Notice) else None,
        visit=found if isinstance(found, Joined | Left) else None,
        tries=row[4] if len(row) > 4 else 0,
    )  # fmt: skip


def _event(text: str, received_at: datetime) -> Event | None:
    try:
        return unpacked(text, received_at)
    except (ValueError, KeyError, TypeError):
        log.exception("inbox.unreadable")
        return None


def _apply(waiting: Sequence[_Waiting], table: str) -> None:
    notices = [(one.sender_id, one.notice) for one in waiting if one.notice is not None]
    if notices:
        provider_notices.apply(notices)
    joining.apply([(one.sender_id, one.visit) for one in waiting if one.visit is not None])
    known = [one for one in waiting if one.event is not None and not _is_unknown(one.event)]
    about = [one for one in waiting if one.notice is None and one.visit is None]
    strange = [one for one in about if one.event is None or _is_unknown(one.event)]
    placed = _placed(known)
    early = _too_early(placed)
    matched = [one for one in placed if _has_ids(one.event) and one.id not in early]
    receipts.apply(one.event for one in matched if isinstance(one.event, ReceiptEvent))
    replies.hand_on([(o.sender_id, o.event, o.received_at) for o in placed if isinstance(o.event, Reply)])
    lost = _without_leavers(
        [one for one in placed if isinstance(one.event, ReceiptEvent) and not _has_ids(one.event)]
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # Table names are our own; SQL has no parameters for them.
        cursor.execute(f"delete from {table} where id = any(%s)", [[one.id for one in waiting]])
        _keep_strays(cursor, strange, Why.UNKNOWN)
        _keep_strays(cursor, lost, Why.UNMATCHED)
        _keep_strays(cursor, [one for one in placed if one.id in early], Why.UNMATCHED)


def _too_early(placed: Sequence[_Waiting]) -> set[int]:
    """Return those whose messages may go again and are still being handed over: they are looked at again."""
    asked = [one for one in placed if isinstance(one.event, ReceiptEvent) and one.event.again_after]
    early = resending.too_early(one.event for one in asked if isinstance(one.event, ReceiptEvent))
    return {one.id for one in asked if one.event and (one.event.run_id, one.event.delivery_id) in early}


def _without_leavers(lost: Sequence[_Waiting]) -> list[_Waiting]:
    """Have whoever opted out by an address alone written to no more; return the others.

    That is about no message, so none is looked for.
    """
    rest = []
    for one in lost:
        is_leaving = isinstance(one.event, ReceiptEvent) and one.event.kind is ReceiptKind.UNSUBSCRIBED
        if not (is_leaving and one.event and receipts.left(one.sender_id, one.event.address)):
            rest.append(one)
    return rest


def _is_unknown(event: AboutMessage) -> bool:
    return isinstance(event, ReceiptEvent) and event.kind is ReceiptKind.UNKNOWN


def _has_ids(event: AboutMessage | None) -> bool:
    return event is not None and event.run_id is not None and event.delivery_id is not None


def _placed(waiting: Iterable[_Waiting]) -> list[_Waiting]:
    """Return them with our own ids where they are known, and are the sender's: nobody tells of others' messages."""
    found = list(waiting)
    asked = {
        (one.sender_id, one.event.provider_id)
        for one in found
        if one.event and not _has_ids(one.event) and one.event.provider_id
    }
    by_provider: dict[tuple[int, str], tuple[int, int]] = {}
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN_BY_PROVIDER, [[s for s, _ in asked], [p for _, p in asked]])
            by_provider = {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}
    for at, one in enumerate(found):
        if one.event and not _has_ids(one.event):
            ids = by_provider.get((one.sender_id, one.event.provider_id))
            if ids is not None:
                found[at] = one.same_but(replace(one.event, run_id=ids[0], delivery_id=ids[1]))
    return _own_only(found)


def _own_only(found: list[_Waiting]) -> list[_Waiting]:
    runs = {one.event.run_id for one in found if one.event and _has_ids(one.event)}
    senders: dict[tuple[int, int], int] = {}
    if runs:
        with connection.cursor() as cursor:
            cursor.execute(_STEPS, [list(runs)])
            senders = {(row[0], row[1]): row[2] for row in cursor.fetchall()}
    return [
        one
        if not one.event
        or one.event.run_id is None
        or one.event.delivery_id is None
        or senders.get((one.event.run_id, step_of(one.event.delivery_id))) == one.sender_id
        else one.same_but(replace(one.event, run_id=None, delivery_id=None))
        for one in found
    ]


def _keep_strays(cursor: Any, strays: Sequence[_Waiting], why: Why) -> None:
    if not strays:
        return
    now = timezone.now()
    rows = [(one, _next_try(one, now) if why is Why.UNMATCHED else None) for one in strays]
    cursor.execute(
        _KEEP_STRAY,
        [
            [one.sender_id for one, _ in rows], [one.received_at for one, _ in rows], [why.value] * len(rows),
            [one.text for one, _ in rows], [min(one.tries + 1, 1000) for one, _ in rows], [due for _, due in rows],
        ],
    )  # fmt: skip


def _next_try(one: _Waiting, now: datetime) -> datetime | None:
    """Return when it is looked for again; None when it has waited long enough, or names no message at all."""
    if now - one.received_at >= timedelta(hours=WAIT_HOURS):
        return None
    if not isinstance(one.event, ReceiptEvent) or not one.event.provider_id:
        return None
    return now + timedelta(seconds=min(LONGEST_GAP, FIRST_GAP * 2 ** min(one.tries, 20)))


@contextmanager
def _only_one() -> Iterator[bool]:
    """Hold the inbox's lock for a while, if nobody else does."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [_LOCK])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s)", [_LOCK])
