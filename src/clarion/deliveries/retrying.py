"""Sending again to those it failed for: their messages are pending once more, with every counter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience.addresses import kept_from_sql
from clarion.campaigns import lifecycle
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Action, Status
from clarion.deliveries import looking
from clarion.deliveries.errors import RetryRefused
from clarion.deliveries.models import Run, RunProblem
from clarion.deliveries.states import Stage
from clarion.engine.outcomes import Reason
from clarion.webhooks import publishing
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

_NOTHING = gettext_lazy("No message of the latest run has failed, so there is nothing to send again.")
_ALL_SUPPRESSED = gettext_lazy("All whom it failed for are suppressed, so there is nobody to send to again.")
#: States in which the latest run's failed messages may be sent again.
RETRYABLE = frozenset({Status.COMPLETED, Status.SENDING, Status.PAUSED})

_FAILED = f"""
    from deliveries_delivery d
    join deliveries_recipient r on r.run_id = %(run)s and r.id = d.id >> 4
    join deliveries_runstep rs on rs.run_id = %(run)s and rs.step = d.id & 15
    left join lateral (
        select true as found from audience_suppression s
        where s.workspace_id = %(workspace)s and s.channel = rs.channel
          and s.address = coalesce(d.address, r.address)
        -- Of who was erased there is no address any more.
        union all select true where r.address = ''
        union all select true where {kept_from_sql("coalesce(d.address, r.address)")} limit 1
    ) suppressed on true
    left join audience_contact c
      on c.id = r.contact_id and (c.state = 'DO_NOT_CONTACT' or rs.channel = any(c.refusals))
    where d.run_id = %(run)s and d.problem = 4
      and (%(reasons)s::smallint[] is null or d.reason = any(%(reasons)s))
      and (%(people)s::bigint[] is null or r.id = any(%(people)s))
"""
_ALLOWED = " and suppressed.found is null and c.id is null"
#: In a cascade: only for people with whom it is over, and on one tier of theirs - the first on which something can be
#: sent again - when nothing was taken on another: nobody gets by a retry what the cascade would not have given them.
_OF_CASCADE = """
      and r.stage in (3, 4) and not exists (
        select from deliveries_delivery o
        join deliveries_runstep os on os.run_id = %(run)s and os.step = o.id & 15 and os.tier <> rs.tier
        where o.run_id = %(run)s and o.id between r.id * 16 and r.id * 16 + 15 and (
            o.stage in (0, 1, 2, 5)
            or (o.problem = 4 and os.tier < rs.tier
                and (%(reasons)s::smallint[] is null or o.reason = any(%(reasons)s))
                and not exists (
                    select from audience_suppression s
                    where s.workspace_id = %(workspace)s and s.channel = os.channel and s.address = o.address))))
