"""What a source holds: how many of it will be written to, and what their messages can say."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from clarion.audience import capping, consent, csvfile, tables, uploads
from clarion.audience.addresses import SHARED, all_owners_sql, owners_sql, preferred_sql
from clarion.audience.csvdialect import Dialect
from clarion.audience.models import FILES, Contact, Source, SourceKind, SourceMember, SourceRow
from clarion.audience.queries import narrowing
from clarion.audience.segments import Compiled
from clarion.channels import registry
from clarion.workspaces.models import Membership

#: What a template may use of a contact `c`, as jsonb: the attributes, and over them the contact's own fields.
#: (From arrays, because `jsonb_build_object` looks at the type of each value anew for every row: twice the time.)
CONTACT_VARIABLES_SQL = (
    "c.attributes || jsonb_object(array['email', 'phone', 'first_name', 'last_name', 'language'],"
    " array[c.email, c.phone, c.first_name, c.last_name, c.language]::text[])"
)


#: Enough to hold a million addresses in memory while their duplicates are counted.
WORK_MEM = "256MB"

#: Of more people than this about so many are held to frequency caps, in place of all: each costs some microseconds.
CAPS_COUNTED = 40_000
CAPS_SAMPLED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """How many rows of a source there are, why some get nothing, and how many are left.

    A row counts once, for the first reason in this order: no address; an address that cannot be read (uploads
    only); not the first row with its address; suppressed on the channel; the contact is not ACTIVE (contacts, lists
    and segments), or a contact with this address is DO_NOT_CONTACT (uploads); no consent to the channel; had their
    share of messages; excluded by a list or a segment.
    """

    matched: int = 0
    no_address: int = 0
    invalid: int = 0
    duplicate: int = 0
    suppressed: int = 0
    do_not_contact: int = 0
    no_consent: int = 0
    capped: int = 0
    excluded: int = 0
    will_receive: int = 0
    #: Whether `capped`, `excluded` and `will_receive` were judged by some of very many people, and are about right.
    is_about: bool = False


def source_for(member: Membership, public_id: UUID) -> Source | None:
    """Return the workspace's source of that id."""
    return Source.objects.filter(workspace=member.workspace, public_id=public_id).first()


def members_of(source: Source) -> list[Contact]:
    """Return the contacts that were picked for the source, or written down."""
    ids = SourceMember.objects.filter(source_id=source.pk).values("contact_id")
    return list(Contact.objects.filter(workspace_id=source.workspace_id, pk__in=ids))


def estimate(
    source: Source, channel: str, *, campaign_id: int | None = None, is_capped: bool = True
) -> Waterfall:
    """Return who would get a message on the channel if it were sent now. An upload counts what is read so far.

    `campaign_id` is whose people these are: what it has open itself uses up nobody's share of messages. The people of
    very large audiences are held to frequency caps by some of them at random.
    """
    address = "r.address" if source.kind in FILES else "people.address"
    held = (
        held_back(source, channel, campaign_id, address=address, contact="people.id") if is_capped else None
    )
    before = _without_caps(source, channel)
    return before if held is None else _with_caps(before, source, channel, held)


def _without_caps(source: Source, channel: str) -> Waterfall:
    suppressed, do_not_contact, no_consent, _nobody, excluded, *rest = _counted(
        *_estimate_sql(source, channel, Compiled("false", {}))
    )
    if source.kind in FILES:
        table = source.table
        frozen = table.counts or frozen_counts(table)
        matched = table.row_count
        no_address, invalid, duplicate = (frozen[name] for name in ("no_address", "invalid", "duplicate"))
    else:
        matched, no_address, duplicate = rest
        invalid = 0
    return Waterfall(
        matched=matched,
        no_address=no_address,
        invalid=invalid,
        duplicate=duplicate,
        suppressed=suppressed,
        do_not_contact=do_not_contact,
        no_consent=no_consent,
        excluded=excluded,
        will_receive=matched
        - sum((no_address, invalid, duplicate, suppressed, do_not_contact, no_consent, excluded)),
    )


