"""Putting messages back to wait that were accepted and then not delivered, where the provider asks for another try.

Only where it says after which times (`ReceiptEvent.again_after`), so many times, and while the campaign can still
send: within its end, not in one that recurs, whose next run comes anyway, and not where a cascade has another channel
to go on with. What is not put back counts as not delivered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from clarion.audience.addresses import kept_from_sql
from clarion.campaigns import lifecycle
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Action, Status
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import looking
from clarion.deliveries.models import Run
from clarion.deliveries.money import operations as paying
from clarion.deliveries.states import STEPS, Result
from clarion.engine.outcomes import Reason
from clarion.lib.sentences import said
from clarion.webhooks import publishing
from clarion.workspaces import actors
from clarion.workspaces.wake import wake

#: States of a campaign whose run may send, or may be opened again to.
_SENDS = frozenset({Status.SENDING, Status.PAUSED, Status.COMPLETED})
_WHY = str(said("The provider did not deliver some messages and asks for them again later."))

_IN_FLIGHT = """
select d.run_id, d.id from unnest(%s::bigint[], %s::bigint[]) v(run_id, id)
join deliveries_delivery d on d.run_id = v.run_id and d.id = v.id and d.stage = 1
"""
_KEPT = """
select r.delivery_id, r.event_key
from unnest(%(deliveries)s::bigint[], %(keys)s::text[]) v(delivery_id, event_key)
join deliveries_receipt r on r.run_id = %(run)s and r.delivery_id = v.delivery_id and r.event_key = v.event_key
where r.result = %(delayed)s
"""
#: Accepted, not known to have arrived, to somebody who may still be written to; in a cascade only of its last tier.
_ACCEPTED = f"""
select d.id, d.attempts, date_trunc('minute', d.ended_at),
       rs.channel = any(coalesce(c.refusals, '{{}}')) or c.state is not distinct from 'DO_NOT_CONTACT' or exists (
           select from audience_suppression s
           where s.workspace_id = %(workspace)s and s.channel = rs.channel
             and s.address = coalesce(d.address, r.address))
       or {kept_from_sql("coalesce(d.address, r.address)")}
from deliveries_delivery d
join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4 and r.address <> ''
join deliveries_runstep rs on rs.run_id = %(run)s and rs.step = d.id & 15
left join audience_contact c on c.id = r.contact_id
where d.run_id = %(run)s and d.id = any(%(ids)s) and d.stage = 2
  and (d.result is null or d.result < %(delivered)s)
  and not exists (select from deliveries_runstep later where later.run_id = %(run)s and later.tier > rs.tier)
order by d.id for update of d
"""
_CHANGE = """
with again as (
    select * from unnest(%(ids)s::bigint[], %(gaps)s::float8[], %(codes)s::text[], %(details)s::text[])
                  v(id, gap, code, detail)
), changed as (
    update deliveries_delivery d set stage = 0, reason = %(reason)s, code = v.code, provider_id = null, ended_at = now()
    from again v where d.run_id = %(run)s and d.id = v.id
    returning d.id, d.attempts, d.claimed_at
), tried as (
    insert into deliveries_attempt (run_id, delivery_id, number, started_at, ended_at, stage, reason, code, detail)
    select %(run)s, c.id, c.attempts, c.claimed_at, now(), 0, %(reason)s, v.code, v.detail
    from changed c join again v on v.id = c.id
    on conflict do nothing
)
insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)
select %(run)s, id, id & 15, now() + gap * interval '1 second', %(reason)s from again
"""
_MORE_PROBLEMS = """
insert into deliveries_runproblem (run_id, step, stage, reason, code, count, sample, last_at)
values (%(run)s, %(step)s, 0, %(reason)s, %(code)s, %(count)s, %(sample)s, now())
on conflict (run_id, step, stage, reason, code) do update
set count = deliveries_runproblem.count + excluded.count, last_at = now()
"""
_FEWER_THAT_MINUTE = """
update deliveries_activity set count = count - %(count)s
 where run_id = %(run)s and step = %(step)s and minute = %(minute)s and stage = 2
"""
_STEP = """
update deliveries_runstep set accepted = accepted - %(count)s, deferred = deferred + %(count)s
 where run_id = %(run)s and step = %(step)s
"""
#: Changes no row when the run has ended, or is being called off, against what was seen before.
_RUN = """
update deliveries_run set sent = sent - %(count)s, pending = pending + %(count)s, finished_at = null, counted_id = 0
 where id = %(run)s and closing_stage is null and (finished_at is not null) = %(is_over)s
"""


class _Changed(Exception):
    """The run ended, or was called off, while its messages were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """A message that goes again: after so many seconds, and when and for what it did not arrive."""

    id: int
    gap: float
    minute: Any
    event: ReceiptEvent


def too_early(events: Iterable[ReceiptEvent]) -> set[tuple[int, int]]:
    """Return the run and number of each message that may go again and is still being handed over.

    What becomes of it is decided when the outcome of that is known.
    """
    about = [
        (one.run_id, one.delivery_id)
        for one in events
        if one.again_after and one.run_id is not None and one.delivery_id is not None
    ]
    if not about:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_IN_FLIGHT, [[run for run, _ in about], [delivery for _, delivery in about]])
        return {(row[0], row[1]) for row in cursor.fetchall()}


