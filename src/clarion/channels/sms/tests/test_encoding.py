"""Promises of the alphabets and of the parts, held against a plain model of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.sms import encoding
from clarion.channels.sms.encoding import Alphabet

#: The default alphabet of 3GPP TS 23.038 (GSM 03.38), sixteen code points a row, and what stands behind an escape: by
#: their numbers in Unicode, so that a slip of the pen in the program's own table is none here.
STANDARD = [
    int(number, 16)
    for row in (
        "40 A3 24 A5 E8 E9 F9 EC F2 C7 0A D8 F8 0D C5 E5",
        "394 5F 3A6 393 39B 3A9 3A0 3A8 3A3 398 39E 1B C6 E6 DF C9",
        "20 21 22 23 A4 25 26 27 28 29 2A 2B 2C 2D 2E 2F",
        "30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F",
        "A1 41 42 43 44 45 46 47 48 49 4A 4B 4C 4D 4E 4F",
        "50 51 52 53 54 55 56 57 58 59 5A C4 D6 D1 DC A7",
        "BF 61 62 63 64 65 66 67 68 69 6A 6B 6C 6D 6E 6F",
        "70 71 72 73 74 75 76 77 78 79 7A E4 F6 F1 FC E0",
    )
    for number in row.split()
]
EXTENDED = {
    0x5E: 0x14,
    0x7B: 0x28,
    0x7D: 0x29,
    0x5C: 0x2F,
    0x5B: 0x3C,
    0x7E: 0x3D,
    0x5D: 0x3E,
    0x7C: 0x40,
    0x20AC: 0x65,
}
GSM_CHARS = sorted({chr(one) for one in (*STANDARD, *EXTENDED)} - {"\x1b"})
gsm_texts = st.text(st.sampled_from(GSM_CHARS), max_size=700)
any_texts = st.text(
    st.one_of(st.sampled_from(GSM_CHARS), st.characters(exclude_categories=["Cs"])), max_size=400
)


def model(text: str) -> tuple[int, list[str]]:
    """Return units in all and the texts of the parts, character by character, as slowly as it is simple."""
    is_gsm = all(char in GSM_CHARS for char in text)

    def cost(char: str) -> int:
        if is_gsm:
            return 2 if ord(char) in EXTENDED else 1
        return 2 if ord(char) > 0xFFFF else 1

    single, part = (160, 153) if is_gsm else (70, 67)
    total = sum(map(cost, text))
    if total <= single:
        return total, [text]
    parts, used = [""], 0
    for char in text:
        if used + cost(char) > part:
            parts.append("")
            used = 0
        parts[-1] += char
        used += cost(char)
    return total, parts


@given(st.one_of(gsm_texts, any_texts))
def test_a_text_is_cut_as_the_plain_model_cuts_it(text: str) -> None:
    units, texts = model(text)
    alphabet, parts = encoding.split(text)

    assert [encoding.joined(alphabet, [part]) for part in parts] == texts
    assert (encoding.count(text).units, encoding.count(text).parts) == (units, len(texts))


@given(st.one_of(gsm_texts, any_texts))
def test_no_part_is_too_long_and_nothing_is_lost(text: str) -> None:
    alphabet, parts = encoding.split(text)

    assert encoding.joined(alphabet, parts) == text
    assert all(len(part) <= 140 or alphabet is Alphabet.GSM for part in parts)
    assert all(len(part) <= 160 for part in parts)
    if len(parts) > 1:
        assert all(len(part) <= (153 if alphabet is Alphabet.GSM else 134) for part in parts)


@given(any_texts)
def test_the_alphabet_is_gsm_exactly_when_nobody_offends(text: str) -> None:
    assert (encoding.alphabet_of(text) is Alphabet.GSM) == (not encoding.offenders(text))
    for one in encoding.offenders(text):
        assert text[one.index] == one.char


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts", "left"),
    [
        ("", Alphabet.GSM, 0, 1, 160),
        ("a" * 160, Alphabet.GSM, 160, 1, 0),
        ("a" * 161, Alphabet.GSM, 161, 2, 145),
        ("a" * 306, Alphabet.GSM, 306, 2, 0),
        ("a" * 307, Alphabet.GSM, 307, 3, 152),
        ("€" * 80, Alphabet.GSM, 160, 1, 0),
        ("€" * 81, Alphabet.GSM, 162, 2, 143),
        ("я" * 70, Alphabet.UCS2, 70, 1, 0),
        ("я" * 71, Alphabet.UCS2, 71, 2, 63),
        ("😀" * 35, Alphabet.UCS2, 70, 1, 0),
        ("😀" * 36, Alphabet.UCS2, 72, 2, 61),
    ],
)
def test_the_well_known_borders(text: str, alphabet: Alphabet, units: int, parts: int, left: int) -> None:
    assert encoding.count(text) == encoding.Count(alphabet, units, parts, left)


def test_the_alphabet_is_the_standards_and_no_other_character_is_in_it() -> None:
    for code, one in enumerate(STANDARD):
        if one != 0x1B:
            assert encoding.encode(chr(one), Alphabet.GSM) == bytes([code]), hex(one)
    for one, code in EXTENDED.items():
        assert encoding.encode(chr(one), Alphabet.GSM) == bytes([0x1B, code]), hex(one)
    every = (chr(one) for one in range(0x11_0000) if not 0xD800 <= one <= 0xDFFF)
    is_gsm = {char for char in every if encoding.alphabet_of(char) is Alphabet.GSM}
    assert is_gsm - {"\f", "\x1b"} == set(GSM_CHARS)


def test_characters_have_the_codes_of_the_standard() -> None:
    assert encoding.encode("@Δ_¡Ñü{€", Alphabet.GSM) == bytes.fromhex("00 10 11 40 5d 7e 1b28 1b65")


def test_what_forces_ucs2_is_named_with_a_replacement() -> None:
    found = encoding.offenders("It’s “fine” — 10\u00a0€ 😀’")

    assert [(one.char, one.index, one.replacement) for one in found] == [
        ("’", 2, "'"), ("“", 5, '"'), ("”", 10, '"'), ("—", 12, "-"), ("\u00a0", 16, " "), ("😀", 19, None),
    ]  # fmt: skip
    assert encoding.replaced("It’s “fine” — 10\u00a0€") == 'It\'s "fine" - 10 €'


def test_every_replacement_is_in_the_gsm_alphabet_and_replaces_something_that_is_not() -> None:
    for char, instead in encoding.REPLACEMENTS.items():
        assert encoding.alphabet_of(char) is Alphabet.UCS2, char
        assert encoding.alphabet_of(instead) is Alphabet.GSM, char


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        encoding.split("\ud83d")


def test_an_unknown_extension_is_shown_as_the_default_character() -> None:
    assert encoding.joined(Alphabet.GSM, [b"\x1bA\x1b\x1b\x1b"]) == "A "
