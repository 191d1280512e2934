"""People found elsewhere, many at once: put on a list, or their addresses suppressed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from clarion.audience import addresses, locks
from clarion.audience.models import Address, Contact, List, SuppressionReason
from clarion.audience.operations import lists, suppressions
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A person as something else knows them: by the contact they were, by a normalised address, or by both."""

    contact_id: int | None
    #: Kind of the address, such as "email" or "phone".
    kind: str
    address: str
    first_name: str = ""
    last_name: str = ""


@transaction.atomic
def add_people(*, by: Actor, the_list: List, people: Sequence[Found]) -> tuple[int, int]:
    """Put the people on the list; return how many were not on it before, and how many contacts were made for that.

    Whoever is no contact (any more) is found by the address, and made one where nobody has it. Who has neither is left
    out. Harmless when repeated. The list's own trail is the caller's to write.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    wanted = [one.contact_id for one in people if one.contact_id is not None]
    there = set(Contact.objects.filter(workspace=by.workspace, pk__in=wanted).values_list("pk", flat=True))
    rest = {(one.kind, one.address): one for one in people if one.contact_id not in there and one.address}
    made = 0
    if rest:
        locks.hold_addresses(by.workspace.pk)
        known = _known(by.workspace, rest)
        strangers = [one for key, one in rest.items() if key not in known]
        made = len(strangers)
        there |= {*known.values(), *_made(by.workspace, strangers)}
    return lists.put_on(by, the_list, there), made


def _known(workspace: Workspace, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the contacts that have the addresses; of several with one number the first."""
    found: dict[tuple[str, str], int] = {}
    for kind in sorted({kind for kind, _address in keys}):
        typed = [address for one, address in keys if one == kind]
        further = Address.objects.filter(workspace=workspace, kind=kind, address__in=typed)
        for address, contact in further.order_by("-contact_id").values_list("address", "contact_id"):
            found[kind, address] = contact
        if column := addresses.CONTACT_ADDRESS_COLUMNS.get(kind):
            own = Contact.objects.filter(workspace=workspace, **{f"{column}__in": typed})
            for address, contact in own.order_by("-pk").values_list(column, "pk"):
                found[kind, address] = contact
    return found


def _made(workspace: Workspace, strangers: Iterable[Found]) -> list[int]:
    pairs = []
    for one in strangers:
        contact = Contact(workspace=workspace, first_name=one.first_name[:100], last_name=one.last_name[:100])
        column = addresses.CONTACT_ADDRESS_COLUMNS.get(one.kind)
        if column:
            setattr(contact, column, one.address)
        pairs.append((contact, None if column else one))
    Contact.objects.bulk_create([contact for contact, _one in pairs])
    Address.objects.bulk_create(
        Address(workspace=workspace, contact=contact, kind=one.kind, address=one.address, is_preferred=True)
        for contact, one in pairs
        if one is not None
    )
    return [contact.pk for contact, _one in pairs]


def suppress_addresses(*, by: Actor, channel: str, found: Sequence[str], origin: str) -> int:
    """Suppress normalised addresses on a channel; return how many were not suppressed before.

    Harmless when repeated: the first reason stays. The trail is the caller's to write.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    once = list(dict.fromkeys(one for one in found if one))
    return suppressions.insert_many(by.workspace, channel, once, SuppressionReason.MANUAL, origin)
