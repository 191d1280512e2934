"""A run's people against what its source says now, in one pass: who came, went and changed, in a temporary table.

Everybody of the source is judged as the builder judges and joined to the run's people by their address. Only those who
differ are written down, so that a source of a million costs a reading of both and not a copy of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience.models import FILES
from clarion.audience.queries.sources import WORK_MEM
from clarion.campaigns.models import Campaign
from clarion.channels import registry
from clarion.deliveries import candidates, caps, cascade_building, earlier, tiers
from clarion.deliveries.models import Run
from clarion.deliveries.states import Skip

#: More than any source holds.
_ALL = 2_000_000_000

#: Everybody of the source, judged by themselves as the builder judges. No address has two rows without `skip`, or with
#: one above 3.
_JUDGED = """
select key, contact_id, candidate.address, null::jsonb as addresses, variables,
    case when candidate.address = '' then 1
         when invalid then 2
         {repeated}
         when suppressed.id is not null then 4
         when barred then 5
         when unwilling then 9
         {capped} {excluded} end::smallint as skip
from ({candidates}) candidate
left join audience_suppression suppressed
  on suppressed.workspace_id = %(workspace)s and suppressed.channel = %(channel)s
 and suppressed.address = candidate.address
"""
#: Of candidates that may have the same address: one before it has it.
_REPEATED = "when row_number() over (partition by candidate.address, invalid order by key) > 1 then 3"

#: `key` is null of people of the run who are not in the source any more, `id` of people who are not in the run. Whoever
#: was held to a cap, or excluded, when the run was built, stays so, and is here only to be counted.
_DIFFERING = f"""
create temporary table differing on commit drop as
with now as (
    select * from ({{judged}}) judged where skip is null or skip > 3
), had as (
    select id, address, variables, addresses, skip from deliveries_recipient
    where run_id = %(run)s and address <> ''
      and (skip is null or skip in ({Skip.CAPPED.value}, {Skip.EXCLUDED.value}))
)
select key, id, address, now.contact_id, now.addresses, now.variables, now.skip, had.skip as had_skip
from now full join had using (address)
where id is null and now.skip is null
   or id is not null and (key is null or now.skip is not null)
   or had.skip is null and now.skip is null
      and (now.variables, now.addresses) is distinct from (had.variables, had.addresses)
"""

#: Of the people of the run, those to whom nothing has left, or is on its way.
_PENDING = """
  r.id is not null and r.had_skip is null and not exists (
    select from deliveries_delivery d where d.run_id = %(run)s
      and d.id between r.id * 16 and r.id * 16 + 15 and d.stage not in (0, 6))
"""
#: People of `differing` who came, as `n`; who went, and who changed, as `r`. Whoever got it from an earlier launch, or
#: may have, gets it no second time.
ADDED = f"from differing n where n.id is null and not ({earlier.WAS_WRITTEN_TO.format(address='n.address')})"
REMOVED = f"from differing r where (r.key is null or r.skip is not null) and {_PENDING}"
CHANGED = f"from differing r where r.key is not null and r.skip is null and {_PENDING}"

_COUNTS = f"""
select (select count(*)::int {ADDED}), (select count(*)::int {REMOVED}), (select count(*)::int {CHANGED}),
       had.all_of_them - left_out.count + came.count, had.get_it
from (select count(*)::int as all_of_them, (count(*) filter (where skip is null))::int as get_it
      from deliveries_recipient
      where run_id = %(run)s and address <> ''
        and (skip is null or skip in ({Skip.CAPPED.value}, {Skip.EXCLUDED.value}))) had,
     (select count(*)::int from differing where id is not null and (key is null or skip is not null)) left_out,
     (select count(*)::int from differing where id is null) came
"""


@contextmanager
def found(row: Campaign, run: Run, *, is_applied: bool) -> Iterator[Any]:
    """Lend a cursor that finds who differs in `differing`; the table goes with the transaction.

    Only while it is applied, runs that are built wait for its frequency caps.
    """
    channel = run.steps.order_by("step")[0].channel
    assert row.source is not None  # noqa: S101 - whoever asks has looked
    facts: dict[str, Any] = {
        "run": run.pk, "workspace": row.workspace_id, "channel": channel, "source": row.source.table.pk,
        "after": -1, "chunk": _ALL,
    }  # fmt: skip
    judged = _judging_cascade(row, run, facts) if run.is_cascade else _judging(row, channel, facts)
    channels = list(dict.fromkeys(run.steps.order_by("step").values_list("channel", flat=True)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"set local work_mem = '{WORK_MEM}'; set local jit = off")
        held = caps.held_to(run, judged, channels, timezone.now(), is_taking=is_applied)
        cursor.execute(_DIFFERING.format(judged=held.sql), facts | held.parameters)
        cursor.execute("analyze differing")
        yield cursor
        cursor.execute("drop table differing")


def counts(cursor: Any, run: Run) -> tuple[int, int, int, int, int]:
    """Return how many came, went and changed, and how many get it by the source now and by the run."""
    cursor.execute(_COUNTS, facts_of(run))
    told: tuple[int, int, int, int, int] = cursor.fetchone()
    return told


def facts_of(run: Run) -> dict[str, Any]:
    """Return the parameters of `ADDED`, `REMOVED` and `CHANGED`."""
    steps = list(run.steps.order_by("step").values_list("step", flat=True))
    before = earlier.leaving_out(run).parameters
    return before | {"run": run.pk, "workspace": run.workspace_id, "steps": steps}


def _judging(row: Campaign, channel: str, facts: dict[str, Any]) -> str:
    """Return the statement of everybody, judged, and put its parameters to the others."""
    assert row.source is not None  # noqa: S101
    now = timezone.now()
    offered = candidates.of_campaign(row, channel, now)
    excluding = candidates.excluding(row, channel, now)
    facts |= offered.parameters | (excluding.parameters if excluding else {})
    excluded = f"when {excluding.sql} then {Skip.EXCLUDED.value}" if excluding else ""
    # One statement sees the contacts at one moment, when a mail address is one contact's.
    is_once = row.source.kind not in FILES and registry.get(channel).address_kind == "email"
    return _JUDGED.format(
        candidates=offered.sql, capped=caps.HERE, excluded=excluded,
        repeated="" if is_once else _REPEATED,
    )  # fmt: skip


def _judging_cascade(row: Campaign, run: Run, facts: dict[str, Any]) -> str:
    """As `_judging`, by every address that a person has."""
    assert row.source is not None  # noqa: S101
    now, ladder = timezone.now(), tiers.ladder_of(run, list(run.steps.all()))
    if row.source.kind in FILES:
        everybody = cascade_building.people(ladder)
        country = row.workspace.default_country
        facts |= cascade_building.rows_of(row.source.table, ladder, country, after=-1, limit=_ALL)
    else:
        columns = cascade_building.of_contact(ladder)
        everybody = candidates.of_campaign(row, facts["channel"], now, address=columns, kinds=ladder.kinds())
    excluding = cascade_building.excluding_of(row, ladder, now)
    facts |= everybody.parameters | (excluding.parameters if excluding else {})
    facts |= cascade_building.judging(ladder)
    return cascade_building.judged_alone(ladder, everybody, excluding)
