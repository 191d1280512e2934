"""Putting events into batches, and telling notices to the endpoints that ask for them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from clarion.webhooks import events
from clarion.webhooks.models import Batch, BatchStatus, Endpoint, EndpointStatus, Kind, Notice

#: What one request holds at most. A single event may be larger than that.
MOST_EVENTS = 500
MOST_OCTETS = 256 * 1024
#: Notices told in one transaction.
AT_ONCE = 500
_LOCK = 0x574542484F4F4B

_LAST = """
select id, count, octet_length(body) from webhooks_batch
where id = (select max(id) from webhooks_batch where endpoint_id = %s)
  and status = 'WAITING' and attempts = 0 and not is_test
for update skip locked
"""
_APPEND = """
update webhooks_batch set body = body || ',' || %s, count = count + %s,
       types = array(select distinct unnest(types || %s::varchar[]) order by 1)
where id = %s
"""

#: Makes events of a notice's body.
Reader = Callable[[Any], Sequence[Mapping[str, Any]]]


def packed(event: Mapping[str, Any], *, at: datetime, workspace: str) -> bytes:
    """Return an event with all that stands around it, as JSON. `at` is when it was recorded."""
    moment = at.astimezone(UTC)
    return orjson.dumps(
        {
            "id": event["id"],
            "type": event["type"],
            "version": events.VERSION,
            "at": moment.isoformat(timespec="microseconds"),
            "order": int(moment.timestamp()) * 1_000_000 + moment.microsecond,
            "workspace": workspace,
            "key": event["key"],
            "data": event["data"],
        }
    )


def put(endpoint_id: int, found: Sequence[tuple[str, bytes]]) -> None:
    """Put events, given as (type, JSON), at the end of the endpoint's line, in the caller's transaction.

    They join the last batch while that was not tried and has room.
    """
    if not found:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LAST, [endpoint_id])
        last = cursor.fetchone()
        groups = list(_grouped(found, *(last[1:] if last else (MOST_EVENTS, MOST_OCTETS))))
        first = groups[0]
        if last and first:
            body = b",".join(text for _type, text in first).decode()
            cursor.execute(_APPEND, [body, len(first), sorted({name for name, _text in first}), last[0]])
    Batch.objects.bulk_create(
        Batch(
            endpoint_id=endpoint_id,
            body=b",".join(text for _type, text in group).decode(),
            count=len(group),
            types=sorted({name for name, _text in group}),
        )
        for group in groups[1:]
    )


def _grouped(
    found: Sequence[tuple[str, bytes]], count: int, octets: int
) -> Iterable[Sequence[tuple[str, bytes]]]:
    """Yield what fits into the batch that is there, if only nothing, and then what fits into each new one."""
    begin = 0
    for at, (_type, text) in enumerate(found):
        if count >= MOST_EVENTS or octets + len(text) > MOST_OCTETS:
            yield found[begin:at]
            begin, count, octets = at, 0, 0
        count, octets = count + 1, octets + len(text) + 1
    yield found[begin:]


def tell_notices(read: Mapping[Kind, Reader]) -> bool:
    """Put what was noted into the lines of those who ask for it; return whether there may be more.

    One process does it at a time. `read` makes events of the kinds whose notices are none.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return False
        notices = list(Notice.objects.select_related("workspace").order_by("id")[:AT_ONCE])
        if not notices:
            return False
        asking: dict[int, list[Endpoint]] = {}
        for one in Endpoint.objects.filter(workspace__in={notice.workspace_id for notice in notices}).exclude(
            status=EndpointStatus.OFF
        ):
            asking.setdefault(one.workspace_id, []).append(one)
        lines: dict[int, list[tuple[str, bytes]]] = {}
        for notice in notices:
            kind = Kind(notice.kind)
            told = [one for one in asking.get(notice.workspace_id, ()) if kind in one.kinds]
            if not told:
                continue
            for event in read[kind](notice.body) if kind in read else notice.body:
                text = packed(event, at=notice.at, workspace=notice.workspace.slug)
                for one in told:
                    lines.setdefault(one.pk, []).append((event["type"], text))
        for endpoint_id, found in lines.items():
            put(endpoint_id, found)
        Notice.objects.filter(pk__in=[notice.pk for notice in notices]).delete()
    return len(notices) == AT_ONCE


def waiting_in(endpoint_id: int, most: int) -> int:
    """Return how many batches wait in the endpoint's line, counted to `most`."""
    found = Batch.objects.filter(endpoint=endpoint_id, status=BatchStatus.WAITING, is_test=False)
    return found[:most].count()
