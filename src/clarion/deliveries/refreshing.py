"""Reading a campaign's audience anew, while it is written or paused: what came, went and changed, and applying it.

A run keeps the people it was built with. Refreshing compares them with what the source says now, in the database: who
was added gets a place at the end, whoever is gone, or was suppressed meanwhile, is skipped unless their message has
left already, and changed variables of those who wait are taken over.
"""

from datetime import timedelta
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet, SourceStatus
from clarion.audience.queries import estimate
from clarion.campaigns import queries as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import cascade_building, differing, locks, tiers
from clarion.deliveries.errors import RefreshRefused
from clarion.deliveries.models import Run
from clarion.deliveries.refreshes.difference import Difference as Difference
from clarion.deliveries.states import Skip
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

#: States in which the audience may be read anew.
REFRESHABLE = frozenset({Status.DRAFT, Status.PAUSED})
_ACTION = "campaign.refresh"
#: A reading of a live spreadsheet so long ago is what the person looked at.
_JUST_READ = timedelta(minutes=10)

#: `skip` of `differing` is why somebody of the source gets nothing now; whoever is not in it any more has been removed.
_GONE = f"""
create temporary table gone on commit drop as
select r.id, coalesce(r.skip, {Skip.REMOVED.value}) as skip {differing.REMOVED}
"""
_UNWAIT_GONE = """
delete from deliveries_waiting w using gone, unnest(%(steps)s::smallint[]) by_step(n)
where w.run_id = %(run)s and w.delivery_id = gone.id * 16 + by_step.n
"""
#: A claim that is under way holds its rows: this waits for it, and then finds them no longer pending.
_SKIP_MESSAGES = """
with u as (
    update deliveries_delivery d set stage = 6, problem = 6
    from gone, unnest(%(steps)s::smallint[]) by_step(n)
    where d.run_id = %(run)s and d.id = gone.id * 16 + by_step.n and d.stage = 0
    returning d.id
)
select (id & 15)::int, count(*)::int from u group by 1
"""
_UNLOOK = "delete from deliveries_look l using gone where l.run_id = %(run)s and l.recipient_id = gone.id"
_SKIP_PEOPLE = """
with skipped as (
    update deliveries_recipient r set stage = 6, skip = gone.skip from gone
    where r.run_id = %(run)s and r.id = gone.id and r.skip is null and not exists (
        select from deliveries_delivery d where d.run_id = %(run)s
          and d.id between r.id * 16 and r.id * 16 + 15 and d.stage <> 6)
    returning r.skip
)
select skip, count(*)::int from skipped group by 1
"""
_CHANGE = f"""
update deliveries_recipient t set variables = v.variables, contact_id = v.contact_id, addresses = v.addresses
from (select r.* {differing.CHANGED}) v where t.run_id = %(run)s and t.id = v.id
"""
_ADD = f"""
with made as (
    insert into deliveries_recipient (run_id, id, contact_id, address, variables, stage)
    select %(run)s, %(last)s + row_number() over (order by n.key), n.contact_id, n.address, n.variables, 0
    {differing.ADDED}
    returning id
), sent_to as (
    insert into deliveries_delivery (run_id, id)
    select %(run)s, made.id * 16 + step from made, unnest(%(steps)s::smallint[]) step order by 2
)
select count(*)::int from made
"""
_ADD_TO_CASCADE = f"""
with made as (
    insert into deliveries_recipient (run_id, id, contact_id, address, addresses, variables, stage)
    select %(run)s, %(last)s + row_number() over (order by n.key), n.contact_id, n.address, n.addresses,
           n.variables, 0
    {differing.ADDED}
    returning id
)
select count(*)::int, null, max(id) from made
"""
_COUNT = """
update deliveries_run
set total = total + %(added)s, pending = pending + %(added)s - %(gone)s, skipped = skipped + %(gone)s,
    last_recipient_id = last_recipient_id + %(added)s,
    waterfall = waterfall || (
        select coalesce(jsonb_object_agg(name, coalesce((waterfall ->> name)::int, 0) + more::int), '{}'::jsonb)
        from jsonb_each_text(%(skips)s::jsonb) s(name, more))
where id = %(run)s and closing_stage is null and finished_at is null
"""


def difference(*, campaign: Campaign, by: Actor) -> Difference:
    """Return what `refresh` would change, without changing it. Raises as `refresh` does."""
    row, run = refreshable(campaign, by)
    if run is None:
        return _of_draft(row)
    with differing.found(row, run, is_applied=False) as cursor:
        return _counted(cursor, run)


@transaction.atomic
def refresh(*, campaign: Campaign, by: Actor) -> Difference:
    """Bring a paused campaign's run to what the source says now, and return what that changed.

    Of a draft, or one that has not begun, the count is noted to compare the next one with. Raises NotAllowed,
    TransitionRefused when the state does not allow it, and RefreshRefused with a sentence.
    """
    row, run = refreshable(campaign, by)
    if run is None:
        found = _of_draft(row)
        _record(row, by, {"people": (found.before, found.now)})
        return found
    locks.hold_building(run.pk)
    with differing.found(row, run, is_applied=True) as cursor:
        found = _counted(cursor, run)
        done = _apply(cursor, run, found)
    changes = {"people": (found.before, found.now), "run": (None, run.number)}
    _record(
        row, by, changes | {name: (None, getattr(done, name)) for name in ("added", "removed", "changed")}
    )
    wake(run_id=run.pk)
    return done


