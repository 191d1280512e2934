"""Following a cascade: whoever's message ended, or whose receipt is overdue, is looked at, and what follows is done.

Everything that changes a person's messages leaves a row in Look in the same transaction; nothing is searched for. A
batch is one transaction: rows of Look are taken, the rules decide (`deliveries.cascading`), the next tier's messages,
the persons' stages and every counter are written together. Any number of processes may do it at once, and one that
dies leaves everything as it was.

A row of Look is locked before the messages are read, in a statement of its own: whoever changes a message after that
waits at the same row, and leaves it there again.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from clarion.campaigns.states import Status
from clarion.deliveries import queries, tiers
from clarion.deliveries.cascading import Decision, Do, Told, decide, person_stage
from clarion.deliveries.models import Run
from clarion.deliveries.states import STEPS, Stage
from clarion.deliveries.tiers import Ladder
from clarion.workspaces.wake import wake

#: People looked at in one transaction.
BATCH = 2_000
#: While a campaign is paused no tier is let go: a receipt may still make it needless. Looked at again after so long.
PAUSED_SECONDS = 5

_NOTE = """
insert into deliveries_look (run_id, recipient_id, look_at)
select %(run)s, r.id, now() from deliveries_recipient r
where r.run_id = %(run)s and r.id = any(%(people)s) and r.skip is null and r.stage = 0
order by r.id
on conflict (run_id, recipient_id) do update set look_at = least(deliveries_look.look_at, excluded.look_at)
"""
_DUE = """
select recipient_id from deliveries_look
where run_id = %(run)s and look_at <= now() and {reach} order by {order} limit %(limit)s for update skip locked
"""
_OPEN = _DUE.format(reach="true", order="look_at")
#: By the primary key: whoever may not be written to yet stays beyond it.
_HELD = _DUE.format(reach="recipient_id <= %(released)s", order="recipient_id")
_ALL = """
select recipient_id from deliveries_look where run_id = %(run)s order by recipient_id limit %(limit)s
for update skip locked
"""
_MESSAGES = """
select r.id, r.stage, array_agg(d.id & 15), array_agg(d.stage), array_agg(d.result),
       array_agg(coalesce(extract(epoch from d.ended_at)::float8, 0))
from unnest(%(people)s::bigint[]) p(id)
join deliveries_recipient r on r.run_id = %(run)s and r.id = p.id and r.skip is null
join deliveries_delivery d on d.run_id = %(run)s and d.id between p.id * 16 and p.id * 16 + 15
group by r.id, r.stage
"""
_FORGET = "delete from deliveries_look where run_id = %(run)s and recipient_id = any(%(people)s)"
_LOOK_LATER = """
update deliveries_look l set look_at = to_timestamp(v.at)
from unnest(%(people)s::bigint[], %(moments)s::float8[]) v(id, at)
where l.run_id = %(run)s and l.recipient_id = v.id
"""
#: Only from the stage that was seen: whoever was changed by others meanwhile is looked at again by them.
_SET_STAGES = """
with changed as (
    update deliveries_recipient r set stage = v.new, skip = case when v.new = 6 then 4 end
    from unnest(%(people)s::bigint[], %(olds)s::smallint[], %(news)s::smallint[]) v(id, old, new)
    where r.run_id = %(run)s and r.id = v.id and r.stage = v.old and r.skip is null and v.old <> v.new
    returning v.old, v.new
)
select old::int, new::int, count(*)::int from changed group by old, new
"""


def note(run_id: int, people: Sequence[int]) -> None:
    """Have these people looked at soon, in the caller's transaction, unless nothing follows for them any more."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"run": run_id, "people": sorted(set(people))})


def open_cascades() -> list[Run]:
    """Return the cascades that have not ended."""
    found = Run.objects.filter(finished_at=None, is_cascade=True).select_related("campaign")
    return list(found.defer("plan", "waterfall").order_by("pk"))


@transaction.atomic
def look(run: Run, *, is_closing: bool = False, limit: int = BATCH) -> int:
    """Look at some of those of a cascade who are to be looked at, and do what follows; return how many those were.

    In a run that is being called off nothing is waited for any more, and no tier goes.
    """
    row = Run.objects.select_related("campaign").filter(pk=run.pk, finished_at=None).first()
    if row is None or (row.closing_stage is not None) != is_closing:
        return 0
    facts: dict[str, Any] = {"run": run.pk, "limit": limit, "released": row.released_id}
    with connection.cursor() as cursor:
        due = _ALL if is_closing else _HELD if row.released_id is not None else _OPEN
        cursor.execute(due, facts)
        people = [one[0] for one in cursor.fetchall()]
        if people:
            steps = queries.lean_steps(row)
            _follow(cursor, row, tiers.ladder_of(row, steps), people)
    return len(people)


