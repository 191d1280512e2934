"""Finds what is wrong with an MJML source, line by line, before the compiler passes it on in silence."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from clarion.content.errors import Problem
from clarion.content.mjml_vocabulary import ALL_ATTRIBUTES, TAGS, Tag
from clarion.lib.sentences import said

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
                yield self._line, said("Declarations and processing instructions are not part of MJML.")
            elif found["name"]:
                if not found["close"]:
                    yield self._line, said("The tag “%(name)s” is not ended by “>”.", name=found["name"])
                    return
                yield from self._tag(found)
                if len(self._open) > MAX_DEPTH:
                    yield (
                        self._line,
                        said("More than %(limit)s tags are open inside each other.", limit=MAX_DEPTH),
                    )
                    return
            elif not found[0].endswith(">"):
                yield self._line, said("A comment is not ended.")
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
            yield self._line, said("Everything must stand inside <mjml>.")
        elif (
            around.tag is not None and around.tag.holds in ("tags", "nothing") and not _PLACE.fullmatch(words)
        ):
            yield (
                self._line,
                said("Text cannot stand directly in <%(name)s>: put it into <mj-text>.", name=around.name),
            )

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
                yield self._line, said("<mj-include> is not available: a template is one text.")
            elif name.startswith("mj"):
                yield (
                    self._line,
                    said("There is no tag <%(name)s>%(hint)s.", name=name, hint=_meant(name, TAGS)),
                )
            else:
                yield (
                    self._line,
                    said(
                        "<%(name)s> is HTML and cannot stand in <%(parent)s>: put it into <mj-text> or <mj-raw>.",
                        name=name,
                        parent=parent,
                    ),
                )
        elif parent not in tag.parents:
            places = ", ".join(f"<{one}>" for one in sorted(tag.parents) if one)
            if not parent:
                yield self._line, said("Everything must stand inside <mjml>.")
            elif not places:
                yield self._line, said("<%(name)s> can only be the outermost tag.", name=name)
            else:
                yield (
                    self._line,
                    said(
                        "<%(name)s> cannot stand in <%(parent)s>, only in %(places)s.",
                        name=name,
                        parent=parent,
                        places=places,
                    ),
                )
        elif not parent and name in self._seen:
            yield self._line, said("There can be only one <%(name)s>.", name=name)

    def _attributes(
        self, name: str, tag: Tag | None, rest: str, around: _Open | None
    ) -> Iterator[tuple[int, str]]:
        line = self._line
        for found in _ATTRIBUTE.finditer(rest.rstrip().removesuffix("/")):
            attribute, value = found["name"], found["value"]
            if attribute is None:
                if found[0].strip():
                    yield line, said("The attributes of <%(name)s> cannot be read.", name=name)
                    return
                line += found[0].count("\n")
                continue
            line += found[0][: found.start("name") - found.start()].count("\n")
            if value is None:
                yield (
                    line,
                    said(
                        "The attribute “%(attribute)s” of <%(name)s> has no value.",
                        attribute=attribute,
                        name=name,
                    ),
                )
            elif value[0] not in "\"'":
                yield (
                    line,
                    said(
                        "The value of “%(attribute)s” of <%(name)s> must stand in quotes.",
                        attribute=attribute,
                        name=name,
                    ),
                )
            elif (
                tag is not None
                and attribute not in tag.attributes
                and not attribute.startswith(("data-", "aria-", "xmlns"))
            ):
                yield (
                    line,
                    said(
                        "<%(name)s> has no attribute “%(attribute)s”%(hint)s.",
                        name=name,
                        attribute=attribute,
                        hint=_meant(attribute, tag.attributes),
                    ),
                )
            line += found[0][found.start("name") - found.start() :].count("\n")

    def _end(self, name: str) -> Iterator[tuple[int, str]]:
        names = [one.name for one in self._open]
        if name not in names:
            yield self._line, said("</%(name)s> ends a tag that was not begun.", name=name)
            return
        while (last := self._open.pop()).name != name:
            yield self._unclosed(last)

    def _at_end(self) -> Iterator[tuple[int, str]]:
        for one in reversed(self._open):
            yield self._unclosed(one)
        if "mjml" not in self._seen:
            yield 1, said("An MJML source begins with <mjml>.")
        elif "mj-body" not in self._seen:
            yield 1, said("There is no <mj-body>.")

    @staticmethod
    def _unclosed(one: _Open) -> tuple[int, str]:
        if one.name in _VOID:
            return one.line, said("Write <%(name)s /> instead of <%(name)s>.", name=one.name)
        return one.line, said("<%(name)s> is not ended by </%(name)s>.", name=one.name)


#: What stands for template tags: they may stand between tags.
PLACE = r"zqj\d+jqz"
_PLACE = re.compile(rf"(?:{PLACE}\s*)+")


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1, cutoff=0.75)
    return said("; “%(word)s” may be meant", word=close[0]) if close else ""
