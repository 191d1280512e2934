"""Who of the contacts a source means, and whom it leaves out, as conditions for other statements."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from clarion.audience import segments
from clarion.audience.addresses import owners_sql
from clarion.audience.models import Address, Segment, Source, SourceKind
from clarion.audience.segments import Compiled
from clarion.workspaces.models import Workspace

#: A contact on several of the lists is one person.
_ON_LISTS = (
    "exists (select from audience_listmember m"
    " where m.contact_id = c.id and m.list_id = any(%(lists)s::bigint[]))"
)
_ON_EXCLUDED_LISTS = (
    "exists (select from audience_listmember m"
    " where m.contact_id = x.id and m.list_id = any(%(excluded_lists)s::bigint[]))"
)
#: All of them in a span of contacts, read once a statement and hashed.
_IN_EXCLUDED_LISTS = (
    "{contact} in (select m.contact_id from audience_listmember m"
    " where m.list_id = any(%(excluded_lists)s::bigint[]) and m.contact_id between %(first)s and %(until)s)"
)


#: By the key of the members, which are looked up for a contact.
_IS_FIXED = (
    "exists (select from audience_sourcemember m where m.source_id = %(fixed)s and m.contact_id = c.id)"
)


def members_only(source: Source, now: datetime) -> Compiled:
    """Return the condition that a contact `c` of the workspace is meant by a source that is no file."""
    if source.fixed_at is not None:
        return Compiled(_IS_FIXED, {"fixed": source.pk})
    return meant(source, now)


def meant(source: Source, now: datetime) -> Compiled:
    """Return the same condition for whom the source's lists and segments mean, whatever was fixed before."""
    if source.kind == SourceKind.LISTS:
        return Compiled(_ON_LISTS, {"lists": list(source.lists.values_list("pk", flat=True))})
    if source.kind == SourceKind.SEGMENTS:
        return _any_of(source.workspace, source.segments.order_by("pk"), now, prefix="segment", alias="c")
    return Compiled("true", {})


def left_out(
    source: Source, kind: str, address: str, now: datetime, *, contact: str = "", in_span: bool = False
) -> Compiled | None:
    """Return the condition that an address is that of somebody who is excluded; None when nobody is.

    By the address, so that it holds for the rows of a file, for two contacts with one number, and for whoever has it
    beside the preferred one. `address` is an expression of SQL, `kind` what kind of address it is. `contact` is one for
    the id of the only contact with that preferred address: where nobody of the workspace has further ones, which is
    asked now, nobody else is looked for. With `in_span` all of these are from `first` to `until`, two parameters.
    """
    lists = list(source.excluded_lists.values_list("pk", flat=True))
    found = list(source.excluded_segments.order_by("pk"))
    if not lists and not found:
        return None
    made = _any_of(source.workspace, found, now, prefix="excluded", alias="x")
    conditions = [_ON_EXCLUDED_LISTS] * bool(lists) + [made.sql] * bool(found)
    owners = owners_sql(kind, address)
    facts = made.parameters | {"excluded_lists": lists, "workspace": source.workspace_id}
    if contact and not Address.objects.filter(workspace=source.workspace, kind=kind).exists():
        owners = f"select {contact} as id"
        if found:
            owners = f"select oc.* from audience_contact oc where oc.id = {contact}"  # noqa: S608
        elif in_span:
            return Compiled(f"{address} <> '' and {_IN_EXCLUDED_LISTS.replace('{contact}', contact)}", facts)
    statement = f"exists (select from ({owners}) x where {address} <> '' and ({' or '.join(conditions)}))"
    return Compiled(statement, facts)


def _any_of(
    workspace: Workspace, found: Iterable[Segment], now: datetime, *, prefix: str, alias: Literal["c", "x"]
) -> Compiled:
    """Return the condition that a contact is in any of the segments: in none of none."""
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    for number, segment in enumerate(found):
        node = segments.parse(segment.rule)
        made = segments.compiled(node, workspace=workspace, now=now, prefix=f"{prefix}{number}", alias=alias)
        conditions.append(made.sql)
        parameters |= made.parameters
    return Compiled(f"({' or '.join(conditions) or 'false'})", parameters)
