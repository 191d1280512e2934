"""The statements by which the builder takes people from each kind of source, a chunk at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clarion.audience import addresses, consent
from clarion.audience.models import FILES, Source, SourceKind
from clarion.audience.queries import CONTACT_VARIABLES_SQL
from clarion.audience.queries.narrowing import left_out, members_only
from clarion.audience.segments import Compiled
from clarion.campaigns.models import Campaign
from clarion.channels import registry

#: Added to a contact's variables where the sending hours are the recipients' own.
_ZONE = " || case when c.zone = '' then '{{}}'::jsonb else jsonb_build_object('zone', c.zone) end"

#: The contacts of the next chunk, of sources that name theirs.
_NEXT_OF_FIXED = """
            select contact_id from audience_sourcemember
            where source_id = %(source)s and contact_id > %(after)s order by contact_id limit %(chunk)s
"""
_NEXT = {
    SourceKind.CONTACTS: """
            select id as contact_id from audience_contact
            where workspace_id = %(workspace)s and id > %(after)s order by id limit %(chunk)s
    """,
    SourceKind.LISTS: """
            select distinct contact_id
            from unnest(%(lists)s::bigint[]) wanted
            cross join lateral (
                -- Each list's next members by its own index, however many lists and members there are.
                select contact_id from audience_listmember
                where list_id = wanted and contact_id > %(after)s order by contact_id limit %(chunk)s
            ) next
            order by contact_id limit %(chunk)s
    """,
}

_COLUMNS = f"""
        select c.id as key, c.id as contact_id, {{address}} as address, {CONTACT_VARIABLES_SQL} as variables,
               false as invalid, {{barred}} as barred, {{unwilling}} as unwilling, c.xmin as written
"""
#: Candidates of the next chunk: (key, contact_id, address, variables, invalid, barred, unwilling), and of contacts the
#: transaction that wrote them last. One for each kind.
_OF_FILES = """
        select id::bigint as key, null::bigint as contact_id, address, data as variables,
               problem <> '' as invalid,
               coalesce(owner.barred, false) as barred, {unwilling} as unwilling
        from audience_sourcerow s
        left join lateral ({owner}) owner on true
        where source_id = %(source)s and id > %(after)s order by id limit %(chunk)s
"""
#: Of people who were fixed beforehand.
OF_FIXED = f"""{_COLUMNS}
        from audience_sourcemember m
        join audience_contact c on c.id = m.contact_id and c.workspace_id = %(workspace)s
        where m.source_id = %(source)s and m.contact_id > %(after)s order by m.contact_id limit %(chunk)s
"""
CANDIDATES = {
    SourceKind.UPLOAD: _OF_FILES,
    SourceKind.SHEET: _OF_FILES,
    SourceKind.INPUT: _OF_FILES,
    SourceKind.CONTACTS: f"""{_COLUMNS}
        from audience_contact c
        where c.workspace_id = %(workspace)s and c.id > %(after)s order by c.id limit %(chunk)s
    """,
    SourceKind.SEGMENTS: f"""{_COLUMNS}
        from audience_contact c
        where c.workspace_id = %(workspace)s and c.id > %(after)s and {{only}} order by c.id limit %(chunk)s
    """,
    SourceKind.LISTS: f"""{_COLUMNS}
        from ({_NEXT[SourceKind.LISTS]}) m
        join audience_contact c
          on c.id = m.contact_id and c.id > %(after)s and c.workspace_id = %(workspace)s
    """,
}

#: A span of contacts is read in their order where people lie so close together in it: at most so many for each.
CLOSE = 4
#: Candidates of the next chunk that lies in the contacts from `first` to `until`. Who of them is meant is one hashed
#: set: `is true` keeps the planner from joining it, by what it thinks of the tables' sizes.
_IN_SPAN = f"""{_COLUMNS}
        from audience_contact c
        where c.workspace_id = %(workspace)s and c.id between %(first)s and %(until)s
          and (c.id in ({{next}})) is true
"""
_SPAN = "select min(contact_id), max(contact_id), count(*) from ({next}) n"


def of_campaign(
    campaign: Campaign,
    channel: str,
    now: datetime,
    *,
    address: str = "",
    kinds: Sequence[str] | None = None,
    statement: str = "",
) -> Compiled:
    """Return the statement of a campaign's next candidates, for the channel's kind of address.

    Days of its segments are counted from `now`. Further parameters are workspace, source, after and chunk. `address` is
    SQL for a cascade's columns of a contact `c` in its place, and `kinds` are then those of its channels. `statement`
    is another one of those above in place of the source's kind's.
    """
    assert campaign.source is not None  # noqa: S101 - whoever asks has looked
    is_fixed = campaign.source.fixed_at is not None
    kinds_own = CANDIDATES[SourceKind(campaign.source.kind)]
    statement = zoned(statement or (OF_FIXED if is_fixed else kinds_own), campaign)
    if address:
        statement = statement.replace("{address} as address", address)
    kind = registry.get(channel).address_kind
    if campaign.source.kind in FILES:
        unwilling = consent.owner_unwilling_sql(campaign.workspace, channel)
        owner = consent.owner_sql(campaign.workspace, channel, "s.address")
        return Compiled(statement.format(owner=owner, unwilling=unwilling), {})
    only = members_only(campaign.source, now)
    unwilling = "false" if address else consent.unwilling_sql(campaign.workspace, channel)
    barred = consent.barred_sql(campaign.workspace, [kind] if kinds is None else kinds)
    preferred = addresses.preferred_sql(kind)
    made = statement.format(address=preferred, only=only.sql, unwilling=unwilling, barred=barred)
    return Compiled(made, only.parameters)


def excluding(
    campaign: Campaign, channel: str, now: datetime, *, is_once: bool = False, in_span: bool = False
) -> Compiled | None:
    """Return the condition that the owner of `candidate.address` is excluded; None when nobody is.

    `is_once` is as `judged` has it; `in_span` says that all candidates lie in the span of contacts that is read.
    """
    if campaign.source is None:
        return None
    contact = "candidate.contact_id" if is_once else ""
    kind = registry.get(channel).address_kind
    return left_out(campaign.source, kind, "candidate.address", now, contact=contact, in_span=in_span)


def zoned(statement: str, campaign: Campaign) -> str:
    """Return a statement of candidates with their contact's zone, where the hours are the recipients' own."""
    if not (campaign.windows and campaign.window_is_recipients):
        return statement
    return statement.replace(CONTACT_VARIABLES_SQL, CONTACT_VARIABLES_SQL + _ZONE)


def next_of(source: Source) -> str | None:
    """Return the statement of the contacts of a source's next chunk; None where it does not name them."""
    if source.kind in FILES:
        return None
    return _NEXT_OF_FIXED if source.fixed_at is not None else _NEXT.get(SourceKind(source.kind))


def in_span(source: Source) -> str | None:
    """Return the statement of the candidates of a span; None where the source does not name its contacts."""
    if (following := next_of(source)) is None:
        return None
    return _IN_SPAN.replace("{next}", following)


def span(cursor: Any, source: Source, facts: dict[str, Any]) -> dict[str, int] | None:
    """Return the parameters `first` and `until` of the next chunk's span; None where people lie far from each other.

    `facts` are the parameters of `candidates_of`. It is how things are at this moment: who is put on a list or taken
    from it afterwards is judged by the statement that reads the span.
    """
    if (following := next_of(source)) is None:
        return None
    cursor.execute(_SPAN.replace("{next}", following), facts)
    first, until, count = cursor.fetchone()
    if not count or until - first >= CLOSE * count:
        return None
    return {"first": first, "until": until}