"""

_PREVIEW = f"""
select count(*)::int, count(*) filter (where suppressed.found is not null or c.id is not null)::int {_FAILED}
"""
_CHANGE = f"""
with was as (
    select d.id, d.reason, coalesce(d.code, '') as code, date_trunc('minute', d.ended_at) as minute
    {_FAILED} {_ALLOWED} {{of_cascade}} order by d.id for update of d
), changed as (
    update deliveries_delivery d set stage = 0, problem = null
    from was where d.run_id = %(run)s and d.id = was.id
), waits as (
    insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)
    select %(run)s, id, id & 15, now(), null from was
)
select id & 15, reason, code, minute, count(*)::int, array_agg(id) from was group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""
_FEWER_PROBLEMS = """
update deliveries_runproblem set count = count - %(count)s
 where run_id = %(run)s and step = %(step)s and stage = 4 and reason = %(reason)s and code = %(code)s
"""
_FEWER_THAT_MINUTE = """
update deliveries_activity set count = count - %(count)s
 where run_id = %(run)s and step = %(step)s and minute = %(minute)s and stage = 4
"""
_STEP = """
update deliveries_runstep set failed = failed - %(count)s, handed = handed - %(count)s
 where run_id = %(run)s and step = %(step)s
"""
#: Changes no row when the run has ended, or is being called off, against what was seen before.
_RUN = """
update deliveries_run set failed = failed - %(count)s, pending = pending + %(count)s, finished_at = null,
       counted_id = 0
 where id = %(run)s and closing_stage is null and (finished_at is not null) = %(is_over)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a retry would do. `reasons` are (reason, how many messages failed for it), the most frequent first."""

    failed: int
    suppressed: int
    reasons: Sequence[tuple[Reason, int]]

    @property
    def again(self) -> int:
        """How many would be sent again."""
        return self.failed - self.suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What a retry did: how many are sent again, and how many were left out because they are suppressed."""

    again: int
    suppressed: int


def preview(
    run: Run, *, reasons: Sequence[Reason] | None = None, people: Sequence[int] | None = None
) -> Preview:
    """Return what `retry_failed` would do to the run now. Its reasons are those of everybody."""
    with connection.cursor() as cursor:
        cursor.execute(_PREVIEW + _OF_CASCADE * run.is_cascade, _facts(run, reasons, people))
        failed, suppressed = cursor.fetchone()
    counts: dict[int, int] = {}
    for reason, count in RunProblem.objects.filter(run=run, stage=Stage.FAILED, count__gt=0).values_list(
        "reason", "count"
    ):
        counts[reason] = counts.get(reason, 0) + count
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Preview(failed=failed, suppressed=suppressed, reasons=[(Reason(r), n) for r, n in ranked])


@transaction.atomic
def retry_failed(
    *,
    campaign: Campaign,
    by: Actor,
    reasons: Sequence[Reason] | None = None,
    people: Sequence[int] | None = None,
    reason: str = "",
) -> Retried:
    """Let the latest run send again what failed in it: all, or what failed for these reasons or these people.

    `people` are numbers of recipients of that run.

    A completed campaign goes on sending by it. Suppressed addresses and people who are not to be contacted are left
    out. Raises NotAllowed, TransitionRefused when the campaign's state does not allow it, and RetryRefused, with a
    sentence, when there is nothing to send again or no time left to do it.
    """
    by.require(Permission.LAUNCH)
    row = Campaign.objects.filter(pk=campaign.pk, workspace=by.workspace, archived_at=None).first()
    if row is None or row.status not in RETRYABLE:
        raise TransitionRefused
    if row.ends_at is not None and row.ends_at <= timezone.now():
        raise RetryRefused(_("The campaign's end has passed: nothing can be sent in it any more."))
    run = Run.objects.filter(campaign=row).order_by("-number").first()
    if run is None:
        raise RetryRefused(str(_NOTHING))
    facts = _facts(run, reasons, people)
    with connection.cursor() as cursor:
        only = _OF_CASCADE * run.is_cascade
        cursor.execute(_PREVIEW + only, facts)
        _failed, suppressed = cursor.fetchone()
        cursor.execute(_CHANGE.replace("{of_cascade}", only), facts)
        rows = cursor.fetchall()
        count = sum(one[4] for one in rows)
        if not count:
            raise RetryRefused(str(_ALL_SUPPRESSED) if suppressed else str(_NOTHING))
        _count(cursor, run, rows)
        is_over = row.status == Status.COMPLETED
        publishing.watch(cursor, run.pk, [one for row in rows for one in row[5]])
        people = looking.people_of([one for row in rows for one in row[5]]) if run.is_cascade else []
        if people:
            looking.hold(cursor, run.pk, people)
        counted = 0 if run.is_cascade else count
        cursor.execute(_RUN, {"run": run.pk, "count": counted, "is_over": is_over})
        if cursor.rowcount != 1:
            raise TransitionRefused
        if people:
            looking.restage(cursor, run.pk, people)
    if is_over:
        lifecycle.move(row, Action.RETRY, by=by, reason=reason)
    _record(row, by, run, count, suppressed, reason)
    wake(run_id=run.pk)
    return Retried(again=count, suppressed=suppressed)


def _facts(run: Run, reasons: Sequence[Reason] | None, people: Sequence[int] | None) -> dict[str, Any]:
    codes = None if reasons is None else [one.value for one in reasons]
    numbers = None if people is None else list(people)
    return {"run": run.pk, "workspace": run.workspace_id, "reasons": codes, "people": numbers}


def _count(cursor: Any, run: Run, rows: Sequence[Sequence[Any]]) -> None:
    """Take the messages off what failed, in the order in which the engine locks."""
    for step, reason, code, minute, count, _ids in rows:
        values = {
            "run": run.pk, "step": step, "reason": reason, "code": code, "minute": minute, "count": count,
        }  # fmt: skip
        cursor.execute(_FEWER_PROBLEMS, values)
        cursor.execute(_FEWER_THAT_MINUTE, values)
    for step in sorted({one[0] for one in rows}):
        some = sum(one[4] for one in rows if one[0] == step)
        cursor.execute(_STEP, {"run": run.pk, "step": step, "count": some})


def _record(campaign: Campaign, by: Actor, run: Run, count: int, suppressed: int, reason: str) -> None:
    audit.record(
        by=by,
        action="campaign.retry_failed",
        kind="campaign",
        object_id=str(campaign.public_id),
        object_name=campaign.name,
        reason=reason,
        changes={"run": (None, run.number), "messages": (None, count), "suppressed": (None, suppressed)},
    )
