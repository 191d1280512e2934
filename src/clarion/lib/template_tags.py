"""Reads the tags of a message template without compiling it, and without going back: one pass over any text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPENING = re.compile(r"\{[{%#]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
#: What matters for where a tag ends: whole strings, brackets, ends of tags. A string that is open eats the rest.
_INSIDE = re.compile(r""""(?:\\.|[^"\\])*(?:"|\Z)|'(?:\\.|[^'\\])*(?:'|\Z)|%\}|\}\}|[()\[\]{}]""", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)"""
    r"""|(?P<name>[^\W\d]\w*)|(?P<op>\*\*|//|[=!<>]=|[-+*/%~|.,:()\[\]{}<>=])|(?P<space>\s+)""",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a tag: its kind (string, number, name or op) and how it is written."""

    kind: str
    text: str


def tags_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, tag) for every expression and statement; comments and raw blocks say nothing."""
    for line, tag, _before in tags_with_text(source):
        yield line, tag


def tags_with_text(source: str) -> Iterator[tuple[int, str, int]]:
    """Yield (line, tag, characters since the tag before it).

    One pass without going back, whatever the text is. A tag that does not end is left to the syntax check.
    """
    line, counted, ended, at = 1, 0, 0, 0
    while opening := _OPENING.search(source, at):
        start = opening.start()
        if source[start + 1] == "#":
            closing = source.find("#}", start + 2)
            at = len(source) if closing < 0 else closing + 2
            continue
        at = _end_of_tag(source, start)
        if at < 0:
            return
        tag = source[start:at]
        if _RAW.fullmatch(tag):
            ending = _ENDRAW.search(source, at)
            at = len(source) if ending is None else ending.end()
            continue
        line += source.count("\n", counted, start)
        counted = start
        yield line, tag, start - ended
        ended = at


def _end_of_tag(source: str, start: int) -> int:
    """Return where the tag that begins at `start` ends; -1 when it does not. Brackets in it are balanced."""
    closing = "%}" if source[start + 1] == "%" else "}}"
    depth, at = 0, start + 2
    while found := _INSIDE.search(source, at):
        text, at = found[0], found.end()
        if text == closing and depth <= 0:
            return at
        if text in ("%}", "}}"):
            at -= 1
            text = text[0]
        depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(text, 0)
    return -1


def statement_of(tag: str) -> str:
    """Return the first word of a statement, such as “for”; empty for an expression."""
    found = re.match(r"\{%[-+]?\s*(\w+)", tag)
    return found[1] if found else ""


def tokens_of(tag: str) -> list[Token]:
    """The words of a tag without its braces. Raises nothing: the syntax has been checked."""
    inner = tag[2:-2].strip("-+")
    found = []
    for match in _TOKEN.finditer(inner):
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, match[0]))
    return found
