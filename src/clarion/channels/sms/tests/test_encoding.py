"""Promises of the alphabets and of the parts, held against a plain model of both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.sms import encoding
from clarion.channels.sms.encoding import Alphabet

GSM_CHARS = sorted(set(encoding.DEFAULT) - {"\x1b"} | set(encoding.EXTENSION))
gsm_texts = st.text(st.sampled_from(GSM_CHARS), max_size=700)
any_texts = st.text(
    st.one_of(st.sampled_from(GSM_CHARS), st.characters(exclude_categories=["Cs"])), max_size=400
)


def model(text: str) -> tuple[int, list[str]]:
    """Return units in all and the texts of the parts, character by character, as slowly as it is simple."""
    is_gsm = all(char in GSM_CHARS for char in text)

    def cost(char: str) -> int:
        if is_gsm:
            return 2 if char in encoding.EXTENSION else 1
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
