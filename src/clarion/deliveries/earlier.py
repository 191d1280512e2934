"""What the runs before a run have to do with it: who is left out because of them, and how the audience differs."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from clarion.campaigns.models import Launch
from clarion.deliveries.models import ReachedRun, Run
from clarion.deliveries.states import Stage

#: Whether an address was written to, or may have been, by what `leaving_out` names; its parameters are those and
#: workspace. What was noted is one probe, however many runs there were; the others are looked into one by one.
WAS_WRITTEN_TO = f"""
exists (
    select 1 from deliveries_reached was
    where was.campaign_id = %(reached)s and was.who = hashtextextended({{address}}, %(workspace)s))
or exists (
    select 1 from deliveries_recipient e
    join deliveries_delivery d on d.run_id = e.run_id and d.id between e.id * 16 and e.id * 16 + 15
    where e.run_id = any(%(earlier)s) and e.address = {{address}} and e.skip is null
      and d.stage in ({Stage.SENT.value}, {Stage.UNKNOWN.value}))
"""

#: Everybody with an address counts once, whether they get it or not; the run before may be large, so both are read
#: as a whole.
_DIFFERENCE = """
with now as (
    select address from deliveries_recipient
    where run_id = %(run)s and address <> '' and (skip is null or skip > 3)
), before as (
    select address from deliveries_recipient
    where run_id = %(before)s and address <> '' and (skip is null or skip > 3)
)
select (select count(*)::int from now), (select count(*)::int from before),
       (select count(*)::int from now join before using (address))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Runs whose people must not get it again, and the campaign whose noted people must not."""

    runs: list[int]
    #: None where nobody was noted, or it does not matter.
    campaign_id: int | None = None

    def __bool__(self) -> bool:
        return bool(self.runs) or self.campaign_id is not None

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of `WAS_WRITTEN_TO`."""
        return {"earlier": self.runs, "reached": self.campaign_id}


def leaving_out(run: Run) -> Before:
    """Return whose people must not get it again: those who were written to, or may have been.

    A run that was called off, when the campaign was launched again for what it was for; every run, when a recurring
    campaign goes only to who is new.
    """
    if run.number == 1:
        return Before(runs=[])
    campaign = run.campaign
    before = Run.objects.filter(campaign=campaign, number__lt=run.number).order_by("number")
    if campaign.launch == Launch.RECURRING and campaign.only_new:
        noted = ReachedRun.objects.filter(run_id=OuterRef("pk"), noted_at__gte=OuterRef("finished_at"))
        others = list(before.exclude(Exists(noted)).values_list("pk", flat=True))
        is_noted = ReachedRun.objects.filter(campaign_id=campaign.pk).exists()
        return Before(runs=others, campaign_id=campaign.pk if is_noted else None)
    called_off = list(before.filter(closing_stage=Stage.CANCELLED))
    if campaign.launch == Launch.RECURRING:
        # Another occurrence is another message, for everybody.
        called_off = [one for one in called_off if _occurrence(one) == _occurrence(run)]
    return Before(runs=[one.pk for one in called_off])


def difference(run: Run) -> dict[str, int]:
    """Return how many addresses were added, removed and stayed the same since the last run that was not called off.

    Empty when there was none.
    """
    before = (
        Run.objects.filter(campaign_id=run.campaign_id, number__lt=run.number, closing_stage=None)
        .order_by("-number")
        .first()
    )
    if before is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCE, {"run": run.pk, "before": before.pk})
        now, then, same = cursor.fetchone()
    return {"added": now - same, "removed": then - same, "same": same}


def _occurrence(run: Run) -> int:
    return int(run.plan.get("occurrence", 0))
