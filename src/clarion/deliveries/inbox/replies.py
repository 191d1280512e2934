"""What recipients wrote back: kept once, joined to the message it answers, and handed to whoever handles answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from clarion.channels.events import Reply as ReplyEvent
from clarion.deliveries import answers
from clarion.deliveries.inbox.models import Reply
from clarion.deliveries.states import STEPS, Result
from clarion.workspaces.wake import wake

log = structlog.get_logger(__name__)

#: An answer without a message's id belongs to the latest message to that address: among so many of the sender's
#: runs, in so many days.
RUNS_LOOKED_AT = 50
DAYS_LOOKED_BACK = 30
_HANDED_ON = 500

_KEEP = """
insert into deliveries_reply (workspace_id, sender_id, event_key, address, text, at, run_id, delivery_id, is_handled)
select s.workspace_id, s.id, %(key)s, %(address)s, %(text)s, %(at)s, %(run)s, %(delivery)s, false
from senders_sender s where s.id = %(sender)s
on conflict (sender_id, event_key) do nothing
returning id
"""

_RUNS = """
select rs.run_id, rs.step from deliveries_runstep rs join deliveries_run r on r.id = rs.run_id
where rs.sender_id = %s and r.created_at > %s order by rs.run_id desc limit %s
"""

_TO_ADDRESS = """
select d.id from deliveries_recipient r
join deliveries_delivery d on d.run_id = %(run)s and d.id = r.id * %(steps)s + %(step)s and d.attempts > 0
where r.run_id = %(run)s and r.address = %(address)s
order by d.id desc limit 1
"""

_RESULT = """
with kept as (
    insert into deliveries_receipt (run_id, delivery_id, event_key, result, at, code, detail)
    select %(run)s, %(delivery)s, %(key)s, %(result)s, %(at)s, '', '' from deliveries_delivery d
    where d.run_id = %(run)s and d.id = %(delivery)s
    on conflict do nothing
    returning 1
), told as (
    update deliveries_delivery set result = %(result)s, result_at = %(at)s
    where run_id = %(run)s and id = %(delivery)s and (result is null or result < %(result)s)
)
select exists (select from kept), not exists (
    select from deliveries_receipt
    where run_id = %(run)s and delivery_id = %(delivery)s and result = %(result)s and event_key <> %(key)s)
"""

_COUNT = "update deliveries_runstep set replied = replied + 1 where run_id = %s and step = %s"


def keep(told: Sequence[tuple[int, ReplyEvent, datetime]]) -> None:
    """Keep these answers, given as (sender's id, answer, when it came). A replay changes nothing."""
    for sender_id, event, received_at in told:
        _keep_one(sender_id, event, event.occurred_at or received_at)


def _keep_one(sender_id: int, event: ReplyEvent, at: datetime) -> None:
    ids = (event.run_id, event.delivery_id)
    if event.run_id is None or event.delivery_id is None:
        ids = _latest_to(sender_id, event.address, at) or (None, None)
    key = _key(event)
    facts: dict[str, Any] = {
        "sender": sender_id, "key": key, "address": event.address[:320].replace("\x00", ""), "at": at,
        "text": event.text.replace("\x00", ""), "run": ids[0], "delivery": ids[1], "steps": STEPS,
        "result": Result.REPLIED.value,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_KEEP, facts)
        if cursor.fetchone() is None or ids[0] is None or ids[1] is None:
            return
        cursor.execute(_RESULT, facts)
        is_kept, is_first = cursor.fetchone()
        if is_kept and is_first:
            cursor.execute(_COUNT, [ids[0], ids[1] % STEPS])
        wake(run_id=ids[0])


def _latest_to(sender_id: int, address: str, at: datetime) -> tuple[int, int] | None:
    if not address:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [sender_id, at - timedelta(days=DAYS_LOOKED_BACK), RUNS_LOOKED_AT])
        for run_id, step in cursor.fetchall():
            cursor.execute(_TO_ADDRESS, {"run": run_id, "step": step, "address": address, "steps": STEPS})
            row = cursor.fetchone()
            if row is not None:
                return run_id, row[0]
    return None


def hand_on() -> None:
    """Give every answer that is kept and not handled yet to `answers`, each once it has succeeded."""
    waiting = Reply.objects.filter(is_handled=False).select_related("workspace", "sender").order_by("id")
    for reply in waiting[:_HANDED_ON]:
        try:
            answers.answer_received(
                workspace=reply.workspace, channel=reply.sender.channel, address=reply.address,
                text=reply.text, run_id=reply.run_id, delivery_id=reply.delivery_id,
            )  # fmt: skip
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One answer that nobody can handle must not keep the others waiting, nor come back for ever.
            log.exception("inbox.answer_fault", reply=reply.pk)
        with connection.cursor() as cursor:
            cursor.execute("update deliveries_reply set is_handled = true where id = %s", [reply.pk])


def _key(event: ReplyEvent) -> str:
    if event.event_id and len(event.event_id) <= 64:
        return event.event_id
    facts = (event.event_id, event.address, event.to, event.text, str(event.occurred_at))
    return blake2b("\x1f".join(facts).encode("utf-8", "replace"), digest_size=16).hexdigest()
