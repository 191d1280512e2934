"""Letting a tier of a cascade go: its messages are made, for one person or for thousands, in one statement.

They are made when they are needed, not when the run is built: most people never get a fallback. Doing it again
changes nothing, because a message's id follows from its person and step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from clarion.audience.addresses import SHARED, kept_from_sql, owners_sql
from clarion.channels import registry
from clarion.deliveries import cascading
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import Stage, delivery_id
from clarion.webhooks import publishing

#: The cursor of a step whose messages all wait for nothing but their release: nobody is beyond it.
EVERYBODY = 2**58

#: A channel that cannot reach a person leaves a skipped message behind, whose code says why. The unique index on
#: addresses decides between two people with one number, in this statement or in two at once.
_MAKE = """
with person as (
    select r.id, addresses, c.id is not null as is_barred from deliveries_recipient r
    left join audience_contact c on c.id = r.contact_id and c.state = 'DO_NOT_CONTACT'
    where r.run_id = %(run)s and r.skip is null and {which}
), offered as (
    select p.id * 16 + s.step as id, s.step, s.kind, p.addresses ->> s.kind as address, s.channel, p.is_barred
    from person p
    cross join unnest(%(steps)s::smallint[], %(kinds)s::text[], %(channels)s::text[]) s(step, kind, channel)
), judged as (
    select o.id, o.address, case when address is null then 'no_address'
                                 when suppressed.found or o.is_barred {kept} then 'suppressed'
                                 when {unwilling} then 'no_consent' end as why
    from offered o
    left join lateral (
        select true as found from audience_suppression s
        where s.workspace_id = %(workspace)s and s.channel = o.channel and s.address = o.address limit 1
    ) suppressed on true
), made as (
    insert into deliveries_delivery (run_id, id, stage, problem, address, ended_at)
    select %(run)s, id, %(stage)s, %(problem)s, address, case when %(stage)s <> 0 then now() end
    from judged where why is null order by id
    on conflict do nothing
    returning id
), unreachable as (
    insert into deliveries_delivery (run_id, id, stage, problem, code, ended_at)
    select %(run)s, id, 6, 6, why, now() from (
        select id, why from judged where why is not null
        union all
        -- As a set: whatever the planner thinks of the sizes, it compares nothing pair by pair.
        select id, 'duplicate' from (select id from judged where why is null except select id from made) taken
    ) left_out order by id
    on conflict do nothing
    returning id
), waits as (
    insert into deliveries_waiting (run_id, delivery_id, step, not_before, reason)
    select %(run)s, id, id & 15, now(), null from made where %(waits)s and %(stage)s = 0
    on conflict do nothing
)
select s.step::int, (select count(*)::int from made where made.id & 15 = s.step),
       (select count(*)::int from unreachable u where u.id & 15 = s.step),
       array(select made.id >> 4 from made where made.id & 15 = s.step)
from unnest(%(steps)s::smallint[]) s(step)
"""
_MAKE_RANGE = _MAKE.replace("{which}", "r.id between %(first)s and %(last)s")
_MAKE_THESE = _MAKE.replace("{which}", "r.id = any(%(people)s)")

_COUNT = """
update deliveries_runstep
set made = made + %(made)s, left_out = left_out + %(left_out)s, dropped = dropped + %(dropped)s
where run_id = %(run)s and step = %(step)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A run's cascade as it was frozen."""

    run_id: int
    workspace_id: int
    rules: cascading.Rules
    #: Step → (kind of address, channel).
    ways: dict[int, tuple[str, str]]
    #: Channels on which the workspace writes only to those who gave their consent.
    required: tuple[str, ...] = ()

    def kinds(self) -> list[str]:
        """Return the kinds of address that it writes to, in the order of the steps, each once."""
        return list(dict.fromkeys(kind for kind, _channel in self.ways.values()))


def ladder_of(run: Run, steps: Sequence[RunStep]) -> Ladder:
    """Return the cascade of a run."""
    return Ladder(
        run_id=run.pk,
        workspace_id=run.workspace_id,
        rules=cascading.Rules(
            tiers=cascading.tiers_of([(step.step, step.tier) for step in steps]),
            reporting=frozenset(step.step for step in steps if step.is_reporting),
            wait=run.receipt_wait * 60.0 if run.receipt_wait is not None else None,
        ),
        ways={
            step.step: (registry.get(step.channel).address_kind, step.channel)
            for step in sorted(steps, key=lambda step: step.step)
        },
        required=tuple(run.workspace.consent_channels),
    )


