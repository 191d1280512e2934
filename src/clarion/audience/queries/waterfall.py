"""Who exactly stands on a step of an estimate: the people behind each of its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from clarion.audience import consent
from clarion.audience.addresses import owners_sql, preferred_sql
from clarion.audience.models import FILES, Source
from clarion.audience.queries import narrowing, sources
from clarion.channels import registry

#: The steps, by the names of `sources.Waterfall`; each person stands on one of them, but for the first, which is all.
STEPS = tuple(field.name for field in fields(sources.Waterfall) if field.name != "is_about")

_USABLE = "people.address <> '' and not invalid and is_first"
_ALLOWED = f"{_USABLE} and suppressed.found is null and not barred and not unwilling"
#: Step → the condition that somebody stands there, cheap things first. Without `is_first` nobody is sorted.
_CONDITIONS = {
    "matched": "true",
    "no_address": "people.address = ''",
    "invalid": "people.address <> '' and invalid",
    "duplicate": "people.address <> '' and not invalid and not is_first",
    "suppressed": f"{_USABLE} and suppressed.found",
    "do_not_contact": f"{_USABLE} and suppressed.found is null and barred",
    "no_consent": f"{_USABLE} and suppressed.found is null and not barred and unwilling",
    "capped": f"{_ALLOWED} and {{capped}}",
    "excluded": f"{_ALLOWED} and not {{capped}} and {{excluded}}",
    "will_receive": f"{_ALLOWED} and not {{capped}} and not {{excluded}}",
}

_OF_FILE = """
    select r.id::bigint as key, null::bigint as contact_id, r.address, r.problem <> '' as invalid, r.problem,
        {is_first} as is_first, r.data ->> 'first_name' as first_name, r.data ->> 'last_name' as last_name,
        coalesce(owner.barred, false) as barred, {unwilling} as unwilling
    from audience_sourcerow r
    left join lateral (
        select bool_or(c.state = 'DO_NOT_CONTACT') as barred, bool_or(%(channel)s = any(c.refusals)) as refuses,
            bool_or(%(channel)s = any(c.consents)) as agrees
        from ({owners}) c
    ) owner on true
    where r.source_id = %(source)s
"""
_OF_CONTACTS = """
    select c.id as key, c.id as contact_id, {address} as address, false as invalid, '' as problem,
        {is_first} as is_first, c.first_name, c.last_name, {barred} as barred,
        {unwilling} as unwilling
    from audience_contact c where c.workspace_id = %(workspace)s and {only}
"""
_PAGE = """
with people as not materialized ({people}),
page as (
    select people.* from people
    left join lateral (
        select true as found from audience_suppression s
        where s.workspace_id = %(workspace)s and s.channel = %(channel)s and s.address = people.address limit 1
    ) suppressed on true
    where {condition} and people.key {beyond} %(key)s
    order by people.key {direction} limit %(limit)s
)
select page.key, page.address, page.first_name, page.last_name, page.problem, c.public_id::text
from page left join audience_contact c on c.id = page.contact_id order by page.key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person on a step. `key` is the number of the row of a file, or of the contact."""

    key: int
    address: str
    name: str
    #: What is wrong with the row of a file; empty when nothing is.
    problem: str
    #: The contact's page; None for the row of a file.
    contact: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPage:
    """People of a step in the source's order; the keys ask for the pages before and after, None at the ends."""

    people: Sequence[Somebody]
    before: int | None
    after: int | None


def people_of(
    source: Source,
    channel: str,
    step: str,
    *,
    campaign_id: int | None = None,
    is_capped: bool = True,
    after: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> StepPage:
    """Return the people whom `estimate` counts on the step, from behind `after` or up to `before`.

    Raises KeyError for a step that is none of STEPS.
    """
    backwards = before is not None and after is None
    statement, parameters = _statement(source, channel, step, campaign_id, is_capped=is_capped)
    beyond, direction = ("<", "desc") if backwards else (">", "asc")
    # The condition has been filled in; what stands in it may hold anything but these two names.
    statement = statement.replace("{beyond}", beyond).replace("{direction}", direction)
    key = before if backwards else (after if after is not None else -1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"set local work_mem = '{sources.WORK_MEM}'")
        cursor.execute("set local jit = off")
        cursor.execute(statement, parameters | {"key": key, "limit": limit + 1})
        rows = [_somebody(row) for row in cursor.fetchall()]
    has_more = len(rows) > limit
    shown = rows[-limit:] if backwards else rows[:limit]
    if not shown:
        return StepPage(people=[], before=None, after=None)
    is_first = not has_more if backwards else after is None
    is_last = not backwards and not has_more
    return StepPage(
        people=shown,
        before=None if is_first else shown[0].key,
        after=None if is_last else shown[-1].key,
    )


def _statement(
    source: Source, channel: str, step: str, campaign_id: int | None, *, is_capped: bool
) -> tuple[str, dict[str, Any]]:
    kind = registry.get(channel).address_kind
    condition = _CONDITIONS[step]
    parameters: dict[str, Any] = {
        "workspace": source.workspace_id, "channel": channel, "source": source.table.pk,
    }  # fmt: skip
    is_file = source.kind in FILES
    if is_file:
        first = "row_number() over (partition by r.address, r.problem = '' order by r.id) = 1"
        unwilling = consent.owner_unwilling_sql(source.workspace, channel)
        people = _OF_FILE.replace("{owners}", owners_sql(kind, "r.address"))
    else:
        preferred = preferred_sql(kind)
        # Telephones alone may be several contacts'.
        first = (
            f"row_number() over (partition by {preferred} order by c.id) = 1" if kind == "phone" else "true"
        )
        unwilling = consent.unwilling_sql(source.workspace, channel)
        only = narrowing.members_only(source, timezone.now())
        parameters |= only.parameters
        people = _OF_CONTACTS.replace("{address}", preferred).replace("{only}", only.sql)
        people = people.replace("{barred}", consent.barred_sql(source.workspace, [kind]))
    people = people.replace("{unwilling}", f"({unwilling})")
    people = people.replace("{is_first}", first if "is_first" in condition else "true")
    if "{excluded}" in condition:
        out = sources.left_out_by(source, kind, "people.address")
        parameters |= out.parameters
        condition = condition.replace("{excluded}", out.sql)
    if "{capped}" in condition:
        held = is_capped and sources.held_back(
            source, channel, campaign_id, address="people.address", contact="people.contact_id"
        )
        parameters |= held.parameters if held else {}
        condition = condition.replace("{capped}", held.sql if held else "false")
    return _PAGE.replace("{people}", people).replace("{condition}", condition), parameters


def _somebody(row: tuple[Any, ...]) -> Somebody:
    key, address, first, last, problem, contact = row
    return Somebody(
        key=key,
        address=address,
        name=" ".join(one for one in (first, last) if one),
        problem=problem,
        contact=UUID(contact) if contact else None,
    )
