"""What an import says of people beside their contact's row: further addresses and consent, in a few statements.

They work on the staging table that `merging` has filled, after the contacts themselves are there.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from clarion.audience.people import Person

#: Which contact a staged person is now. New ones were made by this very transaction.
_RESOLVED = """
with resolved as (
    select s.*, coalesce(
        s.contact_id,
        case when s.email <> '' then (
            select o.id from audience_contact o
            where o.workspace_id = %(workspace)s and o.email = s.email and o.email <> '') end,
        case when s.email = '' then (
            select min(o.id) from audience_contact o
            where o.workspace_id = %(workspace)s and o.phone = s.phone and o.phone <> '') end) as id
    from audience_staging s
    where s.further <> '[]' or s.wanted <> '{}' or s.unwanted <> '{}'
), mine as (
    select r.*, c.email as own_email, c.phone as own_phone from resolved r join audience_contact c on c.id = r.id
    where %(updates)s or c.created_at = now()
)
"""

#: An address that somebody else has already is left to them. The first of a kind goes to its place on the contact's
#: own row where that is empty.
_ADDRESSES = """
{resolved}, named as (
    select distinct m.id, f ->> 0 as kind, f ->> 1 as address, m.own_email, m.own_phone
    from mine m cross join lateral jsonb_array_elements(m.further) f(f)
), free as (
    select distinct on (kind, case kind when 'phone' then id end, address) *
    from named n
    where (kind <> 'phone' or address <> own_phone)
      and not (kind = 'email' and exists (
          select from audience_contact o
          where o.workspace_id = %(workspace)s and o.email = n.address and o.email <> ''))
      and not (kind <> 'phone' and exists (
          select from audience_address a
          where a.workspace_id = %(workspace)s and a.kind = n.kind and a.address = n.address))
    order by kind, case kind when 'phone' then id end, address, id
), placed as (
    select *, row_number() over (partition by id, kind order by address) = 1 as is_first,
        case kind when 'phone' then own_phone = '' when 'email' then own_email = '' else false end as has_room
    from free
), added as (
    insert into audience_address (workspace_id, contact_id, kind, address, is_preferred, created_at)
    select %(workspace)s, p.id, p.kind, p.address,
        p.is_first and p.kind not in ('email', 'phone') and not exists (
            select from audience_address a where a.contact_id = p.id and a.kind = p.kind and a.is_preferred),
        now()
    from placed p where not (p.is_first and p.has_room)
    on conflict do nothing
)
update audience_contact c
set phone = coalesce(first.phone, c.phone), email = coalesce(first.email, c.email)
from (
    select id, min(address) filter (where kind = 'phone') as phone,
           min(address) filter (where kind = 'email') as email
    from placed where is_first and has_room group by id
) first
where c.id = first.id
""".replace("{resolved}", _RESOLVED)

#: A yes in a file never outweighs a no: the file may be older than it.
_CONSENT = """
{resolved}, told as (
    select id, channel, 'GIVEN' as state from mine cross join lateral unnest(wanted) channel
    union all
    select id, channel, 'WITHDRAWN' from mine cross join lateral unnest(unwanted) channel
), fresh as (
    select t.* from told t join audience_contact c on c.id = t.id
    where not (t.channel = any(c.refusals)) and (t.state = 'WITHDRAWN' or not (t.channel = any(c.consents)))
), noted as (
    insert into audience_consentchange (workspace_id, contact_id, channel, state, source, at, note)
    select %(workspace)s, id, channel, state, 'IMPORT', now(), %(note)s from fresh order by id, channel
)
update audience_contact c
set consents = array(
        select channel from unnest(c.consents || coalesce(said.given, '{}')) channel
        where channel <> all(coalesce(said.taken, '{}')) order by channel),
    refusals = array(select channel from unnest(c.refusals || coalesce(said.taken, '{}')) channel order by channel)
from (
    select id, array_agg(channel) filter (where state = 'GIVEN') as given,
           array_agg(channel) filter (where state = 'WITHDRAWN') as taken
    from fresh group by id
) said
where c.id = said.id
""".replace("{resolved}", _RESOLVED)

#: What became the preferred number is no further one any more.
_TIDY = """
delete from audience_address a using audience_contact c, audience_staging s
where a.workspace_id = %(workspace)s and a.kind = 'phone' and a.address = s.phone and s.phone <> ''
  and c.id = a.contact_id and c.phone = a.address
"""

_FOUND = """
select given, (
    select a.contact_id from audience_address a
    where a.workspace_id = %s and a.kind = %s and a.address = given order by a.contact_id limit 1)
from unnest(%s::text[]) given
"""


def has_further(cursor: Any, workspace_id: int) -> bool:
    """Whether any contact of the workspace has a further e-mail address or phone number."""
    cursor.execute(
        "select exists (select from audience_address where workspace_id = %s and kind in ('email', 'phone'))",
        [workspace_id],
    )
    return bool(cursor.fetchone()[0])


def found_by_further(cursor: Any, workspace_id: int, people: Sequence[Person]) -> list[Person]:
    """Return the people, those whom a further address finds with their contact, and each contact once."""
    emails = _found(cursor, workspace_id, "email", [one.email for one in people if one.email])
    phones = _found(cursor, workspace_id, "phone", [one.phone for one in people if not one.email])
    known: dict[int, Person] = {}
    others: list[Person] = []
    for person in people:
        contact = emails.get(person.email) if person.email else phones.get(person.phone)
        if contact is None:
            others.append(person)
            continue
        person.contact_id = contact
        if not person.email:
            person.phone = ""  # it stays the further one that it is
        if contact in known:
            known[contact].take_over(person)
        else:
            known[contact] = person
    return [*others, *known.values()]


def _found(cursor: Any, workspace_id: int, kind: str, given: list[str]) -> dict[str, int]:
    """Return the contacts of further addresses. A number that is somebody's preferred one is theirs."""
    if not given:
        return {}
    cursor.execute(_FOUND, [workspace_id, kind, given])
    found = {address: contact for address, contact in cursor.fetchall() if contact is not None}
    if kind == "phone" and found:
        cursor.execute(
            "select phone from audience_contact where workspace_id = %s and phone = any(%s) and phone <> ''",
            [workspace_id, list(found)],
        )
        for (address,) in cursor.fetchall():
            found.pop(address, None)
    return found


def store(cursor: Any, facts: Mapping[str, Any], people: Sequence[Person], *, has_further: bool) -> None:
    """Store what is staged beside the contacts. Costs nothing when the file says nothing of it."""
    if any(person.further for person in people):
        cursor.execute(_ADDRESSES, facts)
        has_further = True
    if any(person.consents for person in people):
        cursor.execute(_CONSENT, facts)
    if has_further:
        cursor.execute(_TIDY, facts)
