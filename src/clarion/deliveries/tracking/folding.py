"""Noting for each contact what became of a run's messages, so that segments can ask it (`ContactActivity`).

The ledger is the record; this is its summary, made in spare time: the first people of a run while it is sent, all
of them when it has ended, and whoever a receipt is about at once. Each pass sets what the ledger says at that
moment, so repeating it is harmless. It costs the sending nothing.
"""

import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from clarion.audience.models import FILES
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import delivery_id, recipient_id

#: Recipients noted in one transaction.
CHUNK = 10_000
#: A run that is being sent is looked at so often.
PAUSE_SECONDS = 60
#: First key of the advisory lock that lets one process note a run's people.
_LOCK_SPACE = 0x464F4C44

_KINDS = ("sent", "delivered", "opened", "clicked", "answered", "failed")
#: Results that tell of each kind: whoever clicked has opened it, and whoever complained has got it.
_FOLD = """
insert into audience_contactactivity as a
    (contact_id, run_id, workspace_id, campaign_id, sent_on, delivered_on, opened_on, clicked_on, answered_on,
     failed_on)
select coalesce(m.contact_id, r.contact_id), r.run_id, u.workspace_id, u.campaign_id,
       (min(d.ended_at) filter (where d.stage = 2) at time zone w.zone)::date,
       (min(e.delivered) at time zone w.zone)::date, (min(e.opened) at time zone w.zone)::date,
       (min(e.clicked) at time zone w.zone)::date, (min(e.answered) at time zone w.zone)::date,
       (least(min(d.ended_at) filter (where d.stage = 4), min(e.bounced)) at time zone w.zone)::date
from deliveries_recipient r
left join audience_mergedcontact m on m.old_id = r.contact_id
join deliveries_run u on u.id = r.run_id
join workspaces_workspace w on w.id = u.workspace_id
join deliveries_delivery d on d.run_id = %(run)s and r.id = d.id >> 4 and d.stage in (2, 4, 5) and {deliveries}
left join (
    select delivery_id, min(at) filter (where result in (2, 3, 4, 5, 12, 13)) as delivered,
           min(at) filter (where result in (3, 4, 5)) as opened, min(at) filter (where result = 4) as clicked,
           min(at) filter (where result = 5) as answered, min(at) filter (where result = 11) as bounced
    from deliveries_receipt d where d.run_id = %(run)s and {receipts} group by delivery_id
) e on e.delivery_id = d.id
where r.run_id = %(run)s and r.contact_id is not null and {people}
group by coalesce(m.contact_id, r.contact_id), r.run_id, u.workspace_id, u.campaign_id, w.zone
having bool_or(d.stage <> 5) or bool_or(e.delivery_id is not null)
on conflict (contact_id, run_id) do update set {sets} where ({old}) is distinct from ({new})
"""
_WRITTEN = {
    "sets": ", ".join(f"{kind}_on = excluded.{kind}_on" for kind in _KINDS),
    "old": ", ".join(f"a.{kind}_on" for kind in _KINDS),
    "new": ", ".join(f"excluded.{kind}_on" for kind in _KINDS),
}
_RANGE = _FOLD.format(
    deliveries="d.id between %(first)s * 16 and %(last)s * 16 + 15",
    receipts="d.delivery_id between %(first)s * 16 and %(last)s * 16 + 15",
    people="r.id between %(first)s and %(last)s",
    **_WRITTEN,
)
_THESE = _FOLD.format(
    deliveries="d.id = any(%(ids)s)",
    receipts="d.delivery_id = any(%(ids)s)",
    people="r.id = any(%(people)s)",
    **_WRITTEN,
)


def note(run_id: int, deliveries: Sequence[int]) -> None:
    """Note what became of these deliveries' recipients, with all the messages to each."""
    people = sorted({recipient_id(one) for one in deliveries})
    steps = list(RunStep.objects.filter(run_id=run_id).values_list("step", flat=True))
    ids = [delivery_id(one, step) for one in people for step in steps]
    with connection.cursor() as cursor:
        cursor.execute(_THESE, {"run": run_id, "people": people, "ids": ids})


def fold_due(*, seconds: float) -> bool:
    """Go on noting runs for about so long; return whether there is more to do."""
    until = time.monotonic() + seconds
    now = timezone.now()
    ended = Q(finished_at__isnull=False) & (Q(folded_at=None) | Q(finished_at__gt=F("folded_at")))
    begun = Q(finished_at=None, first_sent_at__isnull=False) & (
        Q(folded_at=None) | Q(folded_at__lt=now - timedelta(seconds=PAUSE_SECONDS))
    )
    for wanted in (ended, begun):
        for run in Run.objects.filter(wanted).select_related("campaign__source").order_by("id")[:20]:
            while _fold_on(run):
                if time.monotonic() >= until:
                    return True
    return False


@transaction.atomic
def _fold_on(run: Run) -> bool:
    """Note the run's next people; return whether there are more of them now."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, run.pk])
        if not cursor.fetchone()[0]:
            return False
        row = Run.objects.filter(pk=run.pk).first()
        if row is None:
            return False
        first = _first(row)
        last = min(_reached(row), first + CHUNK - 1)
        source = run.campaign.source
        if last >= first and not (source is not None and source.kind in FILES):
            # A chunk is looked up by keys, whatever the planner thinks of tables that have just grown.
            cursor.execute("set local enable_seqscan = off; set local jit = off")
            cursor.execute(_RANGE, {"run": row.pk, "first": first, "last": last})
            cursor.execute("set local enable_seqscan = on")
        is_all = last >= _reached(row)
        facts = {"folded_to": max(last, first - 1), "folded_at": timezone.now() if is_all else row.folded_at}
        if row.finished_at is not None and not is_all:
            facts["folded_at"] = None
        Run.objects.filter(pk=row.pk).update(**facts)
    return not is_all


def _first(run: Run) -> int:
    """Return the first recipient to look at: an ended run begins anew, for what was settled since."""
    begins_anew = run.finished_at is not None and run.folded_at is not None
    return 1 if begins_anew else run.folded_to + 1


def _reached(run: Run) -> int:
    """Return up to whom the run's messages were handed over at least once."""
    if run.finished_at is not None:
        return run.last_recipient_id
    cursors = RunStep.objects.filter(run=run).values_list("cursor", flat=True)
    return min(cursors, default=0)
