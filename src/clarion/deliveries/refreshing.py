"""Reading a campaign's audience anew, while it is written or paused: what came, went and changed, and applying it.

A run keeps the people it was built with. Refreshing compares them with what the source says now, in the database: who
was added gets a place at the end, whoever is gone, or was suppressed meanwhile, is skipped unless their message has
left already, and changed variables of those who wait are taken over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience.livesheets import rereading
from clarion.audience.models import FILES, LiveSheet, SourceStatus
from clarion.audience.queries import estimate
from clarion.campaigns import queries as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, caps, cascade_building, earlier, locks, tiers
from clarion.deliveries.errors import RefreshRefused
from clarion.deliveries.models import Run
from clarion.deliveries.states import Skip, Stage
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Permission
from clarion.workspaces.wake import wake

#: States in which the audience may be read anew.
REFRESHABLE = frozenset({Status.DRAFT, Status.PAUSED})
_ACTION = "campaign.refresh"
#: More than any source holds.
_ALL = 2_000_000_000
#: A reading of a live spreadsheet so long ago is what the person looked at.
_JUST_READ = timedelta(minutes=10)

#: Everybody of the source, judged by themselves as the builder judges.
_JUDGED = """
create temporary table refreshed on commit drop as
select key, contact_id, address, null::jsonb as addresses, variables,
    case when address = '' then 1
         when invalid then 2
         when row_number() over (partition by address, invalid order by key) > 1 then 3
         when suppressed.found is not null then 4
         when barred then 5
         when unwilling then 9
         {capped} {excluded} end::smallint as skip
from ({candidates}) candidate
left join lateral (
    select true as found from audience_suppression s
    where s.workspace_id = %(workspace)s and s.channel = %(channel)s and s.address = candidate.address limit 1
) suppressed on true
"""

#: Whoever got it from an earlier launch, or may have, gets it no second time.
_ADDED = f"""
from refreshed n
where n.skip is null
  and not exists (
    select from deliveries_recipient r where r.run_id = %(run)s and r.address = n.address
      and (r.skip is null or r.skip in ({Skip.CAPPED.value}, {Skip.EXCLUDED.value})))
  and not exists (
    select from deliveries_recipient e
    join deliveries_delivery d on d.run_id = e.run_id and d.id between e.id * 16 and e.id * 16 + 15
    where e.run_id = any(%(earlier)s) and e.address = n.address and e.skip is null
      and d.stage in ({Stage.SENT.value}, {Stage.UNKNOWN.value}))
"""
_PENDING = """
  and r.skip is null and not exists (
    select from deliveries_delivery d where d.run_id = %(run)s
      and d.id between r.id * 16 and r.id * 16 + 15 and d.stage not in (0, 6))
"""
_REMOVED = f"""
from deliveries_recipient r
where r.run_id = %(run)s {_PENDING}
  and not exists (select from refreshed n where n.address = r.address and n.skip is null)
"""
_CHANGED = f"""
from deliveries_recipient r
join refreshed n on n.address = r.address and n.skip is null
 and (n.variables, n.addresses) is distinct from (r.variables, r.addresses)
where r.run_id = %(run)s {_PENDING}
"""
_COUNTS = f"""
select (select count(*)::int {_ADDED}), (select count(*)::int {_REMOVED}), (select count(*)::int {_CHANGED}),
       (select count(*)::int from refreshed where skip is null),
       (select count(*)::int from deliveries_recipient where run_id = %(run)s and skip is null)
