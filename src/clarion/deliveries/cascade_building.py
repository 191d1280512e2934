"""Putting people together for a run of several steps: everybody with an address on any of its channels is in it.

As `deliveries.building` does for one channel, with every address of a person: the first of them, in the order of the
steps, is who they are; nobody is taken twice by it. The first tier's messages are made with the people.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from clarion.audience import addresses
from clarion.audience.addresses import owners_sql, preferred_sql
from clarion.audience.models import FILES, Source
from clarion.audience.queries import together
from clarion.audience.queries.narrowing import left_out
from clarion.audience.segments import Compiled
from clarion.campaigns.models import Campaign
from clarion.channels import registry
from clarion.deliveries import caps, tiers
from clarion.deliveries.earlier import Before
from clarion.deliveries.models import Run
from clarion.deliveries.states import Skip
from clarion.deliveries.tiers import Ladder

#: Candidates have (key, contact_id, raw, addresses, variables, invalid, barred): `addresses` maps kinds to normalised
#: addresses, `raw` is what stood where the first one should be.
_JUDGE = """
with known as (
    select candidate.*, coalesce({identity}, '') as address from ({candidates}) candidate
), judged as (
    select key, contact_id, case when address = '' then raw else address end as address, addresses, variables,
        row_number() over (order by key) as position,
        case when address = '' and invalid then 2
             when address = '' then 1
             when row_number() over (partition by address order by key) > 1 or earlier.found is not null then 3
             when unsuppressed.found is null then 4
             when barred then 5
             when willing.found is null then 9
             {capped} {excluded} end as skip
    from known candidate
    left join lateral (
        select true as found from deliveries_recipient r
        where r.run_id = %(run)s and r.address = candidate.address and (r.skip is null or r.skip > 3) limit 1
    ) earlier on candidate.address <> ''
    left join lateral (
        select true as found from unnest(%(kinds)s::text[], %(channels)s::text[]) w(kind, channel)
        where candidate.addresses ? w.kind and not exists (
            select from audience_suppression s
            where s.workspace_id = %(workspace)s and s.channel = w.channel
              and s.address = candidate.addresses ->> w.kind)
        limit 1
    ) unsuppressed on true
    left join lateral (
        select true as found from (
            select w.kind, w.channel, candidate.addresses ->> w.kind as address
            from unnest(%(kinds)s::text[], %(channels)s::text[]) w(kind, channel)
            where candidate.addresses ? w.kind) o
        where not exists (
            select from audience_suppression s
            where s.workspace_id = %(workspace)s and s.channel = o.channel and s.address = o.address)
          and not ({unwilling})
        limit 1
    ) willing on true
)
"""
_ADD = (
    _JUDGE
    + """, made as (
    insert into deliveries_recipient (run_id, id, contact_id, address, addresses, variables, stage, skip)
    select %(run)s, %(last)s + position, contact_id, address, addresses, variables,
           case when skip is null then 0 else 6 end, skip
    from judged order by position
    returning id, skip
)
select count(*)::int, count(*) filter (where skip is null)::int, max(id), (select max(key) from known),
       jsonb_build_object({skips})::text
from made
""".replace(
        "{skips}",
        ", ".join(f"'{s.name.lower()}', count(*) filter (where skip = {s.value})" for s in Skip),
    )
)

_ROWS = """
select id, address, data, problem <> '' from audience_sourcerow
where source_id = %s and id > %s order by id limit %s
"""
_PEOPLE = """
select p.key, null::bigint as contact_id, p.raw, p.addresses::jsonb as addresses, p.variables::jsonb as variables,
       p.invalid, exists (select from ({owners}) c where c.state = 'DO_NOT_CONTACT') as barred
from unnest(%(keys)s::bigint[], %(raws)s::text[], %(addresses)s::text[], %(variables)s::text[], %(invalids)s::boolean[])
     p(key, raw, addresses, variables, invalid)
