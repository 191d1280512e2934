"""Contacts that may be one person: they share a telephone, or both names."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from clarion.audience.models import Address, Contact
from clarion.audience.queries.segments import in_time
from clarion.workspaces.models import Workspace

#: Milliseconds for each of the two questions about a whole workspace.
PATIENCE_MS = 1_000
#: Groups shown, and contacts of one.
GROUPS = 30
GROUP = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Contacts that may be the same person, the oldest first, and what they share."""

    reason: str
    contacts: Sequence[Contact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """Some groups of a workspace; not `is_complete` when looking through all contacts takes too long."""

    groups: Sequence[Group]
    is_complete: bool


#: Neighbours in an index, so that the first groups are found at once, whatever the size.
_BY_PHONE = """
select phone from (
    select phone, lag(phone) over (order by phone) as before from audience_contact
    where workspace_id = %(workspace)s and phone <> ''
) pair where phone = before group by phone order by phone limit %(limit)s
"""
_BY_NAME = """
select upper(last_name), upper(first_name) from audience_contact
where workspace_id = %(workspace)s and last_name <> '' and first_name <> ''
group by upper(last_name), upper(first_name) having count(*) > 1
order by upper(last_name), upper(first_name) limit %(limit)s
"""


def suggestions(workspace: Workspace) -> Suggestions:
    """Return contacts of the workspace that may be the same, found within about two seconds at any size."""
    facts = {"workspace": workspace.pk, "limit": GROUPS}
    phones, names = in_time(_BY_PHONE, facts, PATIENCE_MS), in_time(_BY_NAME, facts, PATIENCE_MS)
    mine = Contact.objects.filter(workspace=workspace).order_by("pk")
    groups = [_group(_("Same phone number"), mine.filter(phone=phone)) for (phone,) in phones or ()]
    groups += [_group(_("Same name"), mine.filter(_named(last, first))) for last, first in names or ()]
    return Suggestions(
        groups=[group for group in groups if len(group.contacts) > 1][:GROUPS],
        is_complete=phones is not None and names is not None,
    )


def of_contact(contact: Contact, limit: int = GROUP) -> list[tuple[Contact, str]]:
    """Return contacts that may be the same person as this one, and what they share."""
    found: dict[int, tuple[Contact, str]] = {}
    others = Contact.objects.filter(workspace_id=contact.workspace_id).exclude(pk=contact.pk).order_by("pk")
    phones = [contact.phone] * bool(contact.phone)
    phones += contact.addresses.filter(kind="phone").values_list("address", flat=True)
    if phones:
        further = Address.objects.filter(workspace_id=contact.workspace_id, kind="phone", address__in=phones)
        ids = [*others.filter(~Q(phone=""), phone__in=phones).values_list("pk", flat=True)[:limit]]
        ids += further.exclude(contact=contact).values_list("contact_id", flat=True)[:limit]
        for one in others.filter(pk__in=ids)[:limit]:
            found[one.pk] = (one, _("Same phone number"))
    if contact.first_name and contact.last_name:
        for one in others.filter(_named(contact.last_name, contact.first_name))[:limit]:
            found.setdefault(one.pk, (one, _("Same name")))
    return list(found.values())[:limit]


def _named(last: str, first: str) -> Q:
    """Whole names whatever their case, in the words of the index of last names."""
    return ~Q(last_name="") & Q(last_name__iexact=last, first_name__iexact=first)


def _group(reason: str, rows: "object") -> Group:
    return Group(reason=reason, contacts=list(rows[:GROUP]))  # type: ignore[index]