"""

_GONE = f"""
create temporary table gone on commit drop as
select r.id, coalesce((select n.skip from refreshed n
                       where n.address = r.address
                         and n.skip in (4, 5, 6, {Skip.NO_CONSENT.value}, {Skip.EXCLUDED.value}) limit 1),
                      {Skip.REMOVED.value}) as skip {_REMOVED}
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
from (select r.id, n.variables, n.contact_id, n.addresses {_CHANGED}) v where t.run_id = %(run)s and t.id = v.id
"""
_ADD = f"""
with made as (
    insert into deliveries_recipient (run_id, id, contact_id, address, variables, stage)
    select %(run)s, %(last)s + row_number() over (order by n.key), n.contact_id, n.address, n.variables, 0 {_ADDED}
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
           n.variables, 0 {_ADDED}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the source says now against the run's people; of a draft, only how many against the last count.

    `removed` and `changed` are people whose message has not left. `before` is None when nobody has counted yet.
    """

    added: int
    removed: int
    changed: int
    #: How many people get something, by the source as it is now, and as it was when built or last counted.
    now: int
    before: int | None
    #: Whether a run is changed by applying it.
    is_of_run: bool

    @property
    def is_none(self) -> bool:
        return not (self.added or self.removed or self.changed)


def difference(*, campaign: Campaign, by: Actor) -> Difference:
    """Return what `refresh` would change, without changing it. Raises as `refresh` does."""
    row, run = _refreshable(campaign, by)
    if run is None:
        return _of_draft(row)
    with _judged(row, run) as cursor:
        return _counted(cursor, run)


@transaction.atomic
def refresh(*, campaign: Campaign, by: Actor) -> Difference:
    """Bring a paused campaign's run to what the source says now, and return what that changed.

    Of a draft, or one that has not begun, the count is noted to compare the next one with. Raises NotAllowed,
    TransitionRefused when the state does not allow it, and RefreshRefused with a sentence.
    """
    row, run = _refreshable(campaign, by)
    if run is None:
        found = _of_draft(row)
        _record(row, by, {"people": (found.before, found.now)})
        return found
    locks.hold_building(run.pk)
    with _judged(row, run) as cursor:
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


def _refreshable(campaign: Campaign, by: Actor) -> tuple[Campaign, Run | None]:
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


@contextmanager
def _judged(row: Campaign, run: Run) -> Iterator[Any]:
    """Lend a cursor that finds everybody of the source, judged, in `refreshed`; the table goes with the transaction."""
    channel = run.steps.order_by("step")[0].channel
    assert row.source is not None  # noqa: S101
    facts: dict[str, Any] = {
        "workspace": row.workspace_id, "channel": channel, "source": row.source.table.pk, "after": -1, "chunk": _ALL,
    }  # fmt: skip
    statement = _judging_cascade(row, run, facts) if run.is_cascade else _judging(row, channel, facts)
    channels = list(dict.fromkeys(run.steps.order_by("step").values_list("channel", flat=True)))
    with transaction.atomic(), connection.cursor() as cursor:
        held = caps.held_to(run, statement, channels, timezone.now())
        cursor.execute(held.sql, facts | held.parameters)
        cursor.execute("create index on refreshed (address)")
        cursor.execute("analyze refreshed")
        yield cursor
        cursor.execute("drop table refreshed")


def _judging(row: Campaign, channel: str, facts: dict[str, Any]) -> str:
    """Return the statement that makes `refreshed`, and put its parameters to the others."""
    now = timezone.now()
    candidates = building.candidates_of(row, channel, now)
    excluding = building.excluding_of(row, channel, now)
    facts |= candidates.parameters | (excluding.parameters if excluding else {})
    excluded = f"when {excluding.sql} then {Skip.EXCLUDED.value}" if excluding else ""
    return _JUDGED.format(candidates=candidates.sql, capped=caps.HERE, excluded=excluded)


def _judging_cascade(row: Campaign, run: Run, facts: dict[str, Any]) -> str:
    """As `_judging`, by every address that a person has."""
    assert row.source is not None  # noqa: S101
    now, ladder = timezone.now(), tiers.ladder_of(run, list(run.steps.all()))
    if row.source.kind in FILES:
        candidates = cascade_building.people(ladder)
        country = row.workspace.default_country
        facts |= cascade_building.rows_of(row.source.table, ladder, country, after=-1, limit=_ALL)
    else:
        offered = cascade_building.of_contact(ladder)
        candidates = building.candidates_of(row, facts["channel"], now, address=offered)
    excluding = cascade_building.excluding_of(row, ladder, now)
    facts |= candidates.parameters | (excluding.parameters if excluding else {})
    facts |= cascade_building.judging(ladder)
    return "create temporary table refreshed on commit drop as " + cascade_building.judged_alone(
        ladder, candidates, excluding
    )


def _facts(run: Run) -> dict[str, Any]:
    steps = list(run.steps.order_by("step").values_list("step", flat=True))
    return {"run": run.pk, "earlier": earlier.leaving_out(run), "steps": steps}


def _counted(cursor: Any, run: Run) -> Difference:
    cursor.execute(_COUNTS, _facts(run))
    added, removed, changed, now, before = cursor.fetchone()
    return Difference(added=added, removed=removed, changed=changed, now=now, before=before, is_of_run=True)


def _apply(cursor: Any, run: Run, found: Difference) -> Difference:
    """Change the rows, and the counters by what changed: a message may have been claimed in between."""
    facts = _facts(run)
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