def put_back(run: Run, events: Sequence[ReceiptEvent], keys: Sequence[str]) -> list[ReceiptEvent]:
    """Have messages sent again whose failure may pass, in the caller's transaction, which keeps these receipts.

    `keys` tell each receipt from others of its delivery. Returns the events, with the failure of what goes again, or
    did by the same receipt before, as a delay.
    """
    asked = {
        one.delivery_id: (at, one)
        for at, one in enumerate(events)
        if one.again_after and one.delivery_id is not None
    }
    if not asked:
        return list(events)
    told = list(events)
    for at in _replayed(run.pk, asked, keys):
        told[at] = replace(told[at], kind=ReceiptKind.DELAYED)
    fresh = {one: event for one, (at, event) in asked.items() if told[at].kind is not ReceiptKind.DELAYED}
    for one in _put_back(run.pk, fresh) if fresh else ():
        at = asked[one][0]
        told[at] = replace(told[at], kind=ReceiptKind.DELAYED)
    return told


def _replayed(run_id: int, asked: dict[int, tuple[int, ReceiptEvent]], keys: Sequence[str]) -> list[int]:
    facts: dict[str, Any] = {
        "run": run_id, "deliveries": list(asked), "keys": [keys[at] for at, _event in asked.values()],
        "delayed": Result.DELAYED.value,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, facts)
        return [asked[row[0]][0] for row in cursor.fetchall()]


def _put_back(run_id: int, fresh: dict[int, ReceiptEvent]) -> list[int]:
    """Return which of them wait again. Tried once more when the run ends meanwhile."""
    for _try in range(2):
        try:
            with transaction.atomic():
                return _try_to(run_id, fresh)
        except (_Changed, TransitionRefused):
            continue
    return []


def _try_to(run_id: int, fresh: dict[int, ReceiptEvent]) -> list[int]:
    run = Run.objects.select_related("campaign__workspace").get(pk=run_id)
    campaign = run.campaign
    is_over = run.finished_at is not None
    if not _may_send(run, campaign):
        return []
    facts: dict[str, Any] = {
        "run": run_id, "workspace": run.workspace_id, "ids": sorted(fresh), "delivered": Result.DELIVERED.value,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("select now()")
        (now,) = cursor.fetchone()
        cursor.execute(_ACCEPTED, facts)
        again = []
        for one, attempts, minute, is_barred in cursor.fetchall():
            gaps = fresh[one].again_after
            if is_barred or not 0 < attempts <= len(gaps):
                continue
            gap = gaps[attempts - 1]
            if campaign.ends_at is None or now.timestamp() + gap < campaign.ends_at.timestamp():
                again.append(_Again(id=one, gap=gap, minute=minute, event=fresh[one]))
        if again:
            _change(cursor, run, again)
            if is_over:
                by = actors.system(campaign.workspace)
                lifecycle.move(campaign, Action.RETRY, by=by, reason=_WHY)
            wake(run_id=run_id)
    return [one.id for one in again]


def _may_send(run: Run, campaign: Campaign) -> bool:
    """Whether the run goes on sending, or is the latest one of a completed campaign."""
    if run.closing_stage is not None or campaign.status not in _SENDS or campaign.archived_at is not None:
        return False
    if campaign.launch == Launch.RECURRING:
        return False
    if run.finished_at is None:
        return campaign.status != Status.COMPLETED
    is_latest = not Run.objects.filter(campaign=campaign, number__gt=run.number).exists()
    return campaign.status == Status.COMPLETED and is_latest


def _change(cursor: Any, run: Run, again: Sequence[_Again]) -> None:
    """Let them wait, with every counter, in the order in which the engine locks."""
    ids = [one.id for one in again]
    reason = int(Reason.PROVIDER_BUSY)
    cursor.execute(
        _CHANGE,
        {
            "run": run.pk, "ids": ids, "gaps": [one.gap for one in again], "reason": reason,
            "codes": [_text(one.event.code, 20) for one in again],
            "details": [_text(one.event.detail, 200) for one in again],
        },
    )  # fmt: skip
    steps: dict[int, list[_Again]] = {}
    for one in again:
        steps.setdefault(one.id % STEPS, []).append(one)
    for step, mine in sorted(steps.items()):
        _count(cursor, run.pk, step, mine, reason)
    publishing.watch(cursor, run.pk, ids)
    people = looking.people_of(ids) if run.is_cascade else []
    if people:
        looking.hold(cursor, run.pk, people)
    counted = 0 if run.is_cascade else len(ids)
    cursor.execute(_RUN, {"run": run.pk, "count": counted, "is_over": run.finished_at is not None})
    if cursor.rowcount != 1:
        raise _Changed
    if people:
        looking.restage(cursor, run.pk, people)
    for step, mine in sorted(steps.items()):
        paying.take_back(cursor, run, step, [one.id for one in mine])


def _count(cursor: Any, run_id: int, step: int, mine: Sequence[_Again], reason: int) -> None:
    facts: dict[str, Any] = {"run": run_id, "step": step, "reason": reason}
    codes: dict[str, list[_Again]] = {}
    minutes: dict[Any, int] = {}
    for one in mine:
        codes.setdefault(_text(one.event.code, 20), []).append(one)
        minutes[one.minute] = minutes.get(one.minute, 0) + 1
    for code, some in sorted(codes.items()):
        sample = _text(some[0].event.detail, 200)
        cursor.execute(_MORE_PROBLEMS, facts | {"code": code, "count": len(some), "sample": sample})
    for minute, count in minutes.items():
        cursor.execute(_FEWER_THAT_MINUTE, facts | {"minute": minute, "count": count})
    cursor.execute(_STEP, facts | {"count": len(mine)})


def _text(value: str, limit: int) -> str:
    return value[:limit].replace("\x00", "")
