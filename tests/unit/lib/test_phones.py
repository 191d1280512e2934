"""Promises of phone numbers."""

import pytest

from clarion.lib import phones


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("+4930123456", "", "+4930123456"),
        (" 0049 (30) 123-456 ", "", "+4930123456"),
        ("+44 (0)20 7946 0018", "", "+442079460018"),
        ("+39 06 1234 5678", "", "+390612345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("(020) 7946 0018", "gb", "+442079460018"),
        ("+4915112345678", "US", "+4915112345678"),
        ("\u200e+1 415-555-2671\u00a0", "", "+14155552671"),
    ],
)
def test_every_way_to_write_a_number_becomes_one(typed: str, country: str, number: str) -> None:
    assert phones.normalise(typed, country=country) == number
    assert phones.normalise(number) == number


@pytest.mark.parametrize(
    "typed",
    ["", "12", "0151 12345678", "+49", "+999123456789", "nonsense", "+49 30 12a456", "+1" * 30, "٣٤٥٦٧٨٩"],
)
def test_what_is_no_number_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        phones.normalise(typed)
