"""People pushed to a triggered run of several steps, with every address that is known of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.utils import timezone

from clarion.audience import tombstones
from clarion.audience.addresses import owners_sql
from clarion.audience.queries import CONTACT_VARIABLES_SQL
from clarion.audience.segments import Compiled
from clarion.deliveries import candidates, cascade_building, judging
from clarion.deliveries.models import Run
from clarion.deliveries.tiers import Ladder

#: As `pushing` has it for one channel, with all addresses that were pushed or are the contact's.
_CANDIDATES = f"""
    select p.key, c.id as contact_id, p.raw, coalesce({{known}}, '{{{{}}}}'::jsonb) || p.addresses as addresses,
           coalesce({CONTACT_VARIABLES_SQL}, '{{{{}}}}'::jsonb) || p.variables as variables,
           p.invalid, exists (select from ({{owners}}) k where k.state = 'DO_NOT_CONTACT') as barred
    from (select n as key, raw, addresses::jsonb, invalid, variables::jsonb from unnest(
              %(raws)s::text[], %(addresses)s::text[], %(invalids)s::boolean[], %(variables)s::text[])
              with ordinality u(raw, addresses, invalid, variables, n)) p
    left join lateral (select * from ({{owners}}) o order by o.id limit 1) c on true
"""


def adding(run: Run, ladder: Ladder, said: Sequence[Mapping[str, Any]], facts: dict[str, Any]) -> str:
    """Return the statement that adds people, and put its parameters to those of a push with one channel.

    `said` are the people's variables: an address of a further channel is taken from the one named for its kind.
    """
    own = ladder.ways[min(ladder.ways)][0]
    country = run.workspace.default_country
    found = []
    for variables, form, is_bad in zip(said, facts["addresses"], facts["invalids"], strict=True):
        mine = {own: form} if form and not is_bad else {}
        for kind in ladder.kinds():
            if kind != own and form != "?" and (value := str(variables.get(kind) or "")):
                further = cascade_building.form_of(ladder, kind, country, value)
                if further and not tombstones.has(run.workspace, kind, further):
                    mine[kind] = further
        found.append(orjson.dumps(mine).decode())
    facts |= cascade_building.judging(ladder) | {"raws": facts["addresses"], "addresses": found}
    owners = " union all ".join(owners_sql(kind, f"(p.addresses ->> '{kind}')") for kind in ladder.kinds())
    statement = candidates.zoned(_CANDIDATES, run.campaign).format(
        known=cascade_building.addresses_of_contact(ladder.kinds()), owners=owners
    )
    excluding = cascade_building.excluding_of(run.campaign, ladder, timezone.now())
    if excluding is not None:
        facts |= excluding.parameters
    excluded = judging.EXCLUDED if facts["earlier"] else ""
    return cascade_building.adding(ladder, Compiled(statement, {}), excluding, excluded=excluded)
