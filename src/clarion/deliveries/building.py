"""Putting a run's recipients together: set-based, in chunks, going on after a crash where it was.

Each chunk is one transaction: rows, counters, the waterfall and the cursor together. The first is small, so
that sending begins within a moment even for millions.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import shortlisting
from clarion.audience.models import FILES, Source, SourceKind, SourceStatus
from clarion.audience.queries import has_more_suppressions
from clarion.campaigns import lifecycle
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Launch
from clarion.campaigns.states import Action
from clarion.channels import registry
from clarion.deliveries import (
    candidates,
    caps,
    cascade_building,
    earlier,
    judging,
    livesheets,
    locks,
    operations,
    optout,
    partitions,
    tiers,
)
from clarion.deliveries.errors import RunInvalid
from clarion.deliveries.models import Run
from clarion.deliveries.telling import running
from clarion.workspaces import actors
from clarion.workspaces.wake import wake

log = structlog.get_logger(__name__)

FIRST_CHUNK = 1_000
CHUNK = 20_000
#: To look whether an address is suppressed takes as long as to read about so many suppressions for each chunk of them.
FEW = 40_000
#: First key of the advisory lock that lets one process build a run.
_LOCK_SPACE = 0x4255494C

#: What is looked for in the big tables: variables are not, and to sort a sample of them costs as much as all else.
_LOOKED_AT = {
    "deliveries_recipient": " (run_id, id, contact_id, address, stage, skip)",
    "deliveries_delivery": "",
}

#: Of addresses `s`, those of people of a run who still would get something.
STILL_PENDING = """
cross join lateral (
    -- By the address's index: as a plain join the planner reads both big tables for each other.
    select id from deliveries_recipient r
    where r.run_id = %(run)s and r.address = s.address and r.skip is null limit 1
) r
cross join lateral (
    select 1 from deliveries_delivery d
    where d.run_id = %(run)s and d.id between r.id * 16 and r.id * 16 + 15 and d.stage = 0 limit 1
) d
"""

#: Addresses that were suppressed while the run was built, of people who still would get something. A minute is
#: allowed for transactions that began before the run.
_LATE = f"""
select s.address
from audience_suppression s
{STILL_PENDING}where s.workspace_id = %(workspace)s and s.channel = %(channel)s
  and s.created_at > %(began)s::timestamptz - interval '1 minute'
"""

#: Changes nothing when the run was called off while the chunk was made.
_COUNT = """
update deliveries_run
set total = total + %(made)s, pending = pending + %(usable)s, skipped = skipped + %(made)s - %(usable)s,
    last_recipient_id = %(last)s, build_cursor = %(cursor)s, built_count = built_count + %(made)s,
    waterfall = (
        select jsonb_object_agg(name, coalesce((waterfall ->> name)::int, 0) + added::int)
        from jsonb_each_text(%(waterfall)s::jsonb) w(name, added)
    )
where id = %(run)s and built_at is null and closing_stage is null
"""


def build(
    campaign_id: int, *, seconds: float = float("inf"), stopping: Callable[[], bool] = lambda: False
) -> bool:
    """Build the run of a BUILDING campaign, as `build_run` does; begin it when there is none."""
    operations.call_off_earlier(campaign_id)
    try:
        run = operations.begin_run(campaign_id)
    except RunInvalid as problem:
        operations.fail_campaign(campaign_id, str(problem))
        return False
    return run is not None and build_run(run, seconds=seconds, stopping=stopping)


def build_run(
    run: Run, *, seconds: float = float("inf"), stopping: Callable[[], bool] = lambda: False
) -> bool:
    """Go on building a run for about so long; return whether there is more to do.

    A true answer of `stopping` ends it before the next chunk; another process, or a later one, goes on. Nothing
    is done when another process is at it or the run was called off. A run whose source is not to be had ends its
    campaign as failed.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, run.pk])
        if not cursor.fetchone()[0]:
            return False
        try:
            until = time.monotonic() + seconds
            return _build_on(run, lambda: time.monotonic() >= until or stopping(), stopping)
        except RunInvalid as problem:
            operations.fail_campaign(run.campaign_id, str(problem))
            return False
        finally:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, run.pk])


