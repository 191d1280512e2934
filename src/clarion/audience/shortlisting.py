"""Who of a workspace may have had their share of messages, listed once, so that a large run asks nobody else.

To ask of each of a million people what they got costs half as much again as to put them into a run. One aggregate over
what is noted (`deliveries_contacted`) tells beforehand who got so much that the runs which are not noted yet could fill
their share: a step of a run writes to nobody twice. Nobody else can be capped. The list is of one database session and
says of which runs it knows; whatever is noted or begun after it makes it void.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

#: From so many people still to be asked about on it is worth while.
WORTH_FROM = 50_000
#: An aggregate reads so many notes in the time in which somebody is asked about.
NOTES_FOR_ONE = 5
#: A list of more than every so manyth of them spares too little.
AT_MOST = 4

#: A look by a hash costs a third of one by a tree of both columns.
_TABLES = """
create temporary table if not exists cap_shortlist (run_id bigint, who bigint);
create index if not exists cap_shortlist_who on cap_shortlist using hash (who);
create temporary table if not exists cap_shortlisted (run_id bigint primary key, known text, count int);
"""
_KEPT = "select count from cap_shortlisted where run_id = %(run)s and known = %(known)s"
#: How many notes there are, and whether the index of people and moments answers for nearly all without their rows. It
#: does not hold the workspace, whose digests are its own: it is asked for where others have notes.
_NOTES = """
select greatest(reltuples, 0), relallvisible >= relpages * 0.9, exists (
    select from audience_optoutrules where counted_days > 0 and workspace_id <> %(cap_workspace)s)
from pg_class where oid = 'deliveries_contacted'::regclass
"""
#: All notes are read at once, which the builder, who looks up its people by keys, forbids to its other statements:
#: in the order of that index, or the rows are sorted. To go from the index to each row takes five times as long as the
#: one, to hash a million people a third longer than the other.
_FREE = """
set local enable_seqscan = {seqscan}; set local enable_indexscan = off; set local enable_hashagg = off;
set local work_mem = '64MB'
"""
_BOUND = """
set local enable_seqscan = off; set local enable_indexscan to default; set local enable_hashagg to default;
set local work_mem to default
"""
#: Materialized, or the planner looks for the quickest way to a few of them.
_FILL = """
with full_up as materialized (
    select got.who from deliveries_contacted got
    where {mine} got.at > %(cap_since)s and got.run_id <> all(%(cap_runs)s::bigint[])
    group by got.who having {enough}
)
insert into cap_shortlist (run_id, who) select %(run)s, who from full_up limit %(most)s + 1
"""
_MINE = "got.workspace_id = %(cap_workspace)s and"
_KEEP = """
insert into cap_shortlisted (run_id, known, count) values (%(run)s, %(known)s, %(count)s)
on conflict (run_id) do update set known = excluded.known, count = excluded.count
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A rule's share: so many noted messages, by a condition on a note `got`, fill it with what is not noted yet."""

    condition: str
    least: int


def shortlisted(
    *,
    run_id: int,
    people: int,
    shares: Sequence[Share],
    known: Sequence[object],
    parameters: dict[str, Any],
) -> int | None:
    """Return how many are on the list of a run, which is made when there is none; None where all are to be asked.

    `known` are the runs as they are noted at this moment, `parameters` those of `capping.capped`. The caller is in
    a transaction in which whole tables are not read.
    """
    if people < WORTH_FROM or any(share.least < 1 for share in shares):
        return None
    facts = parameters | {"run": run_id, "known": repr(known), "most": people // AT_MOST}
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        cursor.execute(_KEPT, facts)
        kept = cursor.fetchone()
        if kept is None:
            kept = [_list(cursor, people, shares, facts)]
    return None if kept[0] is None else int(kept[0])


def _list(cursor: Any, people: int, shares: Sequence[Share], facts: dict[str, Any]) -> int | None:
    """Make the list, and note that it was tried; return how many are on it, None when there would be too many."""
    cursor.execute("delete from cap_shortlist where run_id = %(run)s", facts)
    cursor.execute(_NOTES, facts)
    notes, is_visible, have_others = cursor.fetchone()
    count: int | None = None
    if notes <= people * NOTES_FOR_ONE:
        cursor.execute(_FREE.format(seqscan="off" if is_visible and not have_others else "on"))
        enough = " or ".join(
            f"count(*) filter (where {share.condition}) >= {share.least:d}" for share in shares
        )
        fill = _FILL.replace("{enough}", enough).replace("{mine}", _MINE if have_others else "")
        cursor.execute(fill, facts)
        count = cursor.rowcount
        cursor.execute(_BOUND)
        if count > facts["most"]:
            cursor.execute("delete from cap_shortlist where run_id = %(run)s", facts)
            count = None
    cursor.execute(_KEEP, facts | {"count": count})
    if count:
        cursor.execute("analyze cap_shortlist")
    return count


def forget(run_id: int) -> None:
    """Let the session forget the list of a run that is built."""
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass('pg_temp.cap_shortlist')")
        if cursor.fetchone()[0] is not None:
            cursor.execute("delete from cap_shortlist where run_id = %s", [run_id])
            cursor.execute("delete from cap_shortlisted where run_id = %s", [run_id])