def _with_caps(before: Waterfall, source: Source, channel: str, held: Compiled) -> Waterfall:
    """Return the estimate with those who have had their share: of many people, by some of them at random."""
    people = before.will_receive + before.excluded
    every = 1 if people <= CAPS_COUNTED else people // CAPS_SAMPLED
    digest = "hashtext(r.address)" if source.kind in FILES else "hashint8(people.id)"
    some = Compiled(
        f"(mod({digest}, %(cap_every)s::int) = 0 and {held.sql})", held.parameters | {"cap_every": every}
    )
    _suppressed, _barred, _unwilling, found, excluded, *_rest = _counted(
        *_estimate_sql(source, channel, some)
    )
    capped = min(people, found * every)
    # Whoever is capped is not counted as excluded any more.
    left = max(0, before.excluded - (before.excluded - excluded) * every)
    will_receive = max(0, people - capped - left)
    return replace(
        before,
        capped=capped,
        excluded=people - capped - will_receive,
        will_receive=will_receive,
        is_about=every > 1,
    )


def _estimate_sql(
    source: Source, channel: str, capped: Compiled
) -> tuple[str | sql.Composed, dict[str, Any]]:
    """Return what counts: suppressed, barred, without consent, capped, excluded; of contacts also more."""
    kind = registry.get(channel).address_kind
    if source.kind not in FILES:
        return _people_sql(source, kind, channel, capped)
    facts = {"source": source.table.pk, "workspace": source.workspace_id, "channel": channel, "kind": kind}
    out = left_out_by(source, kind, "r.address")
    statement = _BLOCKED_SQL.replace("{excluded}", out.sql).replace("{capped}", capped.sql)
    statement = statement.replace("{unwilling}", consent.owner_unwilling_sql(source.workspace, channel))
    is_required = consent.is_required(source.workspace, channel)
    statement = statement.replace("{all_owners}", all_owners_sql(kind, with_willing=is_required))
    return statement, out.parameters | capped.parameters | facts


def reaches_anybody(
    source: Source, channel: str, *, campaign_id: int | None = None, is_capped: bool = True
) -> bool:
    """Whether `estimate` would count anybody who will receive it; found at the first such person, so at any size.

    Of several contacts with one phone number any may be that person, which `estimate` is stricter about.
    """
    kind = registry.get(channel).address_kind
    is_file = source.kind in FILES
    address = "r.address" if is_file else preferred_sql(kind)
    out = left_out_by(source, kind, address)
    held = held_back(source, channel, campaign_id, address=address, contact="c.id") if is_capped else None
    held = held or Compiled("false", {})
    only = narrowing.members_only(source, timezone.now())
    if is_file:
        unwilling = consent.owner_unwilling_sql(source.workspace, channel)
    else:
        unwilling = consent.unwilling_sql(source.workspace, channel)
    shape = _ANYBODY_FIXED if source.fixed_at is not None else _ANYBODY_SQL[SourceKind(source.kind)]
    statement = sql.SQL(shape).format(
        address=sql.SQL(address),
        owners=sql.SQL(owners_sql(kind, "r.address")),
        not_suppressed=sql.SQL(_NOT_SUPPRESSED).format(of=sql.SQL(address)),
        unwilling=sql.SQL(unwilling),
        excluded=sql.SQL(f"({out.sql} or {held.sql})"),
        only=sql.SQL(only.sql),
        barred=sql.SQL(f"({consent.barred_sql(source.workspace, [kind])})"),
    )
    facts = {"workspace": source.workspace_id, "channel": channel, "source": source.table.pk}
    with connection.cursor() as cursor:
        cursor.execute(statement, only.parameters | out.parameters | held.parameters | facts)
        return bool(cursor.fetchone()[0])


def left_out_by(source: Source, kind: str, address: str) -> Compiled:
    return narrowing.left_out(source, kind, address, timezone.now()) or Compiled("false", {})


def held_back(
    source: Source, channel: str, campaign_id: int | None, *, address: str, contact: str
) -> Compiled | None:
    """Return the condition that somebody has had their share of messages; None where no cap concerns the channel.

    `address` and `contact`, the id, are SQL about rows of the source; the contact of a file's row is looked up.
    """
    if source.kind in FILES:
        contact = f"(select o.id from ({owners_sql(registry.get(channel).address_kind, address)}) o limit 1)"  # noqa: S608
    return capping.capped(
        source.workspace, channels=[channel], address=address, contact=contact, now=timezone.now(),
        campaign_id=campaign_id,
    )  # fmt: skip


