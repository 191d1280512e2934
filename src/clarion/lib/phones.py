"""Telephone numbers: any way of writing them that people use → E.164 with its plus (ITU-T E.164, at most 15 digits)."""

import re
import unicodedata
from functools import cache
from typing import Literal, NamedTuple

#: Why a text is no number that can be reached. `country`: it lacks the country code, and no country was said.
Reason = Literal["country", "extension", "letters", "short", "long", "unknown"]

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_DIGITS = re.compile(r"\d{4,17}", re.ASCII)
#: What people put between digits, and the marks that tell in which direction to read.
_MARKS = re.compile(r"[\s()./\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff-]+")
_MAX_TEXT = 100
_SENTENCES: dict[Reason, str] = {
    "country": "The number lacks the country code.",
    "extension": "The number has an extension.",
    "letters": "The number has letters.",
    "short": "The number is too short.",
    "long": "The number is too long.",
    "unknown": "There are no such numbers.",
}


class PhoneInvalid(ValueError):
    """The text is no telephone number that can be reached. `reason` tells why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_SENTENCES[reason])
        self.reason: Reason = reason


class _Plan(NamedTuple):
    """How numbers of a country are written."""

    code: str
    #: What is dialled before national numbers where that is all that may stand there; else empty.
    prefix: str
    #: Matches at whatever is not part of the number itself: a prefix, or that of a carrier.
    before: re.Pattern[str] | None
    #: Digits that a number can have after the country code.
    lengths: frozenset[int]
    #: What numbers of today look like; with it, digits without a plus are no longer doubtful.
    known: re.Pattern[str]
    #: What is dialled before a country code.
    abroad: re.Pattern[str] | None

    def is_plain(self, national: str) -> bool:
        """Tell whether the digits are a number of the country and nothing else."""
        found = self.before.match(national) if self.before else None
        return len(national) in self.lengths and not (found and found.end())


def e164(text: str, country: str = "") -> str:
    """Return the number's one form. `country` (two letters, ISO 3166) is meant where no country code is written.

    A number counts by its length: new ranges are given out faster than any table of them is replaced. Extensions
    are refused, because no channel could dial them. What this returns it returns again. Raises PhoneInvalid.
    """
    plain = _MARKS.sub("", text)
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    return _quickly(plain, country) or _thoroughly(text, country)


def is_country(country: str) -> bool:
    """Tell whether there are numbers of this country."""
    return country in countries()


@cache
def countries() -> dict[str, int]:
    """Return the countries (two letters) with their calling codes."""
    from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

    return {region: country_code_for_region(region) for region in sorted(SUPPORTED_REGIONS)}


def _quickly(plain: str, country: str) -> str:
    """Return the form of a number in which nothing is doubtful, or "": a file has a million of them."""
    if _E164.fullmatch(plain):
        plan = _plan_of_code(_code_of(plain[1:4]))
        return plain if plan and plan.is_plain(plain[1 + len(plan.code) :]) else ""
    if country and _DIGITS.fullmatch(plain) and (plan := _plan_of_country(country)):
        found = plan.before.match(plain) if plan.before else None
        before = found.group() if found else ""
        national = plain[len(before) :]
        is_clear = (
            before in ("", plan.prefix)
            and plan.known.fullmatch(national)
            and not national.startswith(plan.code)
            and not (plan.abroad and plan.abroad.match(plain))
        )
        # With its plus it is read by the rules of the country that the code stands for first.
        return _quickly(f"+{plan.code}{national}", "") if is_clear else ""
    return ""


@cache
def _code_of(start: str) -> int:
    """Return the country code with which a number's first three digits begin; 0 for none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return next((code for n in (1, 2, 3) if (code := int(start[:n])) in COUNTRY_CODE_TO_REGION_CODE), 0)


@cache
def _plan_of_code(code: int) -> _Plan | None:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    regions = COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    return _plan_of_country(regions[0]) if regions else None


@cache
def _plan_of_country(country: str) -> _Plan | None:
    from phonenumbers import PhoneMetadata

    data = PhoneMetadata.metadata_for_region(country, None)
    if data is None or data.general_desc is None:
        return None
    before = data.national_prefix_for_parsing
    return _Plan(
        code=str(data.country_code),
        prefix="" if data.national_prefix_transform_rule else data.national_prefix or "",
        before=re.compile(before) if before else None,
        lengths=frozenset(data.general_desc.possible_length),
        known=re.compile(data.general_desc.national_number_pattern or r"(?!)"),
        abroad=re.compile(data.international_prefix) if data.international_prefix else None,
    )


def _thoroughly(text: str, country: str) -> str:
    import phonenumbers
    from phonenumbers import ValidationResult

    # Compatibility forms of digits and the plus; whoever writes 00 means the plus, wherever they are.
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("tel:")
    plain = re.sub(r"^[\s(]*00", "+", plain)
    if len(plain) > _MAX_TEXT:
        raise PhoneInvalid("long")
    try:
        number = phonenumbers.parse(plain, country or None)
    except phonenumbers.NumberParseException as error:
        raise PhoneInvalid(_reason(error, plain)) from None
    if number.extension:
        raise PhoneInvalid("extension")
    if any(map(str.isalpha, plain)):
        raise PhoneInvalid("letters")
    made = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == ValidationResult.TOO_LONG:
        raise PhoneInvalid("long")
    if possible != ValidationResult.IS_POSSIBLE or not _E164.fullmatch(made):
        raise PhoneInvalid("short" if len(made) < 12 else "unknown")
    # A second reading could take one more prefix off: such a number is doubtful.
    if phonenumbers.format_number(phonenumbers.parse(made), phonenumbers.PhoneNumberFormat.E164) != made:
        raise PhoneInvalid("unknown")
    return made


def _reason(error: Exception, plain: str) -> Reason:
    from phonenumbers import NumberParseException

    kind = getattr(error, "error_type", None)
    if any(map(str.isalpha, plain)):
        return "letters"
    if kind == NumberParseException.INVALID_COUNTRY_CODE:
        return "unknown" if plain.lstrip("( ").startswith("+") else "country"
    if kind in (NumberParseException.TOO_SHORT_NSN, NumberParseException.TOO_SHORT_AFTER_IDD):
        return "short"
    return "long" if kind == NumberParseException.TOO_LONG else "unknown"
