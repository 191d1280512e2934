"""Reading what became of a run's deliveries for the endpoints that ask for it.

Each endpoint has a feed for each run, which follows the claims: every chunk of recipients is read once, what is over
is told, and what is still on its way, or put off, is written down as stragglers and looked at again, ever more
seldom. Whatever is changed after that - sent again, settled by a person, made for a later tier - comes back by
`webhooks.publishing.watch`. So nothing is read twice, and nothing is left out. Where the process dies, the transaction
of its chunk is undone. The ledger is the queue: an endpoint that is behind is not read for.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.reasons import explain
from clarion.deliveries.states import STEPS, Stage, recipient_id, step_of
from clarion.webhooks import operations as webhooks
from clarion.webhooks.models import Endpoint, EndpointStatus, Feed, Kind, Straggler

#: Recipients read in one transaction.
CHUNK = 5_000
#: An endpoint with so many batches in its line has to take those first.
MOST_WAITING = 20
#: Seconds from a look at stragglers to the next one, at most.
LONGEST_GAP = 30
#: Runs are looked for among so many numbers below the newest: their transactions may end in another order.
_LOOK_BACK = 1_000

#: Runs that begin later than the endpoint are told from their start, others from where they are.
_OPEN = """
insert into webhooks_feed (endpoint_id, run_id, read_to, is_open)
select %(endpoint)s, r.id,
       case when r.created_at >= %(since)s then 0
            else coalesce((select least(min(s.cursor), r.last_recipient_id) from deliveries_runstep s
                           where s.run_id = r.id), 0) end,
       true
from deliveries_run r
where r.workspace_id = %(workspace)s and r.id > %(after)s and (r.created_at >= %(since)s or r.finished_at is null)
on conflict do nothing
"""
_ROWS = """
select d.id, d.stage, d.attempts, d.ended_at, d.reason, coalesce(d.code, ''), coalesce(d.provider_id, ''), c.public_id
from deliveries_delivery d
left join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
left join audience_contact c on c.id = r.contact_id
where d.run_id = %(run)s and {which} and d.stage in (0, 1, 2, 4, 5)
order by d.id
"""
_RANGE = _ROWS.format(which="d.id between %(low)s and %(high)s")
_THESE = _ROWS.format(which="d.id = any(%(ids)s::bigint[])")

_TYPES = {Stage.SENT: "delivery.sent", Stage.FAILED: "delivery.failed", Stage.UNKNOWN: "delivery.unknown"}
_ON_ITS_WAY = (Stage.PENDING, Stage.IN_FLIGHT)


def feed_due(*, seconds: float) -> bool:
    """Go on reading for about so long; return whether there is more to read now."""
    until = time.monotonic() + seconds
    asking = Endpoint.objects.filter(status=EndpointStatus.ON, kinds__contains=[Kind.DELIVERY])
    more = False
    for endpoint in asking.select_related("workspace").order_by("pk"):
        _open(endpoint)
        more = _feed(endpoint, until) or more
    return more


def _open(endpoint: Endpoint) -> None:
    """Begin a feed for every run that has none."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id), 0) from deliveries_run")
        newest = cursor.fetchone()[0]
        cursor.execute(
            _OPEN,
            {
                "endpoint": endpoint.pk, "workspace": endpoint.workspace_id, "since": endpoint.since,
                "after": endpoint.runs_to - _LOOK_BACK,
            },
        )  # fmt: skip
    if newest > endpoint.runs_to:
        Endpoint.objects.filter(pk=endpoint.pk).update(runs_to=newest)


def _feed(endpoint: Endpoint, until: float) -> bool:
    """Read for one endpoint; return whether there is more that its line has room for."""
    while (found := _look(endpoint)) is not None:
        if time.monotonic() >= until or not found:
            break
    for feed_id in (
        Feed.objects.filter(endpoint=endpoint, is_open=True).order_by("run_id").values_list("pk", flat=True)
    ):
        while webhooks.waiting_in(endpoint.pk, MOST_WAITING) < MOST_WAITING and _read(endpoint, feed_id):
            if time.monotonic() >= until:
                return True
    return False


