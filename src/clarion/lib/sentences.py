"""Sentences for people, made where no framework is known, and said in a reader's language where one is."""

from typing import Any


class Sentence(str):
    """An English sentence that remembers what it was made of: `pattern`, with `%(name)s` for each of `values`.

    It is its English text wherever a string is wanted; what knows the reader's language fills the translated pattern
    in instead (`clarion.channels.spoken`). A plain string made of it has forgotten both.
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


def _english(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def told(error: Exception) -> str:
    """Return the sentence that an error was raised with, which `str(error)` would make a plain string of."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, str) and first else str(error)
