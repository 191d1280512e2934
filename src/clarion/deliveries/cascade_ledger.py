"""What has to be right in the ledger of a cascade beyond what has to be right in every run's."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import Stage

if TYPE_CHECKING:
    from clarion.deliveries.ledger import LedgerReport

SAMPLE = 5

_PEOPLE = """
select stage, count(*) from deliveries_recipient where run_id = %(run)s and skip is null group by 1
"""

#: A person's stage by their messages, as `cascading.person_stage` has it; None with a message under way.
_BY_MESSAGES = """
    select d.id >> 4 as id,
           bool_or(d.stage in (0, 1)) as is_open,
           case when bool_or(d.stage = 5) then 5
                when bool_or(d.stage = 2) then case when bool_and(d.stage in (2, 6)) then 2 else 3 end
                when bool_or(d.stage = 7) then 7
                when bool_or(d.stage = 8) then 8
                when bool_or(d.stage = 4) then 4
                else 6 end as stage
    from deliveries_delivery d where d.run_id = %(run)s group by 1
"""

#: (rule, sentence, FROM and WHERE of rows that must not be there, the id in them).
_FORBIDDEN = [
    (
        "cascade.stage_follows_messages",
        "The stage of a person for whom a cascade is over is what the messages came to.",
        f"from deliveries_recipient r join ({_BY_MESSAGES}) m on m.id = r.id"
        " where r.run_id = %(run)s and r.stage not in (0, 6) and (m.is_open or m.stage <> r.stage)",
        "r.id",
    ),
    (
        "cascade.pending_goes_on",
        "A person for whom a cascade is not over has a message under way or is to be looked at.",
        f"from deliveries_recipient r join ({_BY_MESSAGES}) m on m.id = r.id"
        " where r.run_id = %(run)s and r.stage = 0 and r.skip is null and not m.is_open and not exists (select"
        " from deliveries_look l where l.run_id = %(run)s and l.recipient_id = r.id)",
        "r.id",
    ),
    (
        "cascade.address_once",
        "No address gets two messages on one channel.",
        "from (select address, id & 15 as step, min(id) as id from deliveries_delivery"
        " where run_id = %(run)s and address is not null group by 1, 2 having count(*) > 1) d",
        "d.id",
    ),
    (
        "cascade.sendable_has_address",
        "A message of a cascade that was made to be sent says where to.",
        # Of who was erased nothing is kept.
        "from deliveries_delivery d where d.run_id = %(run)s and d.stage <> 6 and d.address is null and exists"
        " (select from deliveries_recipient r where r.run_id = %(run)s and r.id = d.id >> 4 and r.address <> '')",
        "d.id",
    ),
    (
        "cascade.tier_is_whole",
        "A tier that was let go for a person has a message, or what took its place, for each of its channels.",
        "from (select d.id >> 4 as id, s.tier, count(*) as n from deliveries_delivery d"
        " join deliveries_runstep s on s.run_id = %(run)s and s.step = d.id & 15 where d.run_id = %(run)s"
        " group by 1, 2) d"
        " join (select tier, count(*) as n from deliveries_runstep where run_id = %(run)s group by 1) t"
        " on t.tier = d.tier where d.n <> t.n",
        "d.id",
    ),
]

#: A later tier exists only where everything of every tier before has failed once: it was tried again since, or the
#: campaign takes silence for failure.
_FALLBACKS = """
from deliveries_delivery d
join deliveries_runstep s on s.run_id = %(run)s and s.step = d.id & 15 and s.tier > %(first)s
join deliveries_runstep bs on bs.run_id = %(run)s and bs.tier < s.tier
left join deliveries_delivery b on b.run_id = %(run)s and b.id = (d.id >> 4) * 16 + bs.step
where d.run_id = %(run)s and (b.id is null or not (
    b.stage in (4, 6, 7, 8) or (b.stage = 2 and %(waits)s)
    or exists (select from deliveries_attempt a
               where a.run_id = %(run)s and a.delivery_id = b.id and a.stage = 4)))
"""


def check_people(report: "LedgerReport", run: Run) -> None:
    """Compare the run's counters of people with their rows."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, {"run": run.pk})
        counted = dict(cursor.fetchall())
    for stage in Stage:
        if stage is Stage.SKIPPED:
            continue
        name = stage.name.lower()
        found = counted.get(stage, 0)
        report.persons[name] = found
        report.compare(
            f"persons.{name}",
            f"People who are {name.replace('_', ' ')} are counted.",
            expected=found,
            found=getattr(run, name),
        )


def check_messages(
    report: "LedgerReport", run: Run, steps: Sequence[RunStep], stages: Mapping[int, Mapping[int, int]]
) -> None:
    """Compare the steps' counters with their messages, and look for what a cascade must never have."""
    for step in steps:
        mine = stages.get(step.step, {})
        where = f"step {step.step}"
        report.compare(
            "cascade.messages", f"Every message made, or left out, is counted ({where}).",
            expected=sum(mine.values()), found=step.made + step.left_out,
        )  # fmt: skip
        report.compare(
            "cascade.dropped", f"Messages called off are counted ({where}).",
            expected=sum(mine.get(one, 0) for one in (Stage.SKIPPED, Stage.CANCELLED, Stage.EXPIRED)),
            found=step.dropped + step.left_out,
        )  # fmt: skip
    for rule, sentence, rows, name in _FORBIDDEN:
        report.none_of(rule, sentence, _found(rows, name, {"run": run.pk}))
    facts = {
        "run": run.pk, "first": min((step.tier for step in steps), default=0),
        "waits": run.receipt_wait is not None,
    }  # fmt: skip
    sentence = "A fallback exists only where every channel of the tiers before failed."
    report.none_of("cascade.fallback_follows_failure", sentence, _found(_FALLBACKS, "d.id", facts))
    if run.finished_at is not None:
        looks = _found("from deliveries_look l where l.run_id = %(run)s", "l.recipient_id", {"run": run.pk})
        report.none_of("cascade.finished_is_over", "Nobody is to be looked at in a finished run.", looks)


def _found(rows: str, name: str, facts: Mapping[str, Any]) -> tuple[int, Sequence[int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*), (array_agg({name} order by {name}))[1:{SAMPLE}] {rows}", facts)
        count, ids = cursor.fetchone()
    return int(count), ids or []