@transaction.atomic
def _read(endpoint: Endpoint, feed_id: int) -> bool:
    """Read a feed's next chunk; return whether there is another one now."""
    feed = Feed.objects.select_for_update(skip_locked=True).filter(pk=feed_id, is_open=True).first()
    if feed is None:
        return False
    run = Run.objects.select_related("campaign").filter(pk=feed.run_id).first()
    if run is None:
        feed.delete()
        return False
    reached = _reached(run)
    last = min(reached, feed.read_to + CHUNK)
    if last > feed.read_to:
        facts = {"run": run.pk, "low": (feed.read_to + 1) * STEPS, "high": last * STEPS + STEPS - 1}
        with connection.cursor() as cursor:
            # A chunk is looked up by keys, whatever the planner thinks of tables that have just grown.
            cursor.execute("set local enable_seqscan = off; set local jit = off")
            cursor.execute(_RANGE, facts)
            rows = cursor.fetchall()
            cursor.execute("set local enable_seqscan = on")
        _tell(endpoint, run, rows)
        late = [row[0] for row in rows if row[1] in _ON_ITS_WAY]
        if late:
            Straggler.objects.create(feed=feed, ids=late)
    is_open = run.finished_at is None or last < reached
    if last > feed.read_to or not is_open:
        Feed.objects.filter(pk=feed.pk).update(read_to=max(last, feed.read_to), is_open=is_open)
    return last < reached


def _reached(run: Run) -> int:
    """Return up to whom the run's messages were handed over at least once."""
    if run.finished_at is not None:
        return run.last_recipient_id
    cursors = RunStep.objects.filter(run=run).values_list("cursor", flat=True)
    return min(run.last_recipient_id, min(cursors, default=0))


@transaction.atomic
def _look(endpoint: Endpoint) -> bool | None:
    """Look at stragglers whose time has come; return whether any was over, None when there are none."""
    due = Straggler.objects.select_for_update(skip_locked=True, of=("self",)).select_related("feed")
    straggler = due.filter(feed__endpoint=endpoint, look_at__lte=timezone.now()).order_by("look_at").first()
    if straggler is None or webhooks.waiting_in(endpoint.pk, MOST_WAITING) >= MOST_WAITING:
        return None
    run = Run.objects.select_related("campaign").filter(pk=straggler.feed.run_id).first()
    if run is None:
        straggler.delete()
        return True
    with connection.cursor() as cursor:
        cursor.execute(_THESE, {"run": run.pk, "ids": straggler.ids})
        rows = cursor.fetchall()
    now = timezone.now()
    _tell(endpoint, run, rows, at=now if straggler.gap == 0 else None)
    late = [row[0] for row in rows if row[1] in _ON_ITS_WAY]
    if not late:
        straggler.delete()
        return True
    has_moved = len(late) < len(straggler.ids)
    gap = 1 if has_moved else min(LONGEST_GAP, max(1, straggler.gap * 2))
    again = now + timedelta(seconds=gap)
    Straggler.objects.filter(pk=straggler.pk).update(ids=late, gap=gap, look_at=again)
    return has_moved


def _tell(endpoint: Endpoint, run: Run, rows: Sequence[Sequence[Any]], *, at: datetime | None = None) -> None:
    webhooks.put(endpoint.pk, list(_events(endpoint, run, rows, at)))


def _events(
    endpoint: Endpoint, run: Run, rows: Sequence[Sequence[Any]], at: datetime | None
) -> Iterable[tuple[str, bytes]]:
    campaign, slug = str(run.campaign.public_id), endpoint.workspace.slug
    channels = dict(RunStep.objects.filter(run=run).values_list("step", "channel"))
    for id, stage, attempts, ended_at, reason, code, provider_id, contact in rows:
        if stage in _ON_ITS_WAY:
            continue
        name, step = _TYPES[stage], step_of(id)
        event = {
            "id": f"dlv-{run.pk}-{id}-{attempts}-{stage}",
            "type": name,
            "key": key_of(run.pk, id),
            "data": {
                "campaign": campaign, "run": run.number, "recipient": recipient_id(id), "step": step,
                "channel": channels.get(step, ""), "contact": str(contact) if contact else None,
                "attempts": attempts, "reason": _reason(reason), "code": code, "provider_id": provider_id,
                "ended_at": ended_at.isoformat() if ended_at else None,
            },
        }  # fmt: skip
        yield name, webhooks.packed(event, at=at or ended_at or timezone.now(), workspace=slug)


def key_of(run_id: int, delivery_id: int) -> str:
    """Return the ordering key of what is told of a delivery."""
    return f"delivery:{run_id}:{recipient_id(delivery_id)}:{step_of(delivery_id)}"


@lru_cache(maxsize=256)
def _reason(code: int | None) -> str | None:
    return explain(code).name if code is not None else None
