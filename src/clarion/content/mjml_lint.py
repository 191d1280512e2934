"""Finds what is wrong with an MJML source, line by line, before the compiler passes it on in silence."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from clarion.content.errors import Problem
from clarion.content.mjml_vocabulary import ALL_ATTRIBUTES, TAGS, Tag

#: Deepest nesting of tags, those of HTML included.
MAX_DEPTH = 100

#: So many problems are enough to read at once.
MAX_PROBLEMS = 20

#: HTML elements without content; MJML is XML, so they must be closed all the same.
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)

_MARKUP = re.compile(
    r"<!--(?:.*?-->)?|<!\[CDATA\[(?:.*?\]\]>)?|<(?P<special>[!?])[^>]*>?"
    r"|<(?P<end>/)?(?P<name>[A-Za-z][\w.:-]*)(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)(?P<close>>)?",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"\s*(?P<name>[^\s=\"'/]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'/]+))?|\s+|/|.", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    line: int
    #: None inside content that is passed on as HTML.
    tag: Tag | None


def lint(source: str) -> list[Problem]:
    """Return the problems of the source, at most MAX_PROBLEMS; an empty list when it can be compiled.

    Template tags in the source must have been replaced by plain words that hold no markup.
    """
    problems: list[Problem] = []
    for line, sentence in _Reader(source).problems():
        problems.append(Problem("source", line, sentence))
        if len(problems) == MAX_PROBLEMS:
            break
    return problems


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._open: list[_Open] = []
        self._seen: set[str] = set()
        self._line = 1
        self._counted = 0

    def problems(self) -> Iterator[tuple[int, str]]:
        at = 0
        for found in _MARKUP.finditer(self._source):
            yield from self._text(self._source[at : found.start()], at)
            at = found.end()
            self._advance(found.start())
            if found["special"]:
                yield self._line, "Declarations and processing instructions are not part of MJML."
            elif found["name"]:
                if not found["close"]:
                    yield self._line, f"The tag “{found['name']}” is not ended by “>”."
                    return
                yield from self._tag(found)
                if len(self._open) > MAX_DEPTH:
                    yield self._line, f"More than {MAX_DEPTH} tags are open inside each other."
                    return
            elif not found[0].endswith(">"):
                yield self._line, "A comment is not ended."
                return
        yield from self._text(self._source[at:], at)
        yield from self._at_end()

    def _advance(self, to: int) -> None:
        self._line += self._source.count("\n", self._counted, to)
        self._counted = to

    def _text(self, text: str, start: int) -> Iterator[tuple[int, str]]:
        words = text.strip()
        if not words:
            return
        self._advance(start + len(text) - len(text.lstrip()))
        around = self._open[-1] if self._open else None
        if around is None:
            yield self._line, "Everything must stand inside <mjml>."
        elif (
            around.tag is not None and around.tag.holds in ("tags", "nothing") and not _PLACE.fullmatch(words)
        ):
            yield self._line, f"Text cannot stand directly in <{around.name}>: put it into <mj-text>."

    def _tag(self, found: re.Match[str]) -> Iterator[tuple[int, str]]:
        name, rest = found["name"], found["rest"]
        if found["end"]:
            yield from self._end(name)
            return
        around = self._open[-1] if self._open else None
        is_html = around is not None and (around.tag is None or around.tag.holds == "html")
        if is_html and not name.startswith("mj"):
            tag = None
        else:
            tag = self._known(name, around)
            yield from self._placed(name, tag, around)
            yield from self._attributes(name, tag, rest, around)
        if not rest.rstrip().endswith("/"):
            self._open.append(_Open(name, self._line, tag))
        self._seen.add(name)

    @staticmethod
    def _known(name: str, around: _Open | None) -> Tag | None:
        if (
            around is not None
            and around.name == "mj-attributes"
            and (name in TAGS or name in ("mj-all", "mj-class"))
        ):
            return Tag(frozenset({"mj-attributes"}), ALL_ATTRIBUTES | {"name"}, "nothing")
        return TAGS.get(name)

    def _placed(self, name: str, tag: Tag | None, around: _Open | None) -> Iterator[tuple[int, str]]:
        parent = around.name if around else ""
        if tag is None:
            if name == "mj-include":
                yield self._line, "<mj-include> is not available: a template is one text."
            elif name.startswith("mj"):
                yield self._line, f"There is no tag <{name}>{_meant(name, TAGS)}."
            else:
                yield (
                    self._line,
                    f"<{name}> is HTML and cannot stand in <{parent}>: put it into <mj-text> or <mj-raw>.",
                )
        elif parent not in tag.parents:
            places = ", ".join(f"<{one}>" for one in sorted(tag.parents) if one)
            if not parent:
                yield self._line, "Everything must stand inside <mjml>."
            elif not places:
                yield self._line, f"<{name}> can only be the outermost tag."
            else:
                yield self._line, f"<{name}> cannot stand in <{parent}>, only in {places}."
        elif not parent and name in self._seen:
            yield self._line, f"There can be only one <{name}>."

    def _attributes(
        self, name: str, tag: Tag | None, rest: str, around: _Open | None
    ) -> Iterator[tuple[int, str]]:
        line = self._line
        for found in _ATTRIBUTE.finditer(rest.rstrip().removesuffix("/")):
            attribute, value = found["name"], found["value"]
            if attribute is None:
                if found[0].strip():
                    yield line, f"The attributes of <{name}> cannot be read."
                    return
                line += found[0].count("\n")
                continue
            line += found[0][: found.start("name") - found.start()].count("\n")
            if value is None:
                yield line, f"The attribute “{attribute}” of <{name}> has no value."
            elif value[0] not in "\"'":
                yield line, f"The value of “{attribute}” of <{name}> must stand in quotes."
            elif (
                tag is not None
                and attribute not in tag.attributes
                and not attribute.startswith(("data-", "aria-", "xmlns"))
            ):
                yield line, f"<{name}> has no attribute “{attribute}”{_meant(attribute, tag.attributes)}."
            line += found[0][found.start("name") - found.start() :].count("\n")

    def _end(self, name: str) -> Iterator[tuple[int, str]]:
        names = [one.name for one in self._open]
        if name not in names:
            yield self._line, f"</{name}> ends a tag that was not begun."
            return
        while (last := self._open.pop()).name != name:
            yield self._unclosed(last)

    def _at_end(self) -> Iterator[tuple[int, str]]:
        for one in reversed(self._open):
            yield self._unclosed(one)
        if "mjml" not in self._seen:
            yield 1, "An MJML source begins with <mjml>."
        elif "mj-body" not in self._seen:
            yield 1, "There is no <mj-body>."

    @staticmethod
    def _unclosed(one: _Open) -> tuple[int, str]:
        if one.name in _VOID:
            return one.line, f"Write <{one.name} /> instead of <{one.name}>."
        return one.line, f"<{one.name}> is not ended by </{one.name}>."


#: What stands for template tags: they may stand between tags.
PLACE = r"zqj\d+jqz"
_PLACE = re.compile(rf"(?:{PLACE}\s*)+")


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.75)
    return f"; “{close[0]}” may be meant" if close else ""
