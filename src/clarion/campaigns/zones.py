"""In which time zone a recipient lives, as far as can be known."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

#: Names under which files carry a person's zone; contacts carry the first.
_ZONE_NAMES = ("zone", "timezone", "time_zone", "tz")
#: Digits that decide a zone at most: country, area and the beginning of the number.
_DIGITS = 11


def zone_of(variables: Mapping[str, Any], address: str, *, otherwise: str) -> str:
    """Return the recipient's zone: their own, else their phone number's if it has only one, else `otherwise`."""
    for name in _ZONE_NAMES:
        own = variables.get(name)
        if own and isinstance(own, str) and is_zone(own):
            return own
    phone = address if address.startswith("+") else variables.get("phone")
    if phone and isinstance(phone, str) and phone.startswith("+"):
        return of_phone(phone) or otherwise
    return otherwise


def of_phone(number: str) -> str | None:
    """Return the zone of a number in E.164, None when it has several or is not known."""
    return _of_beginning(number[: 1 + _DIGITS], len(number))


@lru_cache(maxsize=10_000)
def _of_beginning(beginning: str, length: int) -> str | None:
    # Tables of several megabytes, for those who need them.
    from phonenumbers import NumberParseException, parse
    from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

    try:
        found = time_zones_for_number(parse(beginning.ljust(length, "0")))
    except NumberParseException:
        return None
    return found[0] if len(found) == 1 and found[0] != UNKNOWN_TIMEZONE and is_zone(found[0]) else None


@lru_cache(maxsize=2_000)
def is_zone(name: str) -> bool:
    """Whether there is a zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there; not a name; a directory of names
        return False
    return True
