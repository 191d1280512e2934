"""Telegram's own small HTML, checked before anything is sent (Bot API, “HTML style”).

Template tags may stand anywhere in a text, between the marks and in the value of an attribute. What a mark opens
is closed in the same branch of the template, so that every way through it gives whole markup.
"""

import html
import re
from typing import NoReturn

from clarion.lib import templating
from clarion.lib.sentences import said

#: Marks that carry nothing but themselves.
PLAIN = frozenset(
    ("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "tg-spoiler", "pre", "code", "blockquote")
)
#: mark → attributes that it may have; `a`, `span` and `tg-emoji` must have theirs.
ATTRIBUTES = {
    "a": frozenset({"href"}), "span": frozenset({"class"}), "tg-emoji": frozenset({"emoji-id"}),
    "code": frozenset({"class"}), "blockquote": frozenset({"expandable"}),
}  # fmt: skip
_REQUIRED = frozenset({"a", "span", "tg-emoji"})
#: The only names that Telegram reads; others, such as &nbsp;, would be shown as they are written.
_ENTITIES = frozenset({"lt", "gt", "amp", "quot"})

#: Stands for a `{{ … }}` while the markup is read, and for a `{% … %}`: characters of the private use area.
_VALUE = "\ue000"
_BRANCH = "\ue001"

_MARK = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:\s+[^<>]*)?)\s*>")
_ATTRIBUTE = re.compile(r"""\s*([A-Za-z-]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>]+))?""")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_ANY_MARK = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\{%[-+]?\s*(\w+)")


class MarkupInvalid(ValueError):
    """The text is not what Telegram takes: a sentence that names the line."""


def check(source: str) -> None:
    """Raise MarkupInvalid unless every way through the template gives HTML that Telegram takes."""
    text, words = _without_tags(source)
    _Reader(text, words).read()


def visible(text: str) -> str:
    """Return what the recipient sees of HTML that was checked: its length is what Telegram limits."""
    return html.unescape(_ANY_MARK.sub("", text))


def _without_tags(source: str) -> tuple[str, list[tuple[str, int]]]:
    """Return the source with one character for each template tag, and the statements' (word, lines), in order."""
    pieces: list[str] = []
    words: list[tuple[str, int]] = []
    for piece, is_tag in templating.split(source.replace(_VALUE, "").replace(_BRANCH, "")):
        if not is_tag:
            pieces.append(piece)
        elif piece.startswith("{%"):
            word = _WORD.match(piece)
            words.append((word[1] if word else "", piece.count("\n")))
            pieces.append(_BRANCH)
        elif piece.startswith("{{"):
            # As many lines as before, so that a sentence names the right one.
            pieces.append(_VALUE + "\n" * piece.count("\n"))
    return "".join(pieces), words


class _Reader:
    """Reads one text from its beginning to its end, with what is open at each place."""

    def __init__(self, text: str, words: list[tuple[str, int]]) -> None:
        self._text = text
        self._words = iter(words)
        self._open: list[str] = []
        #: What was open where each branch of the template began.
        self._branches: list[list[str]] = []
        #: Where it is, and how many lines the statements before had.
        self._at = 0
        self._more = 0

    def read(self) -> None:
        for found in re.finditer(f"{_BRANCH}|<|{_ENTITY.pattern}", self._text):
            self._at = found.start()
            if found[0] == _BRANCH:
                self._branch()
            elif found[0] != "<":
                if found[1] not in _ENTITIES:
                    self._fail(
                        said(
                            "Telegram does not know &%(name)s; and would show it as it is: write the character",
                            name=found[1],
                        )
                    )
            else:
                self._mark()
        if self._open:
            raise MarkupInvalid(said("<%(tag)s> is never closed.", tag=self._open[-1]))

    def _branch(self) -> None:
        word, lines = next(self._words)
        if word in ("if", "for", "with", "filter", "autoescape", "macro", "call", "block"):
            self._branches.append(list(self._open))
        elif word in ("else", "elif") and self._branches:
            self._same(word)
        elif word.startswith("end") and word != "endset" and self._branches:
            self._same(word)
            self._branches.pop()
        self._more += lines

    def _same(self, word: str) -> None:
        if self._open != self._branches[-1]:
            kept = self._branches[-1]
            odd = self._open[-1] if len(self._open) > len(kept) else kept[-1]
            self._fail(
                said(
                    "<%(tag)s> must begin and end in the same branch: before {%% %(word)s %%}",
                    tag=odd,
                    word=word,
                )
            )

    def _mark(self) -> None:
        mark = _MARK.match(self._text, self._at)
        if mark is None:
            self._fail(said("A “<” that begins no mark is written &lt;"))
        if _BRANCH in mark[0]:
            self._fail(said("A statement such as {%% if %%} cannot stand inside a mark"))
        closing, name, rest = mark[1], mark[2].lower(), mark[3].strip().removesuffix("/")
        if closing:
            if not self._open or self._open[-1] != name:
                self._fail(said("</%(tag)s> closes what is not open", tag=name))
            if self._branches and len(self._open) <= len(self._branches[-1]):
                self._fail(said("</%(tag)s> closes what was opened outside of this branch", tag=name))
            self._open.pop()
            return
        if name not in PLAIN and name not in ATTRIBUTES:
            self._fail(said("Telegram does not know <%(tag)s>", tag=name))
        self._attributes(name, rest)
        self._nesting(name)
        self._open.append(name)

    def _attributes(self, name: str, rest: str) -> None:
        given: dict[str, str] = {}
        at = 0
        while at < len(rest):
            found = _ATTRIBUTE.match(rest, at)
            if found is None or found.end() == at:
                self._fail(said("The attributes of <%(tag)s> cannot be read", tag=name))
            given[found[1].lower()] = (found[2] or "").strip("\"'")
            at = found.end()
            while at < len(rest) and rest[at].isspace():
                at += 1
        for attribute in given:
            if attribute not in ATTRIBUTES.get(name, ()):
                self._fail(
                    said("Telegram does not know %(attribute)s=… in <%(tag)s>", attribute=attribute, tag=name)
                )
        if name in _REQUIRED and not all(given.values()):
            self._fail(said("<%(tag)s> lacks the value of its attribute", tag=name))
        if name in _REQUIRED and not given:
            self._fail(
                said("<%(tag)s> needs %(attribute)s=…", tag=name, attribute=next(iter(ATTRIBUTES[name])))
            )
        if name == "span" and given["class"] != "tg-spoiler":
            self._fail(said('Telegram knows <span> only with class="tg-spoiler"'))
        if (
            name == "code"
            and "class" in given
            and (not given["class"].startswith("language-") or self._open[-1:] != ["pre"])
        ):
            self._fail(said('<code class=…> names a language, as in <pre><code class="language-python">'))

    def _nesting(self, name: str) -> None:
        inside = self._open[-1] if self._open else ""
        if "code" in self._open or ("pre" in self._open and name != "code"):
            self._fail(said("Nothing can be marked inside <%(tag)s>", tag=inside))
        if name in ("code", "pre") and any(one not in ("pre", "blockquote") for one in self._open):
            self._fail(said("<%(tag)s> cannot stand inside <%(around)s>", tag=name, around=inside))
        if name in ("a", "blockquote") and name in self._open:
            self._fail(said("<%(tag)s> cannot stand inside another", tag=name))

    def _fail(self, sentence: str) -> NoReturn:
        line = 1 + self._text.count("\n", 0, self._at) + self._more
        raise MarkupInvalid(said("Line %(line)s: %(problem)s.", line=line, problem=sentence))