def _build_on(run: Run, is_enough: Callable[[], bool], stopping: Callable[[], bool]) -> bool:
    if run.campaign.launch == Launch.TRIGGER and run.closing_stage is None:
        _go(run)  # people come by themselves
        return False
    if run.built_at and run.closing_stage is None:
        _go(run)  # it was paused when its first people were there, and continued
        return False
    if stopping():
        return True
    copy = None
    if run.campaign.source is not None and run.campaign.source.kind == SourceKind.SHEET:
        copy = livesheets.copy_for(run)
        if copy is None:
            return False  # it is being read; its end is told to the scheduler
    facts = _facts(run, copy) | {"size": _known_size(run, copy)}
    Run.objects.filter(pk=run.pk).exclude(source_count=facts["size"]).update(source_count=facts["size"])
    while _build_chunk(run, facts):
        run.refresh_from_db()
        if run.total == FIRST_CHUNK:
            _analyze(run)
        if is_enough():
            return True
    run.refresh_from_db()
    if run.built_at is None and run.closing_stage is None:
        _analyze(run)
        _close_build(run, facts)
        shortlisting.forget(run.pk)
        log.info("run.built", run=run.pk, total=run.total, skipped=run.skipped)
    return False


def count_added(
    cursor: Any, run_id: int, *, made: int, usable: int, last: int, cursor_key: int, waterfall: str
) -> bool:
    """Count what `judged` added, in the same transaction; return False when the run takes nobody any more."""
    cursor.execute(
        _COUNT,
        {
            "run": run_id, "made": made, "usable": usable, "last": last, "cursor": cursor_key,
            "waterfall": waterfall,
        },
    )  # fmt: skip
    return bool(cursor.rowcount == 1)


def _facts(run: Run, copy: Source | None = None) -> dict[str, Any]:
    """Return the parameters that stay the same for every chunk, the statement among them.

    `copy` is the reading of a live spreadsheet that the run goes by.
    """
    source = run.campaign.source
    if source is None:
        raise RunInvalid(_("The campaign has no audience."))
    table = copy or source.table
    if table.status != SourceStatus.READY:
        raise RunInvalid(table.failure or _("The campaign's file has not been read to its end."))
    steps = list(run.steps.order_by("step"))
    channel = steps[0].channel
    if source.kind == SourceKind.SEGMENTS and source.fixed_at is None and not source.segments.exists():
        raise RunInvalid(_("The campaign's segments were deleted."))
    if run.is_cascade:
        ladder = tiers.ladder_of(run, steps)
        columns = cascade_building.of_contact(ladder)
        offered = candidates.of_campaign(
            run.campaign, channel, run.created_at, address=columns, kinds=ladder.kinds()
        )
        return cascade_building.facts_of_run(
            run, ladder, offered, excluded=judging.EXCLUDED, leaving_out=earlier.leaving_out(run), table=table
        )
    leaving_out = earlier.leaving_out(run)
    is_once = _has_each_address_once(run, source, channel)
    parameters: dict[str, Any] = {}

    def judged(statement: str = "", *, in_span: bool = False) -> str:
        offered = candidates.of_campaign(run.campaign, channel, run.created_at, statement=statement)
        excluding = candidates.excluding(
            run.campaign, channel, run.created_at, is_once=is_once, in_span=in_span
        )
        parameters.update(offered.parameters | (excluding.parameters if excluding else {}))
        return judging.judged(offered.sql, leaving_out, excluding, is_once=is_once)

    of_span = candidates.in_span(source)
    return (
        leaving_out.parameters
        | {
            "statement": judged(),
            "in_span": judged(of_span, in_span=True) if of_span else None,
            "are_few": not has_more_suppressions(run.workspace, channel, than=FEW),
            "as_of": run.plan.get("as_of"),
            "run": run.pk,
            "workspace": run.workspace_id,
            "source": table.pk,
            "channel": channel,
            "step": steps[0].step,
        }
        | parameters
    )


def _known_size(run: Run, copy: Source | None) -> int:
    """Return how many the source has, where that is known without counting them; else 0."""
    source = copy or run.campaign.source
    if source is None:
        return 0
    listed = source.lists.aggregate(size=Sum("member_count"))["size"] or 0
    return max(source.table.row_count, listed)


