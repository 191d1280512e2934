"""Normalise a contact's addresses by their kind."""

from collections.abc import Callable
from functools import cache, partial

from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.lib.phones import PhoneInvalid, e164

#: A channel's `address_kind` → the contact's column.
CONTACT_ADDRESS_COLUMNS = {"email": "email", "phone": "phone"}


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
