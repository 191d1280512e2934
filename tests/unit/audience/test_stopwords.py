"""STOP, START and HELP are understood in every script, however they are typed, and nothing else is taken for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.audience.stopwords import DEFAULTS, LONGEST, Matcher, Meaning, Words, fold

MATCHER = Matcher(DEFAULTS)
EVERY = [
    (language, meaning, word)
    for language, words in DEFAULTS.items()
    for meaning, said in (
        (Meaning.STOP, (*words.stop, *words.stop_alone)),
        (Meaning.START, words.start),
        (Meaning.HELP, words.help),
    )
    for word in said
]
AROUND = st.text(alphabet=" .,!?\"'“”()[]*_-\n\t\u200f\u200e\u202b\u202c\ufeff🙏👍", max_size=6)


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop.", "ＳＴＯＰ", "Stop!!!", "please stop", "Stop, please", "STOP sending me this", "СТОП",
        "стоп, пожалуйста", "Stopp", "Abmelden bitte", "Baja", "ARRET", "arrêt", "\u200fإِيقاف\u200f", "ايقاف", "הסר",
        "बंद करें", "退订", "수신거부", "ยกเลิก", "İPTAL", "“STOP”", "stop🙏", "STOP\n-- \nSent from my phone", "end",
    ],
)  # fmt: skip
def test_a_wish_to_stop_is_understood(text: str) -> None:
    assert MATCHER.read(text).meaning is Meaning.STOP


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "🙏", "don't stop", "I will stop by tomorrow", "end of story, see you", "cancel my table at eight",
        "s t o p", "stopping", "unstoppable", "Стой", "yes", "What are your opening hours?",
        "Stop by the shop and " + "buy milk " * 10, "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_none_of_the_words_is_left_to_people(text: str) -> None:
    assert MATCHER.read(text).meaning is Meaning.NONE


def test_start_and_help_are_whole_messages_only() -> None:
    assert MATCHER.read("Start").meaning is Meaning.START
    assert MATCHER.read("  help? ").meaning is Meaning.HELP
    assert MATCHER.read("start the car").meaning is Meaning.NONE
    assert MATCHER.read("help me find my order").meaning is Meaning.NONE


def test_of_two_meanings_of_a_word_stopping_is_the_safer() -> None:
    words = {"xx": Words(stop=("alta",)), "es": DEFAULTS["es"]}

    assert Matcher(words).read("ALTA").meaning is Meaning.STOP


@given(st.sampled_from(EVERY), AROUND, AROUND, st.sampled_from([str.upper, str.lower, str.title, str]))
def test_every_word_is_understood_in_any_case_and_between_any_marks(entry, before, after, case) -> None:
    _language, meaning, word = entry
    # Upper case of a few scripts has no way back in general; what people's phones do is the same folding.
    written = case(word) if fold(case(word)) == fold(word) else word

    read = MATCHER.read(f"{before}{written}{after}")

    # A word of two languages may mean two things: then it is the one that stops.
    assert read.meaning in (meaning, Meaning.STOP)


@given(st.text(max_size=LONGEST * 2))
def test_any_text_at_all_is_read_without_a_fault(text: str) -> None:
    assert MATCHER.read(text).meaning in Meaning


@given(st.text(alphabet="abcdefghij ", min_size=1, max_size=40))
def test_a_word_in_the_middle_of_others_stops_nobody(text: str) -> None:
    assert MATCHER.read(f"w {text} stop {text}").meaning is Meaning.NONE