"""


def facts_of_run(
    run: Run, ladder: Ladder, offered: Compiled, *, excluded: str, leaving_out: Before, table: Source
) -> dict[str, Any]:
    """Return the statement that adds candidates to the run, and its parameters that stay the same.

    `offered` are the campaign's candidates with `of_contact`; a file's are given by `rows_of`. `excluded` is the
    condition that somebody has got it from `leaving_out`, `table` the source with a file's rows.
    """
    source = run.campaign.source
    candidates = people(ladder) if source is not None and source.kind in FILES else offered
    excluding = excluding_of(run.campaign, ladder, run.created_at)
    parts = _parts(ladder, candidates, excluding, excluded=excluded if leaving_out else "")
    return (
        candidates.parameters
        | (excluding.parameters if excluding else {})
        | judging(ladder)
        | leaving_out.parameters
        | {
            "statement": _ADD.format(**parts), "run": run.pk, "ladder": ladder, "source": table.pk, "table": table,
        }
    )  # fmt: skip


def add_chunk(cursor: Any, run: Run, facts: Mapping[str, Any], *, people: int = 0) -> tuple[Any, ...]:
    """Add the next candidates to the run, with the first tier's messages, in the caller's transaction.

    `facts` are of `facts_of_run`, with after, chunk and last; `people` is as `caps.held_to` has it. Returns
    as `judging.judged`'s statement does.
    """
    ladder, source = facts["ladder"], run.campaign.source
    wanted = {name: value for name, value in facts.items() if name not in ("ladder", "statement", "table")}
    if not wanted["last"]:
        # Contacts that were imported just now would be looked for one by one through all of them.
        cursor.execute("analyze audience_contact, audience_address")
    if source is not None and source.kind in FILES:
        country = run.campaign.workspace.default_country
        wanted |= rows_of(facts["table"], ladder, country, after=wanted["after"], limit=wanted["chunk"])
    held = held_to_caps(run, ladder, facts["statement"], people=people)
    return add(cursor, ladder, held.sql, wanted | held.parameters)


def held_to_caps(run: Run, ladder: Ladder, statement: str, *, people: int = 0) -> Compiled:
    """Return a statement that judges people with the frequency caps of all channels of the cascade in it."""
    channels = list(dict.fromkeys(channel for _kind, channel in ladder.ways.values()))
    return caps.held_to(run, statement, channels, timezone.now(), people=people)


def add(cursor: Any, ladder: Ladder, statement: str, facts: Mapping[str, Any]) -> tuple[Any, ...]:
    """Carry out a statement that adds people, and make the first tier's messages to them."""
    cursor.execute(statement, facts)
    found: tuple[Any, ...] = cursor.fetchone()
    if found[0]:
        tiers.make_first(cursor, ladder, first=facts["last"] + 1, last=found[2])
    return found


def adding(ladder: Ladder, candidates: Compiled, excluding: Compiled | None, *, excluded: str) -> str:
    """Return the statement that judges candidates and adds them; parameters beside theirs are run, last, earlier."""
    return _ADD.format(**_parts(ladder, candidates, excluding, excluded=excluded))


_LATE_STEP = """
select s.address
from audience_suppression s
join deliveries_delivery d
  on d.run_id = %(run)s and d.address = s.address and d.id & 15 = %(step)s and d.stage = 0
where s.workspace_id = %(workspace)s and s.channel = %(channel)s
  and s.created_at > %(began)s::timestamptz - interval '1 minute'
"""


def late(run: Run, ladder: Ladder) -> list[tuple[list[int], str]]:
    """Return (steps, address) of what was suppressed while the run was built, where a message still waits for it."""
    wanted: dict[str, Any] = {"run": run.pk, "workspace": run.workspace_id, "began": run.created_at}
    found = []
    with connection.cursor() as cursor:
        for step, (_kind, channel) in ladder.ways.items():
            cursor.execute(_LATE_STEP, wanted | {"channel": channel, "step": step})
            found += [([step], row[0]) for row in cursor.fetchall()]
    return found


def judging(ladder: Ladder) -> dict[str, Any]:
    """Return the parameters by which candidates are judged."""
    return {
        "workspace": ladder.workspace_id,
        "kinds": [kind for kind, _channel in ladder.ways.values()],
        "channels": [channel for _kind, channel in ladder.ways.values()],
        "required": list(ladder.required),
    }


