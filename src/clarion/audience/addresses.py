"""Normalise a contact's addresses by their kind."""

import re
from collections.abc import Callable
from functools import cache

from django.utils.translation import gettext as _

from clarion.channels import registry

#: A channel's `address_kind` → the contact's column.
CONTACT_ADDRESS_COLUMNS = {"email": "email", "phone": "phone"}

_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_PHONE_MARKS = str.maketrans("", "", " ()-./\u00a0\u2010\u2011\u2013\u202f\u200e\u202a\u202c")


@cache
def normaliser(channel: str) -> Callable[[str], str]:
    """Return the channel's function that gives an address its one form or raises ValueError with a sentence."""
    return registry.get(channel).normalise_address


def email(address: str) -> str:
    """Return the one form of an e-mail address. Raises ValueError with a sentence."""
    return normaliser("email")(address)


def phone(number: str) -> str:
    """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
    plain = number.strip().translate(_PHONE_MARKS)
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    if not plain.isascii() or not _PHONE.fullmatch(plain):
        raise ValueError(_("Write the number with + and the country code, such as +4930123456."))
    return plain
