"""What somebody means who answers STOP, START or HELP, in any script. Pure: words go in, a meaning comes out.

A message is compared word by word, whatever its case, accents, punctuation, emoji, marks of direction and width
of letters. STOP words count at the beginning of a message too: whoever writes "STOP sending me this" wants no
more. A message that says more than a few words first means something else, and is left to people.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from clarion.audience.stopword_defaults import DEFAULTS, Words

__all__ = ["DEFAULTS", "Answer", "Matcher", "Meaning", "Words", "fold"]

#: Characters of a message that are looked at: an answer is short, and a mail may be long.
LONGEST = 1_000
#: A message that begins with a STOP word and has more words than this is a letter, not an answer.
MOST_WORDS = 20

#: Said out of politeness before or after the word; never what is meant.
_POLITE = frozenset(
    {
        "please", "pls", "plz", "now", "thanks", "thank", "you", "bitte", "danke", "porfavor", "porfa", "gracias",
        "sil", "vous", "plait", "svp", "merci", "prego", "grazie", "obrigado", "obrigada", "alstublieft", "prosze",
        "пожалуиста", "плз", "спасибо", "شكرا", "رجاء", "תודה", "בבקשה",
    }
)  # fmt: skip


class Meaning(StrEnum):
    """What an answer means. Values are stored."""

    #: No more messages.
    STOP = "STOP"
    #: Messages again.
    START = "START"
    #: Who is this, and how does it end?
    HELP = "HELP"
    #: Something for a person to read.
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer means, and the language of the word that said it; empty when it means nothing to us."""

    meaning: Meaning
    language: str = ""


class Matcher:
    """Tells what answers mean by the words of some languages. Making one costs a millisecond: keep it."""

    def __init__(self, words: Mapping[str, Words]) -> None:
        self._alone: dict[tuple[str, ...], Answer] = {}
        self._leading: dict[tuple[str, ...], Answer] = {}
        for meaning, name in ((Meaning.STOP, "stop"), (Meaning.START, "start"), (Meaning.HELP, "help")):
            for language, of in words.items():
                said: Iterable[str] = getattr(of, name)
                for word in said:
                    self._add(self._alone, word, Answer(meaning, language))
                    if meaning is Meaning.STOP:
                        self._add(self._leading, word, Answer(meaning, language))
        for language, of in words.items():
            for word in of.stop_alone:
                self._add(self._alone, word, Answer(Meaning.STOP, language))
        self._longest = max((len(phrase) for phrase in self._leading), default=0)

    @staticmethod
    def _add(table: dict[tuple[str, ...], Answer], word: str, answer: Answer) -> None:
        phrase = fold(word)
        if phrase:
            table.setdefault(phrase, answer)  # STOP is filled in first: of two meanings it is the safer

    def read(self, text: str) -> Answer:
        """Return what the message means. STOP wins over all else; nothing is guessed from words in its middle."""
        said = fold(text[:LONGEST])
        if not said or len(said) > MOST_WORDS:
            return Answer(Meaning.NONE)
        plain = tuple(word for word in said if word not in _POLITE)
        for phrase in (said, plain):
            if phrase in self._alone:
                return self._alone[phrase]
        for length in range(min(self._longest, len(plain)), 0, -1):
            if plain[:length] in self._leading:
                return self._leading[plain[:length]]
        return Answer(Meaning.NONE)


def fold(text: str) -> tuple[str, ...]:
    """Return the words of a text as they are compared: compatibility forms, no case, no accents, no marks."""
    # Full-width letters become plain ones, and accents stand apart from their letters (Unicode annex 15).
    apart = unicodedata.normalize("NFKD", text).casefold()
    kept = (one for one in unicodedata.normalize("NFKD", apart) if not _is_dropped(one))
    # Letters, numbers, and the marks that are vowels of other scripts; all else stands between words.
    spaced = "".join(one if unicodedata.category(one)[0] in "LNM" else " " for one in kept)
    return tuple(unicodedata.normalize("NFC", spaced).split())


def _is_dropped(character: str) -> bool:
    """Whether a character changes no word: accents and vowel points, invisible marks of direction, lengthening."""
    category = unicodedata.category(character)
    if category == "Cf" or character == "\u0640":
        return True
    # Accents have the classes from 200 on, the points of Hebrew and Arabic 10 to 35; vowels of other scripts,
    # which make the word, have none (Unicode Character Database, canonical combining class).
    place = unicodedata.combining(character)
    return category == "Mn" and (place >= 200 or 10 <= place <= 35)