def judged_alone(ladder: Ladder, candidates: Compiled, excluding: Compiled | None) -> str:
    """Return a statement of judged candidates: (key, contact_id, address, addresses, variables, skip)."""
    parts = _parts(ladder, candidates, excluding, excluded="")
    judge = _JUDGE.format(**parts).replace("where r.run_id = %(run)s", "where false")
    return f"{judge} select key, contact_id, address, addresses, variables, skip::smallint from judged"


def _parts(
    ladder: Ladder, candidates: Compiled, excluding: Compiled | None, *, excluded: str
) -> dict[str, str]:
    if excluding is not None:
        excluded += f" when {excluding.sql} then {Skip.EXCLUDED.value}"
    identity = ", ".join(f"candidate.addresses ->> '{kind}'" for kind in ladder.kinds())
    unwilling = tiers.unwilling_sql(ladder.kinds()) + tiers.or_kept_sql(ladder.kinds())
    return {
        "candidates": candidates.sql, "identity": identity, "excluded": excluded, "unwilling": unwilling,
        "capped": caps.HERE,
    }  # fmt: skip


def people(ladder: Ladder) -> Compiled:
    """Return the statement of candidates that are given as arrays; see `_PEOPLE`."""
    owners = " union all ".join(
        owners_sql(kind, f"(p.addresses::jsonb ->> '{kind}')") for kind in ladder.kinds()
    )
    return Compiled(_PEOPLE.format(owners=owners), {})


def of_contact(ladder: Ladder) -> str:
    """Return the columns `raw` and `addresses` of a contact `c`."""
    return f"'' as raw, {addresses_of_contact(ladder.kinds())} as addresses"


def addresses_of_contact(kinds: Sequence[str]) -> str:
    """Return the SQL of a contact's addresses by kind, those it has."""
    pairs = ", ".join(f"'{kind}', nullif({preferred_sql(kind)}, '')" for kind in kinds)
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"


def excluding_of(campaign: Campaign, ladder: Ladder, now: datetime) -> Compiled | None:
    """Return the condition that the owner of any of a candidate's addresses is excluded; None when nobody is."""
    if campaign.source is None:
        return None
    found = [
        left_out(campaign.source, kind, f"candidate.addresses ->> '{kind}'", now) for kind in ladder.kinds()
    ]
    made = [one for one in found if one is not None]
    if not made:
        return None
    parameters = {name: value for one in made for name, value in one.parameters.items()}
    return Compiled(f"({' or '.join(one.sql for one in made)})", parameters)


def rows_of(source: Source, ladder: Ladder, country: str, *, after: int, limit: int) -> dict[str, Any]:
    """Return a file's next rows as the parameters of `people`.

    The file's own column of addresses was normalised when it was read; for other kinds the column whose name says so
    is taken (`together.further_columns`), and what is no address there is none.
    """
    columns = together.further_columns(source, ladder.kinds())
    own = registry.get(source.dialect.get("channel", "email")).address_kind
    forms = {kind: normaliser_of(ladder, kind, country) for kind in columns}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [source.pk, after, limit])
        rows = cursor.fetchall()
    found = []
    for _key, address, data, is_bad in rows:
        mine = {own: address} if address and not is_bad and own in ladder.kinds() else {}
        values = orjson.loads(data) if isinstance(data, str) else data
        for kind, column in columns.items():
            form = _form(forms[kind], str(values.get(column) or ""))
            if form:
                mine[kind] = form
        found.append(mine)
    return {
        "keys": [row[0] for row in rows],
        "raws": [row[1] for row in rows],
        "addresses": [orjson.dumps(one).decode() for one in found],
        "variables": [row[2] if isinstance(row[2], str) else orjson.dumps(row[2]).decode() for row in rows],
        "invalids": [bool(row[3]) for row in rows],
    }


def form_of(ladder: Ladder, kind: str, country: str, value: str) -> str:
    """Return an address of a kind in its one form; empty when it is none."""
    return _form(normaliser_of(ladder, kind, country), value)


def normaliser_of(ladder: Ladder, kind: str, country: str) -> Callable[[str], str]:
    """Return the function that gives an address of the kind its one form; raises ValueError."""
    channel = next(channel for one, channel in ladder.ways.values() if one == kind)
    return addresses.normaliser(channel, country)


def _form(form: Callable[[str], str], value: str) -> str:
    text = value.strip()
    if not text:
        return ""
    try:
        return form(text)
    except ValueError:
        return ""