def may_refresh(campaign: Campaign) -> bool:
    """Whether the campaign's state allows it."""
    return campaign.status in REFRESHABLE and campaign.archived_at is None and campaign.source_id is not None


def refreshable(campaign: Campaign, by: Actor) -> tuple[Campaign, Run | None]:
    """Return the campaign afresh and its open run, None when it has none. Raises as `refresh` does."""
    by.require(Permission.EDIT)
    found = Campaign.objects.select_related("source__sheet", "workspace")
    row = found.filter(pk=campaign.pk, workspace=by.workspace).first()
    if row is None or not may_refresh(row):
        raise TransitionRefused
    assert row.source is not None  # noqa: S101 - `may_refresh` has looked
    if row.source.sheet is not None:
        _read_again(row.source.sheet)
    table = row.source.table
    if table.status != SourceStatus.READY:
        raise RefreshRefused(table.failure or _("The campaign's file is still being read."))
    run = None
    if row.status == Status.PAUSED:
        run = Run.objects.filter(campaign=row, finished_at=None).order_by("-number").first()
    if run is not None and (run.built_at is None or run.closing_stage is not None):
        raise RefreshRefused(_("The recipients are still being put together; try again in a moment."))
    return row, run


def _read_again(sheet: LiveSheet) -> None:
    """Have a live spreadsheet read unless that was done just now. Raises RefreshRefused while it is not."""
    now = timezone.now()
    if sheet.checked_at is None or sheet.checked_at < now - _JUST_READ:
        rereading.want(sheet)
        raise RefreshRefused(_("The live source is being read again. Ask once more in a moment."))
    if sheet.problem:
        raise RefreshRefused(_("The live source could not be read: %(why)s") % {"why": sheet.problem})


def _of_draft(row: Campaign) -> Difference:
    assert row.source is not None  # noqa: S101
    step = campaigns.first_step(row)
    channel = step.channel if step is not None else "email"
    now = estimate(row.source, channel, campaign_id=row.pk, is_capped=not row.ignores_caps).will_receive
    last = AuditEvent.objects.filter(
        workspace_id=row.workspace_id, object_kind="campaign", object_id=str(row.public_id), action=_ACTION
    ).order_by("-id").first()  # fmt: skip
    before = last.changes.get("people", [None, None])[1] if last is not None else None
    more = now - before if before is not None else 0
    return Difference(
        added=max(0, more), removed=max(0, -more), changed=0, now=now, before=before, is_of_run=False
    )


def _counted(cursor: Any, run: Run) -> Difference:
    added, removed, changed, now, before = differing.counts(cursor, run)
    return Difference(added=added, removed=removed, changed=changed, now=now, before=before, is_of_run=True)


def _apply(cursor: Any, run: Run, found: Difference) -> Difference:
    """Change the rows, and the counters by what changed: a message may have been claimed in between."""
    facts = differing.facts_of(run)
    cursor.execute(_GONE, facts)
    cursor.execute(_UNWAIT_GONE, facts)
    cursor.execute(_SKIP_MESSAGES, facts)
    dropped = dict(cursor.fetchall())
    cursor.execute(_UNWAIT_GONE, facts)
    if run.is_cascade:
        cursor.execute(_UNLOOK, facts)
    cursor.execute(_SKIP_PEOPLE, facts)
    skips = {Skip(skip).name.lower(): count for skip, count in cursor.fetchall()}
    cursor.execute("drop table gone")
    cursor.execute(_CHANGE, facts)
    changed = cursor.rowcount
    last = Run.objects.only("last_recipient_id").get(pk=run.pk).last_recipient_id
    if run.is_cascade:
        ladder = tiers.ladder_of(run, list(run.steps.all()))
        added = cascade_building.add(cursor, ladder, _ADD_TO_CASCADE, facts | {"last": last})[0]
        tiers.drop(cursor, run.pk, dropped)
    else:
        cursor.execute(_ADD, facts | {"last": last})
        (added,) = cursor.fetchone()
    gone = sum(skips.values())
    told = orjson.dumps(skips).decode()
    cursor.execute(_COUNT, {"run": run.pk, "added": added, "gone": gone, "skips": told})
    if cursor.rowcount != 1:
        raise RefreshRefused(_("The campaign was ended meanwhile."))
    return Difference(
        added=added, removed=gone, changed=changed, now=found.now, before=found.before, is_of_run=True
    )


def _record(row: Campaign, by: Actor, changes: dict[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by,
        action=_ACTION,
        kind="campaign",
        object_id=str(row.public_id),
        object_name=row.name,
        changes=changes,
    )