def frozen_counts(source: Source) -> dict[str, int]:
    """Count what cannot change any more about the rows of an upload, for `Source.counts`."""
    no_address, invalid, duplicate = _counted(_FROZEN_SQL, {"source": source.pk})
    return {"no_address": no_address, "invalid": invalid, "duplicate": duplicate}


def _counted(statement: str | sql.Composed, parameters: dict[str, Any]) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"set local work_mem = '{WORK_MEM}'")
        cursor.execute(statement, parameters)
        return [int(count or 0) for count in cursor.fetchone()]


_FROZEN_SQL = """
    with grouped as (
        select address, problem = '' as is_usable, count(*) as n
        from audience_sourcerow where source_id = %(source)s group by 1, 2
    )
    select sum(n) filter (where not is_usable and address = ''),
        sum(n) filter (where not is_usable and address <> ''),
        sum(n - 1) filter (where is_usable)
    from grouped
"""

#: Of an upload's usable addresses, how many are suppressed, and how many others are left out for what.
_BLOCKED_SQL = """
    with row as (
        select distinct address from audience_sourcerow where source_id = %(source)s and problem = ''
    )
    select count(*) filter (where is_suppressed),
        count(*) filter (where not is_suppressed and is_barred),
        count(*) filter (where not is_suppressed and not is_barred and is_unwilling),
        count(*) filter (where not is_suppressed and not is_barred and not is_unwilling and {capped}),
        count(*) filter (
            where not is_suppressed and not is_barred and not is_unwilling and not {capped} and {excluded})
    from (
        select r.address, s.id is not null as is_suppressed, coalesce(owner.barred, false) as is_barred,
               {unwilling} as is_unwilling
        from row r
        left join audience_suppression s
            on s.workspace_id = %(workspace)s and s.channel = %(channel)s and s.address = r.address
        left join (
            select address, bool_or(state = 'DO_NOT_CONTACT') as barred,
                bool_or(%(channel)s = any(refusals)) as refuses, bool_or(%(channel)s = any(consents)) as agrees
            from ({all_owners}) known group by address
        ) owner on owner.address = r.address
    ) r
"""

_PEOPLE_SQL = """
    with people as (
        select c.id, {address} as address, not {barred} as is_active, {is_first} as is_first,
            {unwilling} as is_unwilling
        from audience_contact c where workspace_id = %(workspace)s and {only}
    )
    select count(*) filter (where is_first and s.id is not null),
        count(*) filter (where is_first and s.id is null and not is_active),
        count(*) filter (where is_first and s.id is null and is_active and is_unwilling),
        count(*) filter (where is_first and s.id is null and is_active and not is_unwilling and {capped}),
        count(*) filter (
            where is_first and s.id is null and is_active and not is_unwilling and not {capped} and {excluded}),
        count(*),
        count(*) filter (where people.address = ''),
        count(*) filter (where people.address <> '' and not is_first)
    from people left join audience_suppression s
        on s.workspace_id = %(workspace)s and s.channel = %(channel)s and s.address = people.address
"""


