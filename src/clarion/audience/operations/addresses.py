"""The addresses of a contact beside its preferred ones: added, preferred, taken away. The one door to them."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import addresses, locks, tombstones
from clarion.audience.errors import AddressTaken, ContactInvalid
from clarion.audience.masking import mask
from clarion.audience.models import Address, Contact
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

#: Addresses of one contact beside the preferred e-mail address and phone number.
MAX_FURTHER = 30


def add_address(*, by: Actor, contact: Contact, kind: str, address: str) -> str:
    """Give a contact one more address and return its one form. The first of its kind becomes the preferred one.

    One that it has already changes nothing. Raises ContactInvalid, AddressTaken.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    try:
        normal = addresses.normalised(kind, address, country=by.workspace.default_country)
    except ValueError as refusal:
        raise ContactInvalid({"address": str(refusal)}) from None
    with transaction.atomic():
        row = _held(by, contact)
        known = addresses.all_of(row)
        if normal in known.get(kind, ()):
            return normal
        if sum(map(len, known.values())) >= MAX_FURTHER:
            raise ContactInvalid({"address": _("At most %(n)d addresses fit.") % {"n": MAX_FURTHER}})
        refuse_taken(by, {kind: normal}, beside=row.pk, field="address")
        column = addresses.CONTACT_ADDRESS_COLUMNS.get(kind)
        if column and not getattr(row, column):
            _set(row, column, normal)
        else:
            is_first = column is None and kind not in known
            Address.objects.create(
                workspace=by.workspace, contact=row, kind=kind, address=normal, is_preferred=is_first
            )
        _record(by, row, kind, "", normal)
    return normal


def prefer_address(*, by: Actor, contact: Contact, kind: str, address: str) -> None:
    """Write to the contact by this one of its addresses from now on. One that it has not changes nothing."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        row = _held(by, contact)
        wanted = row.addresses.filter(kind=kind, address=address).first()
        if wanted is None or wanted.is_preferred:
            return
        column = addresses.CONTACT_ADDRESS_COLUMNS.get(kind)
        if column is None:
            row.addresses.filter(kind=kind).update(is_preferred=False)
            row.addresses.filter(pk=wanted.pk).update(is_preferred=True)
        else:
            before = getattr(row, column)
            wanted.delete()
            _set(row, column, address)
            if before:
                Address.objects.create(workspace=by.workspace, contact=row, kind=kind, address=before)
        audit.record(
            by=by, action="contact.address_preferred", kind="contact", object_id=str(row.public_id),
            object_name=mask(address), changes={kind: (None, mask(address))},
        )  # fmt: skip


def remove_address(*, by: Actor, contact: Contact, kind: str, address: str) -> None:
    """Take an address away; when it was the preferred one, the next takes its place. Raises ContactInvalid.

    The last address of a contact stays: nobody could be found without one.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic():
        row = _held(by, contact)
        known = addresses.all_of(row)
        if address not in known.get(kind, ()):
            return
        if sum(map(len, known.values())) == 1:
            raise ContactInvalid({"address": _("A contact needs at least one address.")})
        others = [one for one in known[kind] if one != address]
        was_preferred = known[kind][0] == address
        column = addresses.CONTACT_ADDRESS_COLUMNS.get(kind)
        if was_preferred and column:
            row.addresses.filter(kind=kind, address__in=others[:1]).delete()
            _set(row, column, others[0] if others else "")
        else:
            row.addresses.filter(kind=kind, address=address).delete()
            if was_preferred and others:
                row.addresses.filter(kind=kind, address=others[0]).update(is_preferred=True)
        _record(by, row, kind, address, "")


def refuse_taken(by: Actor, wanted: dict[str, str], *, beside: int | None, field: str = "") -> None:
    """Raise AddressTaken when another contact has one of the addresses (telephones are shared), ContactInvalid when
    its owner was erased. The caller holds the workspace's addresses; `field` is whose problem it is."""
    for kind, address in wanted.items():
        if not address:
            continue
        if tombstones.has(by.workspace, kind, address):
            raise ContactInvalid(
                {field or kind: _("Who had this address was erased and is not to be written to again.")}
            )
        if kind == "phone":
            continue
        others = Address.objects.filter(workspace=by.workspace, kind=kind, address=address)
        is_taken = (others.exclude(contact_id=beside) if beside else others).exists()
        if column := addresses.CONTACT_ADDRESS_COLUMNS.get(kind):
            mine = Contact.objects.filter(workspace=by.workspace, **{column: address})
            is_taken = is_taken or (mine.exclude(pk=beside) if beside else mine).exists()
        if is_taken:
            raise AddressTaken(field or kind)


def _held(by: Actor, contact: Contact) -> Contact:
    """Return the contact as it is now, locked. Raises ContactInvalid when it is gone."""
    locks.hold_addresses(by.workspace.pk)
    row = Contact.objects.select_for_update().filter(workspace=by.workspace, pk=contact.pk).first()
    if row is None:
        raise ContactInvalid({"address": _("The contact is gone.")})
    return row


def _set(row: Contact, column: str, value: str) -> None:
    Contact.objects.filter(pk=row.pk).update(**{column: value}, updated_at=timezone.now())


def _record(by: Actor, row: Contact, kind: str, old: str, new: str) -> None:
    audit.record(
        by=by, action="contact.changed", kind="contact", object_id=str(row.public_id),
        object_name=mask(row.email or row.phone), changes={kind: (mask(old), mask(new))},
    )  # fmt: skip
