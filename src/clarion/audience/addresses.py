"""Normalise a contact's addresses by their kind."""

from collections.abc import Callable
from functools import cache, partial

from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.lib import phones


@cache
def normaliser(channel: str, country: str = "") -> Callable[[str], str]:
    """Return the function that gives an address of the channel its one form or raises ValueError with a sentence.

    `country` is the workspace's, two letters: phone numbers without a country code belong there.
    """
    normalise = registry.get(channel).normalise_address
    if country and registry.get(channel).address_kind == "phone":
        return partial(phones.normalise, country=country)
    return normalise


def email(address: str) -> str:
    """Return the one form of an e-mail address. Raises ValueError with a sentence."""
    return normaliser("email")(address)


def phone(number: str) -> str:
    """Return the number in E.164 with its plus. Raises ValueError with a sentence."""
    try:
        return phones.normalise(number)
    except ValueError:
        raise ValueError(_("Write the number with + and the country code, such as +4930123456.")) from None
