"""Phone numbers in the one form by which they are stored and compared: E.164 with its plus."""

import re

_MARKS = str.maketrans("", "", " ()-./\t\u00a0\u2010\u2011\u2012\u2013\u202f\u200e\u200f\u202a\u202c\u2060")
_DIGITS = re.compile(r"\+?\d{3,20}")

#: What is wrong with a number that cannot be used.
NO_NUMBER = "Write the number with + and the country code, such as +4930123456."


def normalise(number: str, *, country: str = "") -> str:
    """Return the number in E.164, such as +4930123456. Raises ValueError with a sentence.

    `country` (two letters) is where a number without a country code belongs; without it such a number is refused.
    """
    from phonenumbers import (  # large, and most commands need no phone numbers
        NumberParseException,
        PhoneNumberFormat,
        format_number,
        is_possible_number,
        parse,
    )

    plain = number.strip().replace("(0)", "") if "+" in number else number.strip()
    plain = plain.translate(_MARKS)
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    if not plain.isascii() or not _DIGITS.fullmatch(plain):
        raise ValueError(NO_NUMBER)
    try:
        parsed = parse(plain, country.upper() or None)
    except NumberParseException:
        raise ValueError(NO_NUMBER) from None
    if not is_possible_number(parsed):
        raise ValueError("This number has too many or too few digits for its country.")
    return str(format_number(parsed, PhoneNumberFormat.E164))