def unwilling_sql(kinds: Sequence[str]) -> str:
    """Return the condition that the owner of an offer `o` (kind, address, channel) is not written to without consent.

    Parameters are workspace and required, the channels that need consent. Of several owners one refuses for all.
    """
    arms = []
    for kind in kinds:
        owners = owners_sql(kind, "o.address")
        refuses = f"exists (select from ({owners}) w where o.channel = any(w.refusals))"
        agrees = f"exists (select from ({owners}) w where o.channel = any(w.consents))"
        needs = f"o.channel = any(%(required)s::text[]) and not {agrees}"
        arms.append(f"(o.kind = '{kind}' and ({refuses} or {needs}))")
    return " or ".join(arms) or "false"


def or_kept_sql(kinds: Sequence[str]) -> str:
    """Return, to be added to a condition of an offer, that its telephone is to be left alone (`kept_from_sql`)."""
    return f" or (o.kind = '{SHARED}' and {kept_from_sql('o.address')})" if SHARED in kinds else ""


def _filled(statement: str, ladder: Ladder) -> str:
    kinds = ladder.kinds()
    return statement.replace("{unwilling}", unwilling_sql(kinds)).replace("{kept}", or_kept_sql(kinds))


def make_first(cursor: Any, ladder: Ladder, *, first: int, last: int) -> None:
    """Make the first tier's messages of the recipients numbered from `first` to `last`, in the caller's transaction.

    A step's cursor comes to them. Whoever has no usable address for it is looked at soon.
    """
    statement = _filled(_MAKE_RANGE, ladder)
    facts = _facts(ladder, 0) | {"first": first, "last": last, "waits": False, "stage": 0, "problem": None}
    cursor.execute(statement, facts)
    _count(cursor, ladder, cursor.fetchall(), is_dropped=False)
    cursor.execute(_LOOK_AT_UNREACHED, {"run": ladder.run_id, "low": first * 16, "high": last * 16 + 15})


#: Nobody is reached by the first tier where every message of it was skipped.
_LOOK_AT_UNREACHED = """
insert into deliveries_look (run_id, recipient_id, look_at)
select %(run)s, id >> 4, now() from deliveries_delivery
where run_id = %(run)s and id between %(low)s and %(high)s
group by id >> 4 having min(stage) = 6
on conflict do nothing
"""


def release(
    cursor: Any, ladder: Ladder, *, tier: int, people: Sequence[int], ending: Stage | None = None
) -> set[int]:
    """Let a tier go for these people, in the caller's transaction; return those for whom a message was made.

    In a run that is being called off, the messages are made as called off (`ending`).
    """
    stage = ending.value if ending is not None else 0
    facts = _facts(ladder, tier) | {
        "people": sorted(people), "waits": True, "stage": stage, "problem": stage or None,
    }  # fmt: skip
    cursor.execute(_filled(_MAKE_THESE, ladder), facts)
    rows = cursor.fetchall()
    _count(cursor, ladder, rows, is_dropped=ending is not None)
    if ending is None:
        made = [delivery_id(one, row[0]) for row in rows for one in row[3]]
        publishing.watch(cursor, ladder.run_id, made)
    return {one for row in rows for one in row[3]}


def drop(cursor: Any, run_id: int, counts: dict[int, int]) -> None:
    """Count messages, by step, that were called off before they were sent."""
    for step, count in sorted(counts.items()):
        cursor.execute(_COUNT, {"run": run_id, "step": step, "made": 0, "left_out": 0, "dropped": count})


def _facts(ladder: Ladder, tier: int) -> dict[str, Any]:
    steps = list(ladder.rules.tiers[tier])
    return {
        "run": ladder.run_id,
        "workspace": ladder.workspace_id,
        "steps": steps,
        "kinds": [ladder.ways[step][0] for step in steps],
        "channels": [ladder.ways[step][1] for step in steps],
        "required": list(ladder.required),
    }


def _count(cursor: Any, ladder: Ladder, rows: Sequence[Sequence[Any]], *, is_dropped: bool) -> None:
    for step, made, left_out, _people in sorted(rows, key=lambda row: row[0]):
        if made or left_out:
            facts = {"run": ladder.run_id, "step": step, "made": made, "left_out": left_out}
            cursor.execute(_COUNT, facts | {"dropped": made if is_dropped else 0})


def is_cascade(run_id: int) -> bool:
    """Whether the run has several steps."""
    with connection.cursor() as cursor:
        cursor.execute("select is_cascade from deliveries_run where id = %s", [run_id])
        row = cursor.fetchone()
    return bool(row and row[0])
