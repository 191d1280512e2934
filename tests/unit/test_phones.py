"""Telephone numbers: however they are written, one number has one form; what cannot be dialled is refused."""

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clarion.lib import phones
from clarion.lib.phones import PhoneInvalid, e164

COUNTRIES = st.sampled_from(sorted(phones.countries()))


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+49 30 123456", "", "+4930123456"),
        ("0049 (30) 123-456", "", "+4930123456"),
        ("(0049) 30 123456", "US", "+4930123456"),
        ("030 / 123 456", "DE", "+4930123456"),
        ("4930123456789", "DE", "+4930123456789"),
        ("+44 (0)20 7946 0018", "", "+442079460018"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("1-202-555-0123", "US", "+12025550123"),
        ("06 1234567", "IT", "+39061234567"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("٠٣٠١٢٣٤٥٦", "DE", "+4930123456"),
        ("＋４９３０１２３４５６", "", "+4930123456"),
        ("tel:+4930123456", "", "+4930123456"),
        ("\u202a+49\u00a030\u2011123456\u202c", "", "+4930123456"),
        ("+5491112345678", "", "+5491112345678"),
    ],
)
def test_every_way_of_writing_gives_the_one_form(text: str, country: str, expected: str) -> None:
    assert e164(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country", "reason"),
    [
        ("030 123456", "", "country"),
        ("4930123456", "", "country"),
        ("+4930123456 ext. 12", "", "extension"),
        ("(202) 555-0123 x5", "US", "extension"),
        ("020 7946 0018 #12", "GB", "extension"),
        ("1-800-FLOWERS", "US", "letters"),
        ("call +4930123456 now", "", "letters"),
        ("nobody", "DE", "letters"),
        ("12", "DE", "short"),
        ("+49", "", "unknown"),
        ("+1 202 555", "", "short"),
        ("+1 202 555 0123 456", "", "long"),
        ("1" * 200, "DE", "long"),
        ("+999 123456789", "", "unknown"),
        ("-", "DE", "unknown"),
    ],
)
def test_what_cannot_be_dialled_is_refused_with_its_reason(text: str, country: str, reason: str) -> None:
    with pytest.raises(PhoneInvalid) as refusal:
        e164(text, country)

    assert refusal.value.reason == reason


@given(country=COUNTRIES, style=st.sampled_from([0, 1, 2]), home=COUNTRIES)
def test_a_number_of_any_country_comes_back_from_every_style(country: str, style: int, home: str) -> None:
    number = phonenumbers.example_number(country)
    assume(number is not None)
    written = phonenumbers.format_number(number, style)
    expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    is_national = style == phonenumbers.PhoneNumberFormat.NATIONAL

    assert e164(written, country if is_national else home) == expected


@given(
    text=st.one_of(
        st.text(st.sampled_from("0123456789+ ()-/."), max_size=18),
        st.from_regex(r"\+?[0-9]{5,16}", fullmatch=True),
        st.text(max_size=20),
    ),
    country=st.one_of(st.just(""), COUNTRIES),
    other=st.one_of(st.just(""), COUNTRIES),
)
def test_what_comes_out_is_e164_and_stays_as_it_is(text: str, country: str, other: str) -> None:
    try:
        form = e164(text, country)
    except PhoneInvalid:
        return

    assert phones._E164.fullmatch(form)
    assert e164(form, other) == form


@settings(max_examples=400)
@given(
    text=st.from_regex(r"(\+|00?)?[1-9][0-9]{4,13}", fullmatch=True),
    country=st.one_of(st.just(""), COUNTRIES),
)
def test_the_quick_way_agrees_with_the_thorough_one(text: str, country: str) -> None:
    plain = f"+{text[2:]}" if text.startswith("00") else text
    quick = phones._quickly(plain, country)

    assert not quick or phones._thoroughly(text, country) == quick
