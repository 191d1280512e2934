"""Filling in addresses and texts when events are sent to an endpoint that is told them: they are not kept with it."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection

from clarion.audience.models import Suppression
from clarion.deliveries.models import Answer
from clarion.deliveries.states import delivery_id
from clarion.webhooks.queries import shown

_ADDRESSES = """
select d.id, coalesce(d.address, r.address)
from deliveries_delivery d join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
where d.run_id = %(run)s and d.id = any(%(ids)s::bigint[])
"""


def body_of(body: bytes, *, with_addresses: bool) -> bytes:
    """Return the octets of a request: with addresses where they are known, or without a trace of them."""
    if not with_addresses and b'"_' not in body:
        return body
    events: list[dict[str, Any]] = orjson.loads(body)
    if with_addresses:
        _fill_messages(events)
        _fill_replies(events)
        _fill_suppressions(events)
    return orjson.dumps([one | {"data": shown(one["data"])} for one in events])


def _fill_messages(events: Sequence[dict[str, Any]]) -> None:
    by_run: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for one in events:
        what, *numbers = one["key"].split(":")
        if what == "delivery":
            run, recipient, step = map(int, numbers)
            by_run.setdefault(run, {}).setdefault(delivery_id(recipient, step), []).append(one["data"])
    for run, wanted in by_run.items():
        with connection.cursor() as cursor:
            cursor.execute(_ADDRESSES, {"run": run, "ids": list(wanted)})
            for id, address in cursor.fetchall():
                for data in wanted[id]:
                    if address:
                        data["address"] = address


def _fill_replies(events: Sequence[dict[str, Any]]) -> None:
    wanted = {one["data"]["reply"]: one["data"] for one in events if one["type"] == "reply.received"}
    for answer in Answer.objects.filter(pk__in=wanted):
        wanted[answer.pk] |= {"address": answer.address, "text": answer.text}


def _fill_suppressions(events: Sequence[dict[str, Any]]) -> None:
    added = {one["data"]["suppression"]: one["data"] for one in events if one["type"] == "suppression.added"}
    for row in Suppression.objects.filter(pk__in=added):
        added[row.pk]["address"] = row.address
    for one in events:
        if "_address" in one["data"]:
            one["data"]["address"] = one["data"]["_address"]
