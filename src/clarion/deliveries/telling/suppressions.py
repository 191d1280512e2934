"""Telling of addresses that were suppressed, by whichever way: read from their table, in the order of their numbers.

The highest is marked, and what is up to it is read once every transaction that wrote at that moment is over
(`audience.queries.arrivals`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from clarion.audience.queries import arrivals
from clarion.webhooks import operations as webhooks
from clarion.webhooks.models import Endpoint, EndpointStatus, Kind

#: Suppressions told in one transaction.
CHUNK = 5_000

_ROWS = """
select id, channel, reason, created_at from audience_suppression
where workspace_id = %s and id > %s and id <= %s order by id limit %s
"""


def tell_due() -> bool:
    """Tell what was added since, and return whether there is more now."""
    asking = Endpoint.objects.filter(status=EndpointStatus.ON, kinds__contains=[Kind.SUPPRESSION])
    more = False
    for id in asking.order_by("pk").values_list("pk", flat=True):
        more = _tell(id) or more
    return more


@transaction.atomic
def _tell(endpoint_id: int) -> bool:
    held = Endpoint.objects.select_for_update(skip_locked=True, of=("self",)).select_related("workspace")
    endpoint = held.filter(pk=endpoint_id).first()
    if endpoint is None:
        return False
    state: dict[str, Any] = dict(endpoint.suppressions)
    with connection.cursor() as cursor:
        if "low" not in state:
            state["low"] = arrivals.newest_suppression()
        if "mark" not in state and (newest := arrivals.newest_suppression()) > state["low"]:
            # In this order: the moment is later than the numbers.
            state |= {"mark": newest, "at": arrivals.moment()}
        rows: list[tuple[int, str, str, datetime]] = []
        if "mark" in state and not arrivals.is_written_since(state["at"]):
            cursor.execute(_ROWS, [endpoint.workspace_id, state["low"], state["mark"], CHUNK])
            rows = cursor.fetchall()
            if len(rows) < CHUNK:
                state = {"low": state["mark"]}
            else:
                state["low"] = rows[-1][0]
    webhooks.put(endpoint.pk, [_event(endpoint, row) for row in rows])
    if state != endpoint.suppressions:
        Endpoint.objects.filter(pk=endpoint.pk).update(suppressions=state)
    return len(rows) == CHUNK


def _event(endpoint: Endpoint, row: Sequence[Any]) -> tuple[str, bytes]:
    id, channel, reason, at = row
    event: dict[str, Any] = {
        "id": f"sup-{id}-added",
        "type": "suppression.added",
        "key": f"suppression:{id}",
        "data": {"suppression": id, "channel": channel, "reason": reason.lower()},
    }
    return event["type"], webhooks.packed(event, at=at, workspace=endpoint.workspace.slug)
