"""What providers and recipients say later: kept once, shown on the delivery, counted, and acted upon."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import addresses
from clarion.audience import operations as audience
from clarion.audience.models import SuppressionReason
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import looking, optout, reasons, resending, statements, unknowns
from clarion.deliveries.models import Delivery, Run
from clarion.deliveries.money import operations as paying
from clarion.deliveries.states import Result, Stage
from clarion.deliveries.telling import reading
from clarion.deliveries.tracking import folding
from clarion.senders.models import Sender
from clarion.workspaces import actors
from clarion.workspaces.wake import wake

#: What a receipt says → what is kept of it. Others change nothing.
_RESULTS = {
    ReceiptKind.TAKEN: Result.TAKEN,
    ReceiptKind.DELAYED: Result.DELAYED,
    ReceiptKind.DELIVERED: Result.DELIVERED,
    ReceiptKind.READ: Result.READ,
    ReceiptKind.CLICKED: Result.CLICKED,
    ReceiptKind.BOUNCED_HARD: Result.BOUNCED,
    ReceiptKind.BOUNCED_SOFT: Result.BOUNCED,
    ReceiptKind.COMPLAINT: Result.COMPLAINED,
    ReceiptKind.UNSUBSCRIBED: Result.UNSUBSCRIBED,
}

#: Receipts after which the address is not written to again.
_SUPPRESSING = {
    ReceiptKind.BOUNCED_HARD: SuppressionReason.BOUNCED,
    ReceiptKind.COMPLAINT: SuppressionReason.COMPLAINED,
    ReceiptKind.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
}

#: A receipt is counted when it is the delivery's first of its kind.
_KEEP = f"""
with given as (
    select * from unnest(%(deliveries)s::bigint[], %(keys)s::text[], %(results)s::smallint[],
                         %(moments)s::timestamptz[], %(codes)s::text[], %(details)s::text[])
           v(delivery_id, event_key, result, at, code, detail)
), kept as (
    insert into deliveries_receipt (run_id, delivery_id, event_key, result, at, code, detail)
    select %(run)s, g.delivery_id, g.event_key, g.result, g.at, g.code, g.detail
    from given g join deliveries_delivery d on d.run_id = %(run)s and d.id = g.delivery_id and d.attempts > 0
    on conflict do nothing
    returning delivery_id, event_key, result, at, code, detail
), farthest as (
    select delivery_id, max(result) as result, max(at) as at from kept group by delivery_id
), told as (
    update deliveries_delivery d
    set result = f.result, result_at = f.at
    from farthest f
    where d.run_id = %(run)s and d.id = f.delivery_id and f.result > 0 and (d.result is null or d.result < f.result)
    returning 1
), fresh as (
    select distinct on (delivery_id, result) delivery_id & 15 as step, delivery_id, result,
           case when result = {Result.BOUNCED.value} then code else '' end as code, detail
    from kept k
    where not exists (
        select from deliveries_receipt r
        where r.run_id = %(run)s and r.delivery_id = k.delivery_id and r.result = k.result)
    order by delivery_id, result, at
), {reading.NOTED}
select step::int, result::int, code, count(*)::int, max(detail) from fresh group by step, result, code
"""

_COUNT_STEP = """
update deliveries_runstep
set delivered = delivered + %(DELIVERED)s, read = read + %(READ)s, clicked = clicked + %(CLICKED)s,
    bounced = bounced + %(BOUNCED)s, complained = complained + %(COMPLAINED)s,
    unsubscribed = unsubscribed + %(UNSUBSCRIBED)s
