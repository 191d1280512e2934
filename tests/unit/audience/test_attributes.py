"""Values of attributes as people write them, and the one form in which they are kept."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.audience import attributes
from clarion.audience.models import Attribute, AttributeKind

COLOURS = ["Red", "Light blue"]


def of(kind: AttributeKind, *choices: str) -> Attribute:
    return Attribute(name="it", label="It", kind=kind, choices=list(choices))


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("NUMBER", " 12 ", "12"),
        ("NUMBER", "12,50", "12.5"),
        ("NUMBER", "1.234", "1.234"),
        ("NUMBER", "1,234.5", "1234.5"),
        ("NUMBER", "1.234.567,8", "1234567.8"),
        ("NUMBER", "1 234", "1234"),
        ("NUMBER", "\u2212007", "-7"),
        ("NUMBER", "0,0", "0"),
        ("NUMBER", "100", "100"),
        ("DATE", "2026-2-3", "2026-02-03"),
        ("DATE", "3.2.2026", "2026-02-03"),
        ("DATE", "2026-02-03 00:00:00", "2026-02-03"),
        ("DATE", "2026/12/31T10:00Z", "2026-12-31"),
        ("BOOLEAN", "TRUE", "yes"),
        ("BOOLEAN", "0", "no"),
        ("BOOLEAN", "nein", "no"),
        ("CHOICE", "light BLUE", "Light blue"),
        ("LIST", "red; light blue,Red", "Light blue, Red"),
        ("TEXT", " as it is ", "as it is"),
        ("DATE", "  ", ""),
    ],
)
def test_the_ways_of_writing_a_value_have_one_form(kind: str, written: str, kept: str) -> None:
    attribute = of(AttributeKind(kind), *COLOURS)

    assert attributes.read(attribute, written) == kept
    assert attributes.read(attribute, kept) == kept


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *[("NUMBER", text) for text in ("1,234", "twelve", "1e3", "1.2.3,4", "12 34", "9" * 16, "nan", "٣")],
        *[("DATE", text) for text in ("12/31/2026", "2026-02-30", "31.12.26", "today", "2026-13-01")],
        ("BOOLEAN", "perhaps"),
        ("CHOICE", "green"),
        ("LIST", "red, green"),
    ],
)
def test_what_is_doubtful_or_nonsense_is_refused(kind: str, written: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        attributes.read(of(AttributeKind(kind), *COLOURS), written)


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=6))
def test_numbers_keep_their_value(number: object) -> None:
    kept = attributes.read(of(AttributeKind.NUMBER), f"{number:f}")

    assert type(number)(kept) == number
    assert attributes.read(of(AttributeKind.NUMBER), kept) == kept


@given(st.dates())
def test_days_are_read_as_they_are_written(day: date) -> None:
    attribute = of(AttributeKind.DATE)

    assert attributes.read(attribute, day.isoformat()) == day.isoformat()
    assert attributes.read(attribute, f"{day.day}.{day.month}.{day.year:04}") == day.isoformat()


def test_what_was_there_before_its_attribute_was_defined_can_stay() -> None:
    defined = {"it": of(AttributeKind.NUMBER)}

    assert attributes.settled({"it": "many", "other": "x"}, defined, {"it": "many"}) == (
        {"it": "many", "other": "x"}, {}
    )  # fmt: skip
    assert attributes.settled({"it": "few"}, defined, {"it": "many"})[1] == {
        "attribute:it": "It: Write a number, such as 12 or 12.5."
    }