_NOT_SUPPRESSED = """
    left join lateral (
        -- Looked up for one after the other: a plain anti-join may read all of either first.
        select true as found from audience_suppression s
        where s.workspace_id = %(workspace)s and s.channel = %(channel)s and s.address = {of} limit 1
    ) suppressed on true
"""
_ANYBODY_IN_FILE = """
    select exists (
        select from audience_sourcerow r {not_suppressed}
        left join lateral (
            select bool_or(c.state = 'DO_NOT_CONTACT') as barred,
                bool_or(%(channel)s = any(c.refusals)) as refuses, bool_or(%(channel)s = any(c.consents)) as agrees
            from ({owners}) c
        ) owner on true
        where r.source_id = %(source)s and r.problem = ''
          and suppressed.found is null and not coalesce(owner.barred, false) and not ({unwilling})
          and not {excluded})
"""
_ANYBODY_FIXED = """
    select exists (
        select from audience_sourcemember m
        join audience_contact c on c.id = m.contact_id and c.workspace_id = %(workspace)s
        {not_suppressed}
        where m.source_id = %(source)s and not {barred} and {address} <> ''
          and suppressed.found is null and not ({unwilling}) and not {excluded})
"""
_ANYBODY_SQL = {
    SourceKind.UPLOAD: _ANYBODY_IN_FILE,
    SourceKind.SHEET: _ANYBODY_IN_FILE,
    SourceKind.INPUT: _ANYBODY_IN_FILE,
    SourceKind.CONTACTS: """
        select exists (
            select from audience_contact c {not_suppressed}
            where c.workspace_id = %(workspace)s and not {barred} and {address} <> ''
              and suppressed.found is null and not ({unwilling}) and not {excluded})
    """,
    SourceKind.LISTS: """
        select exists (
            select from audience_listmember m
            join audience_contact c on c.id = m.contact_id and c.workspace_id = %(workspace)s
            {not_suppressed}
            where m.list_id = any(%(lists)s) and not {barred} and {address} <> ''
              and suppressed.found is null and not ({unwilling}) and not {excluded})
    """,
    SourceKind.SEGMENTS: """
        select exists (
            select from audience_contact c {not_suppressed}
            where c.workspace_id = %(workspace)s and not {barred} and {address} <> '' and {only}
              and suppressed.found is null and not ({unwilling}) and not {excluded})
    """,
}


def _people_sql(
    source: Source, kind: str, channel: str, held: Compiled
) -> tuple[sql.Composed, dict[str, Any]]:
    column = sql.SQL(preferred_sql(kind))
    if kind == SHARED:
        is_first = sql.SQL("{0} <> '' and row_number() over (partition by {0} order by id) = 1").format(
            column
        )
    else:
        is_first = sql.SQL("{} <> ''").format(column)  # unique in a workspace
    only = narrowing.members_only(source, timezone.now())
    out = left_out_by(source, kind, "people.address")
    statement = sql.SQL(_PEOPLE_SQL).format(
        address=column, is_first=is_first, only=sql.SQL(only.sql), excluded=sql.SQL(out.sql),
        unwilling=sql.SQL(consent.unwilling_sql(source.workspace, channel)), capped=sql.SQL(held.sql),
        barred=sql.SQL(f"({consent.barred_sql(source.workspace, [kind])})"),
    )  # fmt: skip
    facts = {"workspace": source.workspace_id, "channel": channel}
    return statement, only.parameters | out.parameters | held.parameters | facts


def problem_rows(source: Source) -> Iterator[list[str]]:
    """Yield the header and the rejected rows of a file: row number, column, reason, and the cells as they were.

    Safe to open in a spreadsheet.
    """
    source = source.table
    dialect = Dialect.from_json(source.dialect)
    problems = dict(
        SourceRow.objects.filter(source_id=source.pk)
        .exclude(problem="")
        .values_list("id", "problem")
        .iterator()
    )
    yield report_header(dialect.columns)
    last = max(problems, default=0)
    if not last:
        return
    for row in tables.rows(uploads.path_of(source.file_path), dialect):
        if row.number in problems:
            yield report_line(row, problems[row.number], dialect.columns)
        if row.number >= last:
            return


def report_header(columns: tuple[str, ...]) -> list[str]:
    """Return the first line of a file of rejected rows."""
    return ["row", "column", "reason", *map(csvfile.safe_cell, columns)]


def report_line(row: csvfile.Row, problem: str, columns: tuple[str, ...]) -> list[str]:
    """Return a rejected row as a line of the report, its problem parted into column and sentence."""
    column = next((name for name in columns if problem.startswith(f"{name}: ")), "")
    reason = problem.removeprefix(f"{column}: ") if column else problem
    cells = [csvfile.safe_cell(cell.encode("utf-8", "replace").decode()) for cell in row.cells]
    return [str(row.number), csvfile.safe_cell(column), csvfile.safe_cell(reason), *cells]
