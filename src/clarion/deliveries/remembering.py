"""Noting whom recurring campaigns to new people have reached, so that a new run asks once a person and not once a run.

Done behind the sending, chunk by chunk; repeating it is harmless. A run that is not noted yet, or has gone on since, is
looked into itself (`deliveries.earlier`), so the answer is exact at any moment.
"""

import time
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from clarion.campaigns.models import Launch
from clarion.deliveries.models import ReachedRun, Run
from clarion.deliveries.states import Stage

#: Recipients noted in one transaction.
CHUNK = 50_000

_NOTE = f"""
insert into deliveries_reached (campaign_id, who)
select distinct %(campaign)s, hashtextextended(r.address, %(workspace)s)
from deliveries_delivery d
join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
where d.run_id = %(run)s and d.id >= %(first)s * 16 and d.id < %(end)s * 16
  and d.stage in ({Stage.SENT.value}, {Stage.UNKNOWN.value}) and r.skip is null and r.address <> ''
on conflict do nothing
"""
_FORGET = """
delete from deliveries_reached
where campaign_id in (select id from campaigns_campaign where workspace_id = %(workspace)s)
  and who in (select hashtextextended(one, %(workspace)s) from unnest(%(addresses)s::text[]) one)
"""


def note_finished(*, seconds: float = float("inf")) -> bool:
    """Note the runs that are over, for about so long; return whether there is more to do."""
    until = time.monotonic() + seconds
    noted = ReachedRun.objects.filter(run_id=OuterRef("pk"), noted_at__gte=OuterRef("finished_at"))
    over = Run.objects.filter(
        campaign__launch=Launch.RECURRING, campaign__only_new=True, finished_at__isnull=False
    ).exclude(Exists(noted))
    for run in over.order_by("pk").only("pk", "campaign_id", "workspace_id", "last_recipient_id"):
        if not _note(run, until):
            return True
    return False


def forget(workspace_id: int, addresses: Sequence[str]) -> None:
    """Forget the addresses of somebody who was erased."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"workspace": workspace_id, "addresses": list(addresses)})


def _note(run: Run, until: float) -> bool:
    """Note a run's people; return False when the time was over before its end."""
    began = timezone.now()
    for first in range(1, run.last_recipient_id + 1, CHUNK):
        if time.monotonic() >= until:
            return False
        facts = {
            "run": run.pk, "campaign": run.campaign_id, "workspace": run.workspace_id,
            "first": first, "end": first + CHUNK,
        }  # fmt: skip
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local jit = off")
            cursor.execute(_NOTE, facts)
    ReachedRun.objects.update_or_create(
        run_id=run.pk, defaults={"campaign_id": run.campaign_id, "noted_at": began}
    )
    return True
