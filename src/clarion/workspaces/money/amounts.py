"""Amounts of money: whole millionths of a currency's unit, never floats."""

import re

from django.utils.translation import gettext as _

#: Millionths of a unit.
MICRO = 1_000_000
#: Digits behind the point.
PLACES = 6
#: The largest amount that is taken: a billion units.
MOST = 1_000_000_000 * MICRO

#: Before what people read as negative.
MINUS = "\u2212"

_AMOUNT = re.compile(r"(\d{1,12})(?:[.,](\d{1,6}))?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def parse(text: str) -> int:
    """Return "12.5", or "12,5", in millionths. Raises ValueError for anything else, and beyond MOST."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            _("This is no amount: write it like 12.50, with at most six digits behind the point.")
        )
    amount = int(found[1]) * MICRO + int((found[2] or "").ljust(PLACES, "0"))
    if amount > MOST:
        raise ValueError(_("The amount is too large."))
    return amount


def parse_signed(text: str) -> int:
    """Return what `parse` does; a minus in front makes it negative."""
    plain = text.strip()
    return -parse(plain[1:]) if plain[:1] in ("-", MINUS) else parse(plain.removeprefix("+"))


def plain(amount: int) -> str:
    """Return an amount as programs read it: "12.5", "-0.000001"; no more digits than it has, at least two."""
    whole, rest = divmod(abs(amount), MICRO)
    digits = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}{whole}.{digits}"


def told(amount: int, currency: str) -> str:
    """Return an amount as people read it: "1,234.50 EUR"."""
    whole, _point, digits = plain(abs(amount)).partition(".")
    return f"{MINUS if amount < 0 else ''}{int(whole):,}.{digits} {currency}"


def currency_of(text: str) -> str:
    """Return a currency's three letters (ISO 4217). Raises ValueError."""
    code = text.strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise ValueError(_("A currency is three letters, such as EUR or USD."))
    return code
