"""Noting whom runs that are over have written to, in few octets a message, so that frequency caps are cheap to ask.

Only workspaces with caps have anything noted, and as far back as their longest rule reaches. It is done behind the
sending, run by run and in chunks that may be repeated: `audience.capping` looks into a run itself until it is noted.
"""

import time
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from clarion.audience.capping import WHO
from clarion.audience.models import FrequencyCap, OptOutRules
from clarion.deliveries.models import Contacted, Run, RunStep

CHUNK = 20_000

_NOTE = f"""
insert into deliveries_contacted (run_id, delivery_id, workspace_id, who, at, channel)
select d.run_id, d.id, %(cap_workspace)s, {WHO.format(address="coalesce(d.address, r.address)")},
       coalesce(d.ended_at, %(ended)s), %(channel)s
from deliveries_delivery d
join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
where d.run_id = %(run)s and d.id >= %(first)s * 16 and d.id < (%(last)s + 1) * 16
  and d.id & 15 = %(step)s and d.stage in (2, 5)
on conflict do nothing
"""


def count_finished(*, seconds: float = float("inf")) -> bool:
    """Note what is over in every workspace with caps, for about so long; return whether there is more to do."""
    until = time.monotonic() + seconds
    forget()
    for workspace_id, days in _farthest().items():
        _reach(workspace_id, days)
        for run in _uncounted(workspace_id, days):
            while _count_chunk(run):
                if time.monotonic() >= until:
                    return True
    return False


def forget() -> None:
    """Remove what no rule reaches any more."""
    farthest = _farthest()
    for rules in OptOutRules.objects.filter(counted_days__gt=0).exclude(pk__in=farthest):
        with transaction.atomic():
            _begin_anew(rules.pk, 0)
    for workspace_id, days in farthest.items():
        since = timezone.now() - timedelta(days=days)
        with transaction.atomic():
            OptOutRules.objects.filter(pk=workspace_id, counted_days__gt=days).update(counted_days=days)
            Contacted.objects.filter(workspace_id=workspace_id, at__lt=since).delete()


def _farthest() -> dict[int, int]:
    """Return how many days back each workspace's rules reach."""
    found = FrequencyCap.objects.values("workspace").annotate(days=Max("days")).order_by("workspace")
    return {row["workspace"]: row["days"] for row in found}


def _reach(workspace_id: int, days: int) -> None:
    """Let the notes of a workspace go back so far; those that do not are made anew."""
    with transaction.atomic():
        rules, _is_new = OptOutRules.objects.select_for_update().get_or_create(pk=workspace_id)
        if rules.counted_days < days:
            _begin_anew(workspace_id, days)


def _begin_anew(workspace_id: int, days: int) -> None:
    Contacted.objects.filter(workspace_id=workspace_id).delete()
    Run.objects.filter(workspace_id=workspace_id, counted_id__gt=0).update(counted_id=0)
    OptOutRules.objects.filter(pk=workspace_id).update(counted_days=days)


def _uncounted(workspace_id: int, days: int) -> list[Run]:
    """Return the runs that are over and may count for a rule, the newest first."""
    since = timezone.now() - timedelta(days=days)
    over = Run.objects.annotate(end=Coalesce("last_sent_at", "finished_at")).filter(
        Q(end__gt=since),
        workspace=workspace_id,
        finished_at__isnull=False,
        counted_id__lt=F("last_recipient_id"),
    )
    return list(over.defer("plan", "waterfall").order_by("-pk"))


@transaction.atomic
def _count_chunk(run: Run) -> bool:
    """Note the next people's messages; return whether there are more. Nothing is done to a run that goes on again."""
    row = (
        Run.objects.select_for_update().only("counted_id", "last_recipient_id", "finished_at").get(pk=run.pk)
    )
    if row.finished_at is None or row.counted_id >= row.last_recipient_id:
        return False
    last = min(row.counted_id + CHUNK, row.last_recipient_id)
    with connection.cursor() as cursor:
        # A stretch of a large run is looked up by its keys.
        cursor.execute("set local enable_seqscan = off; set local enable_hashjoin = off; set local jit = off")
        for step, channel in RunStep.objects.filter(run_id=run.pk).values_list("step", "channel"):
            cursor.execute(
                _NOTE,
                {
                    "run": run.pk, "step": step, "channel": channel, "cap_workspace": run.workspace_id,
                    "first": row.counted_id + 1, "last": last, "ended": row.finished_at,
                },
            )  # fmt: skip
    Run.objects.filter(pk=run.pk).update(counted_id=last)
    return last < row.last_recipient_id
