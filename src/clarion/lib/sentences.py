"""Sentences for people, made where no framework is known, and said in a reader's language where one is."""

from collections.abc import Callable, Mapping
from typing import Any


class Sentence(str):
    """An English sentence that remembers what it was made of: `pattern`, with `%(name)s` for each of `values`.

    It is its English text wherever a string is wanted; `spoken` fills the translated pattern in instead. A plain
    string that is made of it has forgotten both.
    """

    __slots__ = ("pattern", "values")

    pattern: str
    values: dict[str, Any]

    def __new__(cls, pattern: str, values: dict[str, Any]) -> "Sentence":
        made = super().__new__(cls, pattern % {name: _english(value) for name, value in values.items()})
        made.pattern = pattern
        made.values = values
        return made


def said(pattern: str, /, **values: Any) -> Sentence:
    """Return the sentence with the values in it; a per cent sign is written `%%`. `make messages` collects it."""
    return Sentence(pattern, values)


def told(error: Exception) -> str:
    """Return the sentence that an error was raised with, which `str(error)` would make a plain string of."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) and first else str(error)


#: What knows languages; set once, by `speak_with`, where a framework is loaded.
_speakers: list[Callable[[Sentence], str]] = []


def speak_with(speaker: Callable[[Sentence], str]) -> None:
    """From now on have sentences said by `speaker`, in the language that is active when it is called."""
    _speakers[:] = [speaker]


def spoken(sentence: str) -> str:
    """Return the sentence in the reader's language; English without a speaker, and what is no Sentence as it is."""
    return _speakers[0](sentence) if _speakers and isinstance(sentence, Sentence) else sentence


def all_spoken(problems: Mapping[str, str]) -> dict[str, str]:
    """Return the same with each sentence in the reader's language."""
    return {name: spoken(sentence) for name, sentence in problems.items()}


def _english(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
