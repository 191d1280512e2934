"""Counting hits: taken in batches, judged, written as receipts and counters in one transaction.

A hit is deleted in the transaction that counts it, so each counts once whatever dies meanwhile. It waits a few
seconds first: a scanner that follows every link is known by its later hits.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries import receipts
from clarion.deliveries.models import Link, Tracking
from clarion.deliveries.states import step_of
from clarion.deliveries.tracking import judging
from clarion.deliveries.tracking.judging import Seen

#: Seconds that a hit waits for others of its kind, at least as long as a burst.
HOLD_SECONDS = 10
#: Deliveries whose hits are counted in one transaction.
BATCH = 5_000
#: First key of the advisory lock that lets one process count a run's hits.
_LOCK_SPACE = 0x48495453
_OPEN_KEY = "open"
_QUARTER = 15 * 60

_RUNS = "select run_id from deliveries_hit where at < %s group by run_id order by min(at) limit 100"
_TAKE = """
with due as (
    select delivery_id from deliveries_hit where run_id = %(run)s and at < %(before)s
    group by delivery_id order by min(id) limit %(batch)s
)
delete from deliveries_hit h using due where h.run_id = %(run)s and h.delivery_id = due.delivery_id
returning h.delivery_id, h.link, h.at, h.marks
"""
_SENT = "select id, ended_at from deliveries_delivery where run_id = %s and id = any(%s) and attempts > 0"
_KNOWN = "select delivery_id, event_key from deliveries_receipt where run_id = %s and delivery_id = any(%s)"
_COUNT = """
update deliveries_tracking t set opens = t.opens + v.opens, clicks = t.clicks + v.clicks,
    machine_opens = t.machine_opens + v.machine_opens, machine_clicks = t.machine_clicks + v.machine_clicks
from unnest(%(steps)s::int[], %(opens)s::int[], %(clicks)s::int[], %(machine_opens)s::int[],
            %(machine_clicks)s::int[]) v(step, opens, clicks, machine_opens, machine_clicks)
where t.run_id = %(run)s and t.step = v.step
"""
_COUNT_LINKS = """
update deliveries_link l set people = l.people + v.people, clicks = l.clicks + v.clicks,
    machine_clicks = l.machine_clicks + v.machine
from unnest(%(steps)s::int[], %(numbers)s::int[], %(people)s::int[], %(clicks)s::int[], %(machine)s::int[])
     v(step, number, people, clicks, machine)
where l.run_id = %(run)s and l.step = v.step and l.number = v.number
"""
_COUNT_QUARTERS = """
insert into deliveries_trackedquarter as q (run_id, step, quarter, opens, clicks)
select %(run)s, v.* from unnest(%(steps)s::int[], %(quarters)s::timestamptz[], %(opens)s::int[], %(clicks)s::int[]) v
on conflict (run_id, step, quarter) do update set opens = q.opens + excluded.opens, clicks = q.clicks + excluded.clicks
"""


@dataclass(slots=True)
class _Tally:
    """What a batch of one run comes to."""

    opens: Counter[int] = field(default_factory=Counter)
    clicks: Counter[tuple[int, int]] = field(default_factory=Counter)
    people: Counter[tuple[int, int]] = field(default_factory=Counter)
    machine_opens: Counter[int] = field(default_factory=Counter)
    machine_clicks: Counter[tuple[int, int]] = field(default_factory=Counter)
    quarters: Counter[tuple[int, datetime, bool]] = field(default_factory=Counter)
    events: list[ReceiptEvent] = field(default_factory=list)


def apply_due(*, seconds: float, hold_seconds: float = HOLD_SECONDS, now: datetime | None = None) -> bool:
    """Count hits that have waited long enough, for about so long; return whether there are more."""
    until = time.monotonic() + seconds
    before = (now or timezone.now()) - timedelta(seconds=hold_seconds)
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, [before])
        runs = [run_id for (run_id,) in cursor.fetchall()]
    for run_id in runs:
        while _apply(run_id, before):
            if time.monotonic() >= until:
                return True
    return len(runs) == 100


@transaction.atomic
def _apply(run_id: int, before: datetime) -> bool:
    """Count the next hits of a run; return whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, run_id])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(_TAKE, {"run": run_id, "before": before, "batch": BATCH})
        taken = cursor.fetchall()
        by_delivery: dict[int, list[Seen]] = {}
        for delivery_id, link, at, marks in sorted(taken, key=lambda row: row[2]):
            by_delivery.setdefault(delivery_id, []).append(Seen(link, at, marks))
        ids = list(by_delivery)
        cursor.execute(_SENT, [run_id, ids])
        sent = dict(cursor.fetchall())
        cursor.execute(_KNOWN, [run_id, ids])
        known = set(cursor.fetchall())
        followed = {one.step: one for one in Tracking.objects.filter(run_id=run_id)}
        tally = _tallied(run_id, by_delivery, sent, known, followed)
        receipts.apply(_with_targets(run_id, tally.events))
        _count(cursor, run_id, tally)
    return len(by_delivery) >= BATCH