where run_id = %(run)s and step = %(step)s
"""


def apply(events: Iterable[ReceiptEvent]) -> int:
    """Keep these receipts and return how many were about a delivery of ours. Replays change nothing.

    Each run is a transaction of its own. One that can only follow a message which the provider took settles an
    unknown one as sent. Addresses that bounced for good, or for now more often than the
    workspace's rules allow, complained or opted out are suppressed, and what is still pending for them is skipped.
    """
    by_run: dict[int, list[ReceiptEvent]] = {}
    for event in events:
        if event.kind in _RESULTS and event.run_id is not None and event.delivery_id is not None:
            by_run.setdefault(event.run_id, []).append(event)
    return sum(_apply_to_run(run_id, told) for run_id, told in by_run.items())


def _apply_to_run(run_id: int, events: list[ReceiptEvent]) -> int:
    run = Run.objects.select_related("workspace").filter(pk=run_id).first()
    if run is None:
        return 0
    _settle_unknown(run, events)
    events = _keep(run, events)
    folding.note(run_id, [event.delivery_id for event in events if event.delivery_id is not None])
    for event in events:
        _act(run_id, event)
    return len(events)


def _act(run_id: int, event: ReceiptEvent) -> None:
    """Write to an address no more that bounced for good, or too often for now, complained or opted out."""
    reason = _SUPPRESSING.get(event.kind)
    if reason is None and event.kind is not ReceiptKind.BOUNCED_SOFT:
        return
    subject = optout.find(run_id, event.delivery_id or 0)
    if subject is None:
        return
    whom: Any = {"workspace": subject.workspace, "channel": subject.channel, "address": subject.address}
    if reason is not None:
        audience.suppress(**whom, reason=reason, origin=f"run {run_id}")
    else:
        at = event.occurred_at or timezone.now()
        if not audience.note_soft_bounce(**whom, run_id=run_id, delivery_id=subject.delivery_id, at=at):
            return
    optout.skip_pending(**whom)


def left(sender_id: int, address: str) -> bool:
    """Write to an address no more whose owner opted out at the provider; return whether it is one of the sender's kind.

    Done again, it changes nothing.
    """
    sender = Sender.objects.select_related("workspace").filter(pk=sender_id).first()
    if sender is None or not address:
        return False
    try:
        address = addresses.normaliser(sender.channel, sender.workspace.default_country)(address)
    except ValueError:
        return False
    whom: Any = {"workspace": sender.workspace, "channel": sender.channel, "address": address}
    audience.suppress(**whom, reason=SuppressionReason.UNSUBSCRIBED, origin=sender.name)
    optout.skip_pending(**whom)
    return True


@transaction.atomic
def _keep(run: Run, events: list[ReceiptEvent]) -> list[ReceiptEvent]:
    """Keep them; return them as they were kept: the failure of what goes again is a delay."""
    now, run_id = timezone.now(), run.pk
    keys = [_key(event) for event in events]
    events = resending.put_back(run, events, keys)
    facts: dict[str, Any] = {
        **reading.asked_by(run.workspace_id),
        "run": run_id,
        "deliveries": [event.delivery_id for event in events],
        "keys": keys,
        "results": [_RESULTS[event.kind].value for event in events],
        "moments": [event.occurred_at or now for event in events],
        "codes": [event.code[:20].replace("\x00", "") for event in events],
        "details": [event.detail[:200].replace("\x00", "") for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, facts)
        counts: dict[int, dict[str, int]] = {}
        undelivered: dict[int, list[tuple[str, int, str]]] = {}
        for step, result, code, count, detail in cursor.fetchall():
            of_step = counts.setdefault(step, {})
            of_step[Result(result).name] = of_step.get(Result(result).name, 0) + count
            if result == Result.BOUNCED:
                undelivered.setdefault(step, []).append((code, count, detail))
        for step, told in sorted(undelivered.items()):
            cursor.execute(statements.COUNT_PROBLEMS, _problems(run_id, step, told))
        for step, counted in sorted(counts.items()):
            cursor.execute(
                _COUNT_STEP, dict.fromkeys(Result.names, 0) | counted | {"run": run_id, "step": step}
            )
    bounced = [event.delivery_id for event in events if _RESULTS[event.kind] is Result.BOUNCED]
    if bounced and run.workspace.has_balance:
        paying.refund(run_id, [one for one in bounced if one is not None])
    if run.receipt_wait is not None:
        looking.note(run_id, looking.people_of([event.delivery_id or 0 for event in events]))
        # A receipt concerns no sending process but whoever follows a cascade that waits for it.
        wake(run_id=run_id)
    return events


def _problems(run_id: int, step: int, told: Sequence[tuple[str, int, str]]) -> dict[str, Any]:
    """Return what COUNT_PROBLEMS counts of messages that were taken and came back, by the receipts' codes."""
    return {
        "run": run_id,
        "step": step,
        "stages": [Stage.SENT.value] * len(told),
        "reasons": [reasons.UNDELIVERED] * len(told),
        "codes": [code for code, _count, _detail in told],
        "counts": [count for _code, count, _detail in told],
        "samples": [detail for _code, _count, detail in told],
    }


def _settle_unknown(run: Run, events: list[ReceiptEvent]) -> None:
    """Settle as sent what nobody knew about, where a receipt proves that the provider had taken it."""
    proven = [e.delivery_id for e in events if e.delivery_id and e.kind is not ReceiptKind.DELAYED]
    unknown = Delivery.objects.filter(run_id=run.pk, stage=Stage.UNKNOWN, id__in=proven)
    deliveries = list(unknown.values_list("id", flat=True))
    if deliveries:
        by = actors.system(run.workspace)
        unknowns.settle_unknown(run, by=by, choice=unknowns.Choice.SENT, deliveries=deliveries)


def _key(event: ReceiptEvent) -> str:
    """Return what tells this receipt from others of its delivery."""
    if event.event_id and len(event.event_id) <= 64:
        return event.event_id
    facts = (event.kind.value, event.event_id, str(event.occurred_at), event.code)
    return blake2b("\x1f".join(facts).encode(), digest_size=16).hexdigest()
