"""Noting what happened, in the transaction that makes it happen. Costs one statement where nobody asks to be told."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.db import connection, transaction

from clarion.webhooks import events
from clarion.webhooks.models import Kind

#: The condition that somebody asks for a kind; parameters are workspace and kind.
WANTED = """
exists (select from webhooks_endpoint e
        where e.workspace_id = %(workspace)s and e.status <> 'OFF' and %(kind)s = any(e.kinds))
"""
_NOTE = f"""
insert into webhooks_notice (workspace_id, kind, body)
select %(workspace)s, %(kind)s, %(body)s::jsonb where {WANTED}
"""
#: Deliveries of a run that have to be looked at again, by whoever was told of the run's.
_WATCH = """
insert into webhooks_straggler (feed_id, ids, gap)
select id, %(ids)s::bigint[], %(gap)s from webhooks_feed where run_id = %(run)s
"""


def is_wanted(workspace_id: int, kind: Kind) -> bool:
    """Whether any endpoint of the workspace asks for events of this kind."""
    with connection.cursor() as cursor:
        cursor.execute(f"select {WANTED}", {"workspace": workspace_id, "kind": kind.value})
        return bool(cursor.fetchone()[0])


def publish(workspace_id: int, type: str, *, key: str, data: Mapping[str, Any]) -> None:
    """Note an event of that type in the caller's transaction, for the endpoints that ask for its kind.

    `data` is as `events.TYPES` says, of JSON types; names that begin with `_` are for `deliveries.telling` alone.
    """
    kind = events.TYPES[type].kind
    assert kind is not None  # noqa: S101 - tests are not published
    note(workspace_id, kind, [events.made(type, key=key, data=data)])


def note(workspace_id: int, kind: Kind, body: Any) -> None:
    """Note a list of events, or what the kind's own reader makes events of."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a notice belongs into the change's transaction")
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE, {"workspace": workspace_id, "kind": kind.value, "body": orjson.dumps(body).decode()}
        )


def watch(cursor: Any, run_id: int, deliveries: list[int], *, is_over: bool = False) -> None:
    """Have these deliveries told when they are over: they were made, or changed, after the run was read.

    With `is_over` they are by this very change, and the present moment is when.
    """
    if deliveries:
        cursor.execute(_WATCH, {"run": run_id, "ids": deliveries, "gap": 0 if is_over else 1})
