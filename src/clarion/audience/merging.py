"""Put many people into the contacts at once: a staging table, and a few statements over it."""

from collections.abc import Sequence
from typing import Any

import orjson

from clarion.audience import belongings, locks
from clarion.audience.people import Person

_STAGING = """
create temporary table if not exists audience_staging (
    email text not null, phone text not null, first_name text not null, last_name text not null,
    language text not null, zone text not null, tags varchar[] not null, attributes jsonb not null,
    contact_id bigint, further jsonb not null, wanted varchar[] not null, unwanted varchar[] not null
) on commit delete rows
"""

_INSERT = """
insert into audience_contact (workspace_id, public_id, email, phone, first_name, last_name, language, zone, state,
    tags, attributes, created_at, updated_at)
select %(workspace)s, gen_random_uuid(), email, phone, first_name, last_name, language, zone, 'ACTIVE',
    tags, attributes, now(), now()
from audience_staging s
"""

#: What a known contact becomes: the file's words where it has some, its own where not.
_MERGED = """
    phone = coalesce(nullif({new}.phone, ''), c.phone),
    first_name = coalesce(nullif({new}.first_name, ''), c.first_name),
    last_name = coalesce(nullif({new}.last_name, ''), c.last_name),
    language = coalesce(nullif({new}.language, ''), c.language),
    zone = coalesce(nullif({new}.zone, ''), c.zone),
    tags = case when {new}.tags <@ c.tags then c.tags
        else array(select distinct tag from unnest(c.tags || {new}.tags) tag order by tag) end,
    attributes = c.attributes || {new}.attributes,
    updated_at = now()
"""

#: Ordered, so that two transactions take their locks in the same order.
_BY_EMAIL = """
with made as (
    {insert} where email <> '' and contact_id is null order by email
    on conflict (workspace_id, email) where email <> '' do {on_known}
    returning id, (xmax = 0) as is_new
), added as (
    insert into audience_listmember (list_id, contact_id, added_at)
    select %(list)s, id, now() from made where %(list)s::bigint is not null
    on conflict do nothing returning 1
), counted as (
    update audience_list set member_count = member_count + (select count(*) from added)
    where id = %(list)s and workspace_id = %(workspace)s
) select count(*) filter (where is_new) from made
"""
_INSERT_AS_C = _INSERT.replace("audience_contact (", "audience_contact as c (")
_UPDATE_KNOWN = _BY_EMAIL.format(insert=_INSERT_AS_C, on_known=f"update set {_MERGED.format(new='excluded')}")
_SKIP_KNOWN = _BY_EMAIL.format(insert=_INSERT_AS_C, on_known="nothing")

#: Two contacts may share a number; the older one is meant. `phone <> ''` lets the partial index be used.
_KNOWN_BY_PHONE = """
    select min(o.id) from audience_contact o
    where o.workspace_id = %(workspace)s and o.phone = s.phone and o.phone <> ''
"""
_UPDATE_BY_PHONE = f"""
update audience_contact c set {_MERGED.format(new="s")}
from audience_staging s where s.email = '' and s.contact_id is null and c.id = ({_KNOWN_BY_PHONE})
"""  # noqa: S608 - constants of this module
_INSERT_BY_PHONE = f"{_INSERT} where email = '' and contact_id is null and ({_KNOWN_BY_PHONE}) is null"
_UPDATE_FOUND = f"""
update audience_contact c set {_MERGED.format(new="s")} from audience_staging s where c.id = s.contact_id
"""  # noqa: S608

#: Known ones alone, which have been told by a statement of their own.
_ONLY_KNOWN = f"""
update audience_contact c set {_MERGED.format(new="s")}
from audience_staging s
where s.email <> '' and s.contact_id is null and c.workspace_id = %(workspace)s and c.email = s.email
"""  # noqa: S608

_ADD_TO_LIST = f"""
with added as (
    insert into audience_listmember (list_id, contact_id, added_at)
    select %(list)s, c.id, now() from audience_staging s join audience_contact c
        on c.workspace_id = %(workspace)s and c.email = s.email and c.email <> '' and s.contact_id is null
    union all
    select %(list)s, known.id, now() from audience_staging s
    cross join lateral ({_KNOWN_BY_PHONE}) known(id)
    where s.email = '' and s.contact_id is null and known.id is not null
    union all
    select %(list)s, s.contact_id, now() from audience_staging s where s.contact_id is not null
    on conflict do nothing returning 1
)
update audience_list set member_count = member_count + (select count(*) from added)
where id = %(list)s and workspace_id = %(workspace)s
"""  # noqa: S608


def merge(
    cursor: Any,
    *,
    workspace_id: int,
    people: Sequence[Person],
    updates_known: bool,
    list_id: int | None,
    makes_new: bool = True,
    note: str = "",
) -> int:
    """Make or update contacts, each person once, in the caller's transaction. Returns how many were made.

    Without `makes_new` none are, and it returns how many were known. Who is known by a further address is found by
    it. `note` says where consent was told.
    """
    facts = {"workspace": workspace_id, "list": list_id, "updates": updates_known, "note": note[:200]}
    locks.hold_addresses(workspace_id)
    has_further = belongings.has_further(cursor, workspace_id)
    if has_further:
        people = belongings.found_by_further(cursor, workspace_id, people)
    cursor.execute(_STAGING)
    cursor.execute("truncate audience_staging")
    _copy(cursor, people)
    cursor.execute("analyze audience_staging")
    if not makes_new:
        known = 0
        for statement in (_ONLY_KNOWN, _UPDATE_FOUND, _UPDATE_BY_PHONE):
            cursor.execute(statement, facts)
            known += int(cursor.rowcount)
        if list_id is not None:
            cursor.execute(_ADD_TO_LIST, facts)
        belongings.store(cursor, facts, people, has_further=has_further)
        return known
    cursor.execute(_UPDATE_KNOWN if updates_known else _SKIP_KNOWN, facts)
    created = int(cursor.fetchone()[0])
    if has_further and updates_known:
        cursor.execute(_UPDATE_FOUND, facts)
    has_email_only = all(person.email and person.contact_id is None for person in people)
    if not has_email_only:
        if updates_known:
            cursor.execute(_UPDATE_BY_PHONE, facts)
        cursor.execute(_INSERT_BY_PHONE, facts)
        created += int(cursor.rowcount)
    if list_id is not None and not (updates_known and has_email_only):
        cursor.execute(_ADD_TO_LIST, facts)  # those whom no statement above has returned
    belongings.store(cursor, facts, people, has_further=has_further)
    return created


def look_again(cursor: Any) -> None:
    """Tell the planner how many contacts there are by now: a plan for a hundred reads all of a million."""
    cursor.execute("analyze audience_contact")


def _copy(cursor: Any, people: Sequence[Person]) -> None:
    with cursor.copy("copy audience_staging from stdin") as copy:
        for p in people:
            attributes = orjson.dumps(p.attributes).decode() if p.attributes else "{}"
            wanted = [channel for channel, is_wanted in p.consents.items() if is_wanted]
            unwanted = [channel for channel, is_wanted in p.consents.items() if not is_wanted]
            copy.write_row(
                (
                    p.email, p.phone, p.first_name, p.last_name, p.language, p.zone, p.tags or "{}", attributes,
                    p.contact_id, orjson.dumps(p.further).decode() if p.further else "[]",
                    wanted or "{}", unwanted or "{}",
                )
            )  # fmt: skip
