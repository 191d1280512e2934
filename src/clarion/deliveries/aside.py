"""Room within a sender's limits for what is sent past its lanes, such as confirmations of answers.

A lane counts in its own process what it hands over, and saves that each second. What goes past it is noted beside
that (`SenderLane.aside`), and the lane counts it when it saves next: so both together keep within the limits, but for
what goes within that second.
"""

import time
from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection, transaction

from clarion.deliveries import statements as sql
from clarion.engine.limits import Limits, reshared
from clarion.senders.models import Sender

#: The sender's row is held before its lanes' rows, by everybody.
_HOLD = "select 1 from senders_sender where id = %s for no key update"
_NOTE = "update senders_senderlane set aside = aside + %s where sender_id = %s and lane = %s"


@transaction.atomic
def reserve(sender: Sender, wanted: int) -> list[int]:
    """Take room for up to so many messages; return to which lane each of them is counted."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [sender.pk])
        rows = _rows(cursor, sender)
        now = time.time()
        whole = Limits(minute=sender.limit_minute, hour=sender.limit_hour, day=sender.limit_day)
        states = [(row[2], row[3] + row[4]) for row in rows]
        whole.restore(reshared(states, 1, now), now)
        count = min(wanted, whole.available(now))
        lanes = _shared_out(sender, rows, count, now)
        for lane in sorted(set(lanes)):
            cursor.execute(_NOTE, [lanes.count(lane), sender.pk, lane])
    return lanes


@transaction.atomic
def correct(sender: Sender, lane: int, by: int) -> None:
    """Count so many messages more to a lane, or fewer when some did not go."""
    if by:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [by, sender.pk, lane])


def _rows(cursor: Any, sender: Sender) -> list[Any]:
    """Return the state of each lane, made when the sender has never sent."""
    cursor.execute(sql.LANE_STATES, [sender.pk])
    rows = cursor.fetchall()
    if not rows:
        _put(cursor, sender)
        rows = cursor.fetchall()
    # Django leaves JSON as text in a cursor of one's own.
    return [(lane, lanes, orjson.loads(saved), *rest) for lane, lanes, saved, *rest in rows]


def _put(cursor: Any, sender: Sender) -> None:
    cursor.execute(sql.PUT_LANES, {"sender": sender.pk, "lanes": sender.lane_count, "limits": "{}"})
    cursor.execute(sql.LANE_STATES, [sender.pk])


def _shared_out(sender: Sender, rows: Sequence[Any], count: int, now: float) -> list[int]:
    """Return a lane for each of so many messages: those that have the most left of their share."""
    left = {}
    for lane, lanes, saved, reserved, aside in rows:
        share = Limits(
            minute=sender.limit_minute, hour=sender.limit_hour, day=sender.limit_day, lane=lane, lanes=lanes
        )
        share.restore(saved, now, reserved=reserved + aside)
        left[lane] = share.available(now)
    chosen = []
    for _message in range(count):
        lane = max(left, key=lambda one: (left[one], -one))
        left[lane] -= 1
        chosen.append(lane)
    return chosen
