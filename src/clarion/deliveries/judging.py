"""The statement that judges a run's candidates and adds them: who gets something, and why the others do not."""

from clarion.audience.segments import Compiled
from clarion.deliveries import caps, earlier
from clarion.deliveries.earlier import Before
from clarion.deliveries.states import Skip

_CHUNK = """
with judged as materialized (
    select key, contact_id, address, variables, %(last)s + row_number() over (order by key) as id,
        case when address = '' then 1
             when invalid then 2
             -- One index probe a candidate, whatever the planner thinks of the table's size: it grows.
             when {repeated} (
                 select true from deliveries_recipient r
                 where r.run_id = %(run)s and r.address = candidate.address and (r.skip is null or r.skip > 3)
                 limit 1
             ) is not null then 3
             when {suppressed} then 4
             when barred then 5
             when unwilling then 9
             {capped} {excluded} end as skip
    from ({candidates}) candidate
), made as (
    insert into deliveries_recipient (run_id, id, contact_id, address, variables, stage, skip)
    select %(run)s, id, contact_id, address, variables, case when skip is null then 0 else 6 end, skip
    from judged order by key
), sent_to as (
    insert into deliveries_delivery (run_id, id)
    select %(run)s, id * 16 + %(step)s from judged where skip is null order by key
)
select count(*)::int, count(*) filter (where skip is null)::int, max(id), max(key),
       jsonb_build_object({skips})::text
from judged
""".replace(
    "{skips}", ", ".join(f"'{s.name.lower()}', count(*) filter (where skip = {s.value})" for s in Skip)
)

#: Of candidates that may have the same address: whether one before it in the chunk has it.
_REPEATED = "row_number() over (partition by address, invalid order by key) > 1 or"
#: Of contacts with addresses that are each one contact's in the workspace, two have the same one only when it went from
#: one that was taken before to one that is taken now: who was written last before the run began needs no look.
_CHANGED_SINCE = "age(candidate.written) <= age(%(as_of)s::xid) and"

#: Whether a candidate's address is suppressed: by a look for it, or by all that are, read once a statement and hashed.
_SUPPRESSED = """(
                 select true from audience_suppression s
                 where s.workspace_id = %(workspace)s and s.channel = %(channel)s and s.address = candidate.address
                 limit 1
             ) is not null"""
_AMONG_FEW = """address in (
                 select s.address from audience_suppression s
                 where s.workspace_id = %(workspace)s and s.channel = %(channel)s
             )"""

#: Who was written to, or may have been, by what `earlier.leaving_out` names.
EXCLUDED = f"""
             when {earlier.WAS_WRITTEN_TO.format(address="candidate.address")} then {Skip.EXCLUDED.value}
"""


def judged(
    candidates: str,
    leaving_out: Before,
    excluding: Compiled | None = None,
    *,
    is_once: bool = False,
) -> str:
    """Return the statement that judges candidates and adds them to a run, with those who get something's messages.

    `candidates` selects (key, contact_id, address, variables, invalid, barred, unwilling). Parameters are run, those
    of `leaving_out`, workspace, channel, step and last, the last recipient's id, and those of `excluding`, which says
    of `candidate.address` that its owner is left out; recipients are numbered on from it by key. `caps.held_to`
    puts the caps in. It returns how many there are, how many get something, the last id and key, and the waterfall as
    JSON.

    `is_once` says that no two of them have the same address, but for those written since `as_of`, a parameter then.
    """
    excluded = EXCLUDED if leaving_out else ""
    if excluding is not None:
        excluded += f" when {excluding.sql} then {Skip.EXCLUDED.value}"
    return _CHUNK.format(
        candidates=candidates, capped=caps.HERE, excluded=excluded,
        repeated=_CHANGED_SINCE if is_once else _REPEATED, suppressed=_SUPPRESSED,
    )  # fmt: skip


def among_few(statement: str) -> str:
    """Return a statement of `judged` that reads all suppressed addresses, which is cheaper where they are few."""
    return statement.replace(_SUPPRESSED, _AMONG_FEW)