def _tallied(
    run_id: int,
    by_delivery: dict[int, list[Seen]],
    sent: dict[int, datetime | None],
    known: set[tuple[int, str]],
    followed: dict[int, Tracking],
) -> _Tally:
    tally = _Tally()
    for delivery_id, hits in by_delivery.items():
        step = step_of(delivery_id)
        if delivery_id not in sent or step not in followed:
            continue  # removed meanwhile
        judged = judging.by_people(hits, sent_at=sent[delivery_id])
        first: dict[str, datetime] = {}
        for hit, is_person in zip(hits, judged, strict=True):
            _count_hit(tally, step, hit, is_person)
            if is_person:
                first.setdefault(f"click:{hit.link}" if hit.link else _OPEN_KEY, hit.at)
        # Whoever follows a link has the message open, whether its images were fetched or not.
        if first and _OPEN_KEY not in first and followed[step].follows_opens:
            first[_OPEN_KEY] = min(first.values())
        for key, at in first.items():
            if (delivery_id, key) in known:
                continue
            link = key.partition(":")[2]
            if link:
                tally.people[(step, int(link))] += 1
            tally.events.append(
                ReceiptEvent(
                    kind=ReceiptKind.CLICKED if link else ReceiptKind.READ,
                    run_id=run_id, delivery_id=delivery_id, event_id=key, occurred_at=at, code=link,
                )
            )  # fmt: skip
    return tally


def _count_hit(tally: _Tally, step: int, hit: Seen, is_person: bool) -> None:
    if not is_person:
        if hit.link:
            tally.machine_clicks[(step, hit.link)] += 1
        else:
            tally.machine_opens[step] += 1
        return
    if hit.link:
        tally.clicks[(step, hit.link)] += 1
    else:
        tally.opens[step] += 1
    quarter = datetime.fromtimestamp(hit.at.timestamp() // _QUARTER * _QUARTER, hit.at.tzinfo)
    tally.quarters[(step, quarter, hit.link > 0)] += 1


def _with_targets(run_id: int, events: Sequence[ReceiptEvent]) -> Iterable[ReceiptEvent]:
    """Return the events, those of links with where the link leads."""
    wanted = {int(event.code) for event in events if event.code}
    rows = Link.objects.filter(run_id=run_id, number__in=wanted).values_list("step", "number", "target")
    targets = {(step, str(number)): target for step, number, target in rows}
    return [
        replace(event, detail=targets.get((step_of(event.delivery_id or 0), event.code), ""))
        if event.code
        else event
        for event in events
    ]


def _count(cursor: Any, run_id: int, tally: _Tally) -> None:
    steps = sorted(
        {*tally.opens, *tally.machine_opens, *(s for s, _n in (*tally.clicks, *tally.machine_clicks))}
    )

    def of_links(counts: Counter[tuple[int, int]]) -> list[int]:
        return [sum(n for (one, _number), n in counts.items() if one == step) for step in steps]

    if steps:
        facts = {
            "run": run_id, "steps": steps, "opens": [tally.opens[step] for step in steps],
            "machine_opens": [tally.machine_opens[step] for step in steps],
            "clicks": of_links(tally.clicks), "machine_clicks": of_links(tally.machine_clicks),
        }  # fmt: skip
        cursor.execute(_COUNT, facts)
    keys = sorted({*tally.clicks, *tally.machine_clicks})
    if keys:
        facts = {
            "run": run_id, "steps": [step for step, _n in keys], "numbers": [number for _s, number in keys],
            "people": [tally.people[key] for key in keys], "clicks": [tally.clicks[key] for key in keys],
            "machine": [tally.machine_clicks[key] for key in keys],
        }  # fmt: skip
        cursor.execute(_COUNT_LINKS, facts)
    quarters = sorted({(step, quarter) for step, quarter, _is_click in tally.quarters})
    if quarters:
        facts = {
            "run": run_id, "steps": [step for step, _q in quarters], "quarters": [q for _s, q in quarters],
            "opens": [tally.quarters[(*key, False)] for key in quarters],
            "clicks": [tally.quarters[(*key, True)] for key in quarters],
        }  # fmt: skip
        cursor.execute(_COUNT_QUARTERS, facts)