def _follow(cursor: Any, run: Run, ladder: Ladder, people: Sequence[int]) -> None:
    cursor.execute("select extract(epoch from now())::float8")
    (at,) = cursor.fetchone()
    cursor.execute(_MESSAGES, {"run": run.pk, "people": people})
    known = {row[0]: (row[1], _told(row)) for row in cursor.fetchall()}
    ending = Stage(run.closing_stage) if run.closing_stage is not None else None
    found = {one: _decision(ladder, *known[one], at, ending) for one in people if one in known}
    later: dict[int, float] = {}
    is_paused = ending is None and run.campaign.status == Status.PAUSED
    tiers_due: dict[int, list[int]] = {}
    for one, decision in found.items():
        if decision.do is Do.WAIT:
            later[one] = decision.until
        elif decision.do is Do.RELEASE and is_paused:
            later[one] = at + PAUSED_SECONDS
        elif decision.do is Do.RELEASE:
            tiers_due.setdefault(decision.tier, []).append(one)
    for tier, wanted in sorted(tiers_due.items()):
        reached = tiers.release(cursor, ladder, tier=tier, people=wanted, ending=ending)
        # Nobody of that tier can be reached, or the messages were called off at once: what follows is seen next time.
        later |= dict.fromkeys((one for one in wanted if one not in reached or ending is not None), at)
    _leave(cursor, run.pk, people, later)
    stages: dict[int, tuple[int, int]] = {
        one: (known[one][0], decision.stage) for one, decision in found.items() if decision.do is Do.END
    }
    if stages:
        set_stages(cursor, run.pk, stages)
    if tiers_due or stages:
        wake(run_id=run.pk)


def _told(row: Sequence[Any]) -> dict[int, Told]:
    return {
        step: Told(stage, result, ended_at) for step, stage, result, ended_at in zip(*row[2:6], strict=True)
    }


def _decision(
    ladder: Ladder, stage: int, messages: dict[int, Told], at: float, ending: Stage | None
) -> Decision:
    if stage != Stage.PENDING:
        # Nothing follows any more; somebody settled a message of which nobody knew.
        return Decision(Do.END, stage=person_stage([one.stage for one in messages.values()]))
    decision = decide(ladder.rules, messages, at)
    if ending is not None and decision.do is Do.WAIT:
        return Decision(Do.END, stage=person_stage([one.stage for one in messages.values()]))
    return decision


def _leave(cursor: Any, run_id: int, people: Sequence[int], later: dict[int, float]) -> None:
    gone = [one for one in people if one not in later]
    if gone:
        cursor.execute(_FORGET, {"run": run_id, "people": gone})
    if later:
        cursor.execute(_LOOK_LATER, {"run": run_id, "people": list(later), "moments": list(later.values())})


def set_stages(cursor: Any, run_id: int, stages: dict[int, tuple[int, int]]) -> None:
    """Bring people from one stage to another, with the run's counters, in the caller's transaction."""
    people = sorted(stages)
    cursor.execute(
        _SET_STAGES,
        {
            "run": run_id, "people": people, "olds": [int(stages[one][0]) for one in people],
            "news": [int(stages[one][1]) for one in people],
        },
    )  # fmt: skip
    count(cursor, run_id, cursor.fetchall())


#: The run's waterfall stays whole: whom no channel reached is counted there as `_SET_STAGES` says why.
_SKIPPED_LATER = """, waterfall = waterfall || jsonb_build_object(
    'suppressed', coalesce((waterfall ->> 'suppressed')::int, 0) + %(skipped)s)"""


def count(cursor: Any, run_id: int, moved: Sequence[tuple[int, int, int]]) -> None:
    """Count people who went from a stage to another, given as (from, to, how many)."""
    changes: dict[str, int] = {}
    for old, new, many in moved:
        for stage, sign in ((old, -1), (new, 1)):
            name = Stage(stage).name.lower()
            changes[name] = changes.get(name, 0) + sign * many
    wanted = {name: by for name, by in changes.items() if by}
    if wanted:
        # The names are the stages' own.
        assignments = ", ".join(f"{name} = {name} + %({name})s" for name in sorted(wanted))
        if "skipped" in wanted:
            assignments += _SKIPPED_LATER
        cursor.execute(
            f"update deliveries_run set {assignments} where id = %(run)s", {**wanted, "run": run_id}
        )


_HOLD = "select 1 from deliveries_recipient where run_id = %s and id = any(%s) order by id for no key update"

_MOVED = """
select r.id, r.stage, array_agg(d.stage)
from deliveries_recipient r
join deliveries_delivery d on d.run_id = %(run)s and d.id between r.id * 16 and r.id * 16 + 15
where r.run_id = %(run)s and r.id = any(%(people)s) and r.skip is null
group by r.id, r.stage
"""


def hold(cursor: Any, run_id: int, people: Sequence[int]) -> None:
    """Lock these people until the transaction ends, before the run, as everybody does who counts them."""
    cursor.execute(_HOLD, [run_id, sorted(people)])


def restage(cursor: Any, run_id: int, people: Sequence[int]) -> None:
    """Make these people's stages what their messages say now, in the transaction that changed those.

    For what people decide about messages: somebody with a message under way again is pending again. People for whom
    something is still to be decided stay as they are, and are looked at.
    """
    some = sorted(set(people))
    hold(cursor, run_id, some)
    cursor.execute(_MOVED, {"run": run_id, "people": some})
    stages: dict[int, tuple[int, int]] = {}
    for one, old, told in cursor.fetchall():
        new = person_stage(told)
        if old != Stage.PENDING and new != old:
            stages[one] = (old, new)
    if stages:
        set_stages(cursor, run_id, stages)
    cursor.execute(_NOTE, {"run": run_id, "people": some})


def people_of(deliveries: Sequence[int]) -> list[int]:
    """Return the recipients these messages are for, each once, in order."""
    return sorted({one // STEPS for one in deliveries})