def _has_each_address_once(run: Run, source: Source, channel: str) -> bool:
    """Whether an address is one contact's at any moment, and it is known which have been changed since the run began.

    It is not after a run's database was restored from a copy, which numbers its transactions anew.
    """
    if source.kind in FILES or registry.get(channel).address_kind != "email" or "as_of" not in run.plan:
        return False
    with connection.cursor() as cursor:
        cursor.execute("select age(%s::xid) >= 0", [run.plan["as_of"]])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _build_chunk(run: Run, facts: dict[str, Any]) -> bool:
    """Add the next chunk; return whether there may be more.

    The run's row is locked only at the end, because the lanes count on it while people are added.
    """
    locks.hold_building(run.pk)
    row = Run.objects.select_related("campaign__workspace", "campaign__source").get(pk=run.pk)
    if row.built_at or row.closing_stage is not None:
        return False
    chunk = CHUNK if row.total else FIRST_CHUNK
    wanted = facts | {"after": row.build_cursor, "chunk": chunk, "last": row.last_recipient_id}
    with connection.cursor() as cursor:
        # A chunk is looked up by keys; reading whole tables for each would make long lists quadratic. The sets that
        # statements name are hashed, whatever the planner thinks of their sizes.
        cursor.execute("set local enable_seqscan = off; set local enable_hashjoin = off; set local jit = off")
        cursor.execute("set local hash_mem_multiplier = 8")
        # The very first are there within a moment; whoever may be capped is listed behind them, where that is worth it.
        people = max(row.built_count, facts["size"]) if row.total > FIRST_CHUNK else 0
        if row.is_cascade:
            made, usable, last, key, waterfall = cascade_building.add_chunk(
                cursor, row, wanted, people=people
            )
        else:
            made, usable, last, key, waterfall = _add(cursor, row, wanted, people)
        if made:
            counted = {"made": made, "usable": usable, "last": last, "cursor_key": key}
            if not count_added(cursor, row.pk, **counted, waterfall=waterfall):
                transaction.set_rollback(True)
                return False
    if usable:
        _go(row)
    return bool(made)


def _add(cursor: Any, run: Run, facts: dict[str, Any], people: int) -> tuple[Any, ...]:
    """Add the next candidates to a run of one channel; return as `judging.judged`'s statement does."""
    assert run.campaign.source is not None  # noqa: S101 - `_facts` has looked
    span = candidates.span(cursor, run.campaign.source, facts)
    # Where all in the span have just been taken from the list, others may stand behind it.
    ways = ["statement"] if span is None else ["in_span", "statement"]
    added: tuple[Any, ...] = (0,)
    for way in ways:
        # The very first are fewer than even few suppressions.
        statement = judging.among_few(facts[way]) if run.total and facts["are_few"] else facts[way]
        held = caps.held_to(run, statement, [facts["channel"]], timezone.now(), people=people)
        cursor.execute(held.sql, facts | held.parameters | (span or {}))
        added = cursor.fetchone()
        if added[0]:
            break
    return added


def _go(run: Run) -> None:
    """Let sending begin with what there is."""
    campaign = run.campaign
    try:
        lifecycle.move(campaign, Action.BUILT, by=actors.system(campaign.workspace))
    except TransitionRefused:
        return  # it is sending already, or was paused or cancelled meanwhile


def _close_build(run: Run, facts: dict[str, Any]) -> None:
    """Leave out whoever was suppressed while the building went on, compare, and mark it as done."""
    for steps, address in (
        cascade_building.late(run, facts["ladder"]) if run.is_cascade else _late(run, facts)
    ):
        optout.skip_in_run(run.pk, steps, address)
    difference = earlier.difference(run)
    with transaction.atomic():
        open_run = Run.objects.filter(pk=run.pk, built_at=None, closing_stage=None)
        if open_run.update(built_at=timezone.now(), difference=difference):
            _go(run)
            run.refresh_from_db()
            running.publish(run, "run.built")
            wake(run_id=run.pk)


def _late(run: Run, facts: dict[str, Any]) -> list[tuple[list[int], str]]:
    wanted = {
        "run": run.pk,
        "workspace": run.workspace_id,
        "channel": facts["channel"],
        "began": run.created_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATE, wanted)
        return [([facts["step"]], row[0]) for row in cursor.fetchall()]


def _analyze(run: Run) -> None:
    """Tell the planner of the new rows; it would plan for an empty table otherwise."""
    number = run.pk // partitions.RUNS_PER_PARTITION
    with connection.cursor() as cursor:
        for table, columns in _LOOKED_AT.items():
            cursor.execute(f"analyze {table}_{number}{columns}")
        # Much may have been suppressed lately; without figures the planner takes the index by date.
        cursor.execute("analyze audience_suppression")
