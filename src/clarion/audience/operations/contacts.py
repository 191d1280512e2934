"""Contacts, one by one and many at once."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypedDict

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.audience import addresses, attributes, columns, locks, people
from clarion.audience.errors import AddressTaken, ContactInvalid
from clarion.audience.masking import mask, mask_name
from clarion.audience.models import Address, Contact, ContactState
from clarion.audience.operations.addresses import refuse_taken
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

#: Attributes of one contact.
MAX_ATTRIBUTES = 200


class ContactFields(TypedDict, total=False):
    """What can be set on a contact. `attributes` replaces all of them."""

    email: str
    phone: str
    first_name: str
    last_name: str
    language: str
    zone: str
    state: str
    tags: list[str]
    attributes: dict[str, str]


def create_contact(*, by: Actor, fields: ContactFields, further: Mapping[str, str] | None = None) -> Contact:
    """Make a contact with at least one address. Raises ContactInvalid, AddressTaken.

    `further` are addresses of other kinds than e-mail and phone, such as {"telegram": "123456"}.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    clean = checked(fields, workspace=by.workspace)
    others = _further(further or {})
    if not clean.get("email") and not clean.get("phone") and not others:
        raise ContactInvalid({"email": _("A contact needs an e-mail address or a phone number.")})
    try:
        with transaction.atomic():
            locks.hold_addresses(by.workspace.pk)
            refuse_taken(by, _addresses_in(clean) | others, beside=None)
            contact = Contact.objects.create(workspace=by.workspace, **clean)
            Address.objects.bulk_create(
                Address(
                    workspace=by.workspace, contact=contact, kind=kind, address=address, is_preferred=True
                )
                for kind, address in others.items()
            )
            _record(by, "contact.created", contact, {})
    except IntegrityError:
        raise AddressTaken from None
    return contact


def _further(given: Mapping[str, str]) -> dict[str, str]:
    try:
        return {
            kind: addresses.normalised(kind, address)
            for kind, address in given.items()
            if kind not in addresses.CONTACT_ADDRESS_COLUMNS
        }
    except ValueError as refusal:
        raise ContactInvalid({"address": str(refusal)}) from None


def _addresses_in(clean: Mapping[str, Any]) -> dict[str, str]:
    return {
        kind: clean[column] for kind, column in addresses.CONTACT_ADDRESS_COLUMNS.items() if clean.get(column)
    }


def update_contact(*, by: Actor, contact: Contact, fields: ContactFields) -> Contact:
    """Change the given fields of a contact. Raises ContactInvalid, AddressTaken."""
    by.require(Permission.MANAGE_AUDIENCE)
    clean = checked(fields, workspace=by.workspace, known=contact.attributes)
    changes = {
        name: (getattr(contact, name), value)
        for name, value in clean.items()
        if getattr(contact, name) != value
    }
    if not changes:
        return contact
    try:
        with transaction.atomic():
            _settle_addresses(by, contact, clean, changes)
            Contact.objects.filter(workspace=by.workspace, pk=contact.pk).update(
                **{name: new for name, (_old, new) in changes.items()}, updated_at=timezone.now()
            )
            _record(by, "contact.changed", contact, changes)
    except IntegrityError:
        raise AddressTaken from None
    contact.refresh_from_db()
    return contact


def upsert_contact(*, by: Actor, fields: ContactFields) -> tuple[Contact, bool]:
    """Change the contact that has the e-mail address, or without one the phone number, or make it if nobody has.

    Returns it and whether it is new. Raises ContactInvalid, also when several contacts share the number, and
    AddressTaken.
    """
    by.require(Permission.MANAGE_AUDIENCE)
    key = next((kind for kind in addresses.CONTACT_ADDRESS_COLUMNS if fields.get(kind)), None)
    if key is None:
        raise ContactInvalid({"email": _("A contact needs an e-mail address or a phone number.")})
    address = checked({key: fields.get(key)}, workspace=by.workspace)[key]
    with transaction.atomic():
        locks.hold_addresses(by.workspace.pk)
        found = list(Contact.objects.filter(workspace=by.workspace, **{key: address})[:2])
        if not found:
            further = Address.objects.filter(workspace=by.workspace, kind=key, address=address)
            found = [one.contact for one in further.select_related("contact")[:2]]
            # It is theirs already, beside the preferred one.
            fields = {name: value for name, value in fields.items() if not found or name != key}  # type: ignore[assignment]
        if len(found) > 1:
            raise ContactInvalid({key: _("Several contacts have this number.")})
        if found:
            return update_contact(by=by, contact=found[0], fields=fields), False
        return create_contact(by=by, fields=fields), True


