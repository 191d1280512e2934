"""Normalise a contact's addresses by their kind."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.lib.phones import PhoneInvalid, e164
from clarion.lib.sentences import spoken

#: A channel's `address_kind` → the contact's column that holds the preferred one. All others are in Address.
CONTACT_ADDRESS_COLUMNS = {"email": "email", "phone": "phone"}

#: The kind of addresses that may be several contacts'; each other address is one contact's.
SHARED = "phone"


@cache
def kinds() -> Mapping[str, str]:
    """Return the kinds of addresses that some channel writes to, each with the first channel that does."""
    found: dict[str, str] = {}
    for channel in registry.all_channels():
        found.setdefault(channel.address_kind, channel.name)
    return found


def label_of(kind: str) -> str:
    """Return a kind's name for people."""
    match kind:
        case "email":
            return _("E-mail address")
        case "phone":
            return _("Phone number")
        case _:
            return spoken(registry.get(kinds()[kind]).label) if kind in kinds() else kind.capitalize()


def normalised(kind: str, address: str, *, country: str = "") -> str:
    """Return an address's one form by its kind. Raises ValueError with a sentence, for an unknown kind too."""
    if kind not in kinds():
        raise ValueError(_("There is no channel for addresses of this kind."))
    return normaliser(kinds()[kind], country)(address)


def preferred_sql(kind: str, contact: str = "c") -> str:
    """Return the SQL of the address of that kind that a contact is written to; '' when there is none."""
    if column := CONTACT_ADDRESS_COLUMNS.get(kind):
        return f"{contact}.{column}"
    return (
        "coalesce((select pa.address from audience_address pa"  # noqa: S608
        f" where pa.contact_id = {contact}.id and pa.kind = '{_plain(kind)}' and pa.is_preferred), '')"
    )


def owners_sql(kind: str, address: str, workspace: str = "%(workspace)s") -> str:
    """Return the SQL of the contacts, as whole rows, that have an address of that kind, preferred or not.

    `address` and `workspace` are expressions of SQL. Every part is one probe of an index.
    """
    further = (
        "select oc.* from audience_address oa join audience_contact oc on oc.id = oa.contact_id"  # noqa: S608
        f" where oa.workspace_id = {workspace} and oa.kind = '{_plain(kind)}' and oa.address = {address}"
    )
    if (column := CONTACT_ADDRESS_COLUMNS.get(kind)) is None:
        return further
    return (
        f"select oc.* from audience_contact oc where oc.workspace_id = {workspace}"  # noqa: S608
        f" and oc.{column} = {address} and oc.{column} <> '' union all {further}"
    )


def kept_from_sql(address: str, workspace: str = "%(workspace)s") -> str:
    """Return the condition that an address is a telephone of somebody who is not to be contacted.

    Telephones are shared: a message to one reaches all its owners, so nobody is written to by it. Of any other address
    it is false, because nothing else is several contacts'.
    """
    return (
        f"exists (select from ({owners_sql(SHARED, address, workspace)}) ko"
        " where ko.state = 'DO_NOT_CONTACT')"
    )


def all_owners_sql(kind: str, *, with_willing: bool, workspace: str = "%(workspace)s") -> str:
    """Return the SQL of (address, state, consents, refusals) of the contacts that a whole file is compared with.

    `with_willing` takes all of them; without it only those who may be left out, by indexes that hold nobody else.
    Some may come twice.
    """
    facts = "oc.state, oc.consents, oc.refusals"
    arms = [
        f"select oa.address, {facts} from audience_address oa join audience_contact oc on oc.id = oa.contact_id"  # noqa: S608
        f" where oa.workspace_id = {workspace} and oa.kind = '{_plain(kind)}'"
    ]
    if column := CONTACT_ADDRESS_COLUMNS.get(kind):
        columns = f"oc.{column} as address, {facts}"
        all_of_them = f"select {columns} from audience_contact oc where oc.workspace_id = {workspace}"  # noqa: S608
        conditions = ["true"] if with_willing else ["oc.state = 'DO_NOT_CONTACT'", "oc.refusals <> '{}'"]
        arms += [f"{all_of_them} and {condition}" for condition in conditions]
    return " union all ".join(arms)


def _plain(kind: str) -> str:
    """Return the kind, which becomes text of SQL: channels name them, people never do."""
    if not kind.isidentifier() or not kind.isascii():
        raise ValueError("not the name of a kind of addresses")
    return kind


def all_of(contact: Any) -> dict[str, list[str]]:
    """Return every address of a contact by its kind, the preferred one first."""
    found: dict[str, list[str]] = {
        kind: [value]
        for kind, column in CONTACT_ADDRESS_COLUMNS.items()
        if (value := getattr(contact, column))
    }
    for row in contact.addresses.order_by("-is_preferred", "pk"):
        found.setdefault(row.kind, []).append(row.address)
    return found


@cache
def normaliser(channel: str, country: str = "") -> Callable[[str], str]:
    """Return the function that gives an address of the channel its one form or raises ValueError with a sentence.

    `country` is the workspace's, for phone numbers without a country code; no other address depends on it.
    """
    found = registry.get(channel)
    return partial(phone, country=country) if found.address_kind == "phone" else found.normalise_address


def email(address: str) -> str:
    """Return the one form of an e-mail address. Raises ValueError with a sentence."""
    return normaliser("email")(address)


def phone(number: str, *, country: str = "") -> str:
    """Return the number in E.164 with its plus; see `clarion.lib.phones`. Raises ValueError with a sentence."""
    try:
        return e164(number, country)
    except PhoneInvalid as refusal:
        raise ValueError(_sentence(refusal)) from None


def _sentence(refusal: PhoneInvalid) -> str:
    match refusal.reason:
        case "country":
            return _("Write the number with + and the country code, such as +4930123456.")
        case "extension":
            return _("A number with an extension cannot be reached. Leave the extension out.")
        case "letters":
            return _("Write the number with digits only, such as +4930123456.")
        case "short":
            return _("The number is too short.")
        case "long":
            return _("The number is too long.")
        case _:
            return _("There are no numbers like this. Write it like +4930123456.")
