"""Sentences that are made where no language is known."""

import pytest

from clarion.lib import sentences
from clarion.lib.sentences import Sentence, said, spoken, told


@pytest.fixture
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "_speakers", [lambda one: (one.pattern % one.values).upper()])


def test_a_sentence_is_its_english_with_numbers_grouped() -> None:
    made = said("At most %(limit)s of %(share)s%% fit.", limit=12_000, share=0.5)

    assert made == "At most 12,000 of 0.5% fit."
    assert isinstance(made, str)


@pytest.mark.usefixtures("shouting")
def test_a_speaker_fills_its_own_pattern_in() -> None:
    assert spoken(Sentence("choose %(LIMIT)s", {"LIMIT": 3})) == "CHOOSE 3"
    assert spoken("plain words stay") == "plain words stay"


@pytest.mark.usefixtures("shouting")
def test_an_error_gives_the_sentence_it_was_raised_with() -> None:
    assert spoken(told(ValueError(said("too long")))) == "TOO LONG"
    assert told(ValueError("plain")) == "plain"
    assert told(KeyError(3)) == "3"


def test_without_a_speaker_it_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "_speakers", [])

    assert spoken(said("Choose one of: %(choices)s.", choices="a, b")) == "Choose one of: a, b."