def _settle_addresses(
    by: Actor, contact: Contact, clean: dict[str, Any], changes: dict[str, tuple[Any, Any]]
) -> None:
    """Make room among the further addresses for new preferred ones; where one is cleared, the next takes its place."""
    columns_changed = [one for one in addresses.CONTACT_ADDRESS_COLUMNS if one in changes]
    if not columns_changed:
        return
    locks.hold_addresses(by.workspace.pk)
    refuse_taken(by, {one: clean[one] for one in columns_changed}, beside=contact.pk)
    for kind in columns_changed:
        further = contact.addresses.filter(kind=kind).order_by("pk")
        if not clean[kind] and (successor := further.first()):
            clean[kind] = successor.address
            changes[kind] = (getattr(contact, kind), successor.address)
        further.filter(address=clean[kind]).delete()
    has_any = any(clean.get(one, getattr(contact, one)) for one in addresses.CONTACT_ADDRESS_COLUMNS)
    if not has_any and not contact.addresses.exists():
        raise ContactInvalid({"email": _("A contact needs an e-mail address or a phone number.")})


def delete_contacts(*, by: Actor, contact_ids: Collection[int]) -> int:
    """Delete contacts of the workspace and their places on lists. What they were sent stays in the runs."""
    by.require(Permission.MANAGE_AUDIENCE)
    with transaction.atomic(), connection.cursor() as cursor:
        ids = _own_ids(by, contact_ids)
        # Lists in order, so that two deletions cannot wait for each other.
        cursor.execute(
            "with gone as (delete from audience_listmember where contact_id = any(%s) returning list_id)"
            " select list_id, count(*) from gone group by list_id order by list_id",
            [ids],
        )
        for list_id, count in cursor.fetchall():
            cursor.execute(
                "update audience_list set member_count = member_count - %s where id = %s", [count, list_id]
            )
        for table in ("address", "consentchange", "mergedcontact", "sourcemember"):
            cursor.execute(f"delete from audience_{table} where contact_id = any(%s)", [ids])  # noqa: S608
        cursor.execute("delete from audience_contact where id = any(%s)", [ids])
        deleted = int(cursor.rowcount)
        _record_many(by, "contacts.deleted", deleted)
    return deleted


def set_contact_state(*, by: Actor, contact_ids: Collection[int], state: str) -> int:
    """Set the state of contacts. Returns how many had another one."""
    by.require(Permission.MANAGE_AUDIENCE)
    wanted = ContactState(state)
    with transaction.atomic():
        mine = Contact.objects.filter(workspace=by.workspace, pk__in=list(contact_ids))
        changed = mine.exclude(state=wanted).update(state=wanted, updated_at=timezone.now())
        _record_many(by, "contacts.state_set", changed, state=wanted.value)
    return changed


def add_tags(*, by: Actor, contact_ids: Collection[int], tags: Collection[str]) -> int:
    """Add tags to contacts. Returns how many lacked at least one of them. Raises ContactInvalid."""
    by.require(Permission.MANAGE_AUDIENCE)
    wanted = _tags(tags)
    return _change_tags(
        by, contact_ids, wanted, "contacts.tagged",
        "update audience_contact set updated_at = now(), tags ="
        " array(select distinct tag from unnest(tags || %s::varchar[]) as tag order by tag)"
        " where workspace_id = %s and id = any(%s) and not tags @> %s::varchar[]",
    )  # fmt: skip


def remove_tags(*, by: Actor, contact_ids: Collection[int], tags: Collection[str]) -> int:
    """Take tags off contacts. Returns how many had at least one of them."""
    by.require(Permission.MANAGE_AUDIENCE)
    wanted = _tags(tags)
    return _change_tags(
        by, contact_ids, wanted, "contacts.untagged",
        "update audience_contact set updated_at = now(), tags ="
        " array(select tag from unnest(tags) as tag where tag <> all(%s::varchar[]))"
        " where workspace_id = %s and id = any(%s) and tags && %s::varchar[]",
    )  # fmt: skip


def _change_tags(
    by: Actor, contact_ids: Collection[int], tags: list[str], action: str, statement: str
) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [tags, by.workspace.pk, list(contact_ids), tags])
        changed = int(cursor.rowcount)
        _record_many(by, action, changed, tags=", ".join(tags))
    return changed


def checked(
    fields: Mapping[str, Any], *, workspace: Workspace, known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the fields as they are stored. Raises ContactInvalid with every problem at once.

    The workspace's country is meant where the phone number has no country code, and its attributes say what theirs
    may hold: problems of those are called `attribute:NAME`. Values as they are `known` already are left alone.
    """
    clean: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, value in fields.items():
        try:
            if name == "phone":
                country = workspace.default_country
                clean[name] = addresses.phone(value, country=country) if value.strip() else ""
            elif name == "attributes":
                clean[name], wrong = attributes.settled(
                    _attributes(value), attributes.defined(workspace), known
                )
                problems |= wrong
            else:
                clean[name] = _CHECKS[name](value) if name in _CHECKS else _text(name, value)
        except ValueError as refusal:
            problems[name] = str(refusal)
    if problems:
        raise ContactInvalid(problems)
    return clean


def _text(name: str, value: str) -> str:
    plain = value.strip()
    if len(plain) > people.LENGTHS[name]:
        raise ValueError(_("At most %(limit)s characters fit.") % {"limit": people.LENGTHS[name]})
    if "\0" in plain:
        raise ValueError(_("The text contains a NUL character."))
    return plain


def _tags(values: Collection[str]) -> list[str]:
    try:
        return people.checked_tags(list(values))
    except ValueError as refusal:
        raise ContactInvalid({"tags": str(refusal)}) from None


def _attributes(values: Mapping[str, Any]) -> dict[str, str]:
    clean = {columns.slug(name): str(value) for name, value in values.items()}
    if "" in clean:
        raise ValueError(_("An attribute's name needs a letter or digit."))
    if len(clean) > MAX_ATTRIBUTES:
        raise ValueError(_("At most %(limit)s attributes fit.") % {"limit": MAX_ATTRIBUTES})
    if any(len(value) > people.MAX_VALUE or "\0" in value for value in clean.values()):
        raise ValueError(_("At most %(limit)s characters fit.") % {"limit": people.MAX_VALUE})
    return clean


def _state(value: str) -> str:
    return ContactState(value).value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "email": lambda value: addresses.email(value) if value.strip() else "",
    "zone": lambda value: people.zone(value.strip()) if value.strip() else "",
    "tags": _tags,
    "state": _state,
}


def _own_ids(by: Actor, contact_ids: Collection[int]) -> list[int]:
    mine = Contact.objects.filter(workspace=by.workspace, pk__in=list(contact_ids))
    return list(mine.order_by("pk").values_list("pk", flat=True))


def _record(by: Actor, action: str, contact: Contact, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """Note the change. The trail outlives a person's data, so it holds addresses and names shortened."""
    shown = {name: (_shown(name, old), _shown(name, new)) for name, (old, new) in changes.items()}
    audit.record(
        by=by, action=action, kind="contact", object_id=str(contact.public_id),
        object_name=mask(contact.email or contact.phone), changes=shown,
    )  # fmt: skip


def _shown(name: str, value: Any) -> Any:
    if name in ("email", "phone"):
        return mask(value)
    if name in ("first_name", "last_name"):
        return mask_name(value)
    return sorted(value) if isinstance(value, dict) else value


def _record_many(by: Actor, action: str, count: int, **facts: str) -> None:
    if count:
        changes: dict[str, tuple[Any, Any]] = {"contacts": (None, count)}
        changes |= {name: (None, value) for name, value in facts.items()}
        audit.record(
            by=by, action=action, kind="workspace", object_id=by.workspace.slug,
            object_name=by.workspace.name, changes=changes,
        )  # fmt: skip
