"""Links in message templates: found, and put through a variable so that they can be followed.

A link is named by its *target*: the address as the author wrote it, which may itself be a template, such as
`https://shop.example/{{ article }}`. In HTML it is what `href` means, with `&amp;` read as `&`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape

from clarion.lib import templating
from clarion.lib.templating import Part

#: Longest target, in characters, and how many different ones of a message are followed.
MAX_TARGET = 2_000
MAX_LINKS = 500

#: Variables that are links of ours: by them a person acts upon the program itself.
OWN = frozenset(
    {"unsubscribe_url", "preferences_url", "preference_url", "preference_page_url", "browser_url", "view_url"}
)

#: Stands for a template tag, as many times as the tag has characters, so that places stay what they are.
_FILLER = "\ue000"
_SCHEME = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
#: A start tag that may have a target; VML is what Outlook draws buttons with. Groups are atomic: one look a text.
_START = re.compile(r"<(?:a|area|v:[a-z]+)(?=[\s/])(?>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s=>/\"'<]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s>\"']+)))?"
)
_IN_TEXT = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
#: Ends a sentence rather than an address.
_AFTER = ".,;:!?'*_”’»"
_BRACKETS = {")": "(", "]": "["}
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)
_NAMES = re.compile(r"[A-Za-z_]\w*")
_BINDING = re.compile(r"\{%[-+]?\s*(for|set|with|macro|call)\b(.*)%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a target stands in the source."""

    start: int
    end: int
    target: str


def places(part: Part) -> list[Place]:
    """Return the links that can be followed, in their order.

    Left alone are: what is no web address, links of ours (`OWN`), links marked `data-track="off"`, and links
    with variables that exist only in a part of the template, as those of a loop: alone they mean nothing.
    """
    found = _in_html(part.source) if part.is_html else _in_text(part.source)
    bound = _bound(part.source)
    return [one for one in found if _can_follow(one.target, bound, is_html=part.is_html)]


def targets(parts: list[Part]) -> list[str]:
    """Return the different targets of a message, at most MAX_LINKS, in the order of their first places."""
    return list(dict.fromkeys(one.target for part in parts for one in places(part)))[:MAX_LINKS]


def rewritten(part: Part, instead: Callable[[str], str | None]) -> Part:
    """Return the part with other text in each link's place: what `instead` says of the target, if anything."""
    pieces, at = [], 0
    for one in places(part):
        text = instead(one.target)
        if text is not None:
            pieces += [part.source[at : one.start], text]
            at = one.end
    return Part(part.name, "".join([*pieces, part.source[at:]]), is_html=part.is_html)


def at_body_end(source: str, addition: str) -> str:
    """Put HTML where the body ends."""
    ends = list(_BODY_END.finditer(_masked(source, "{%#")))
    at = ends[-1].start() if ends else len(source)
    return source[:at] + addition + source[at:]


def is_template(target: str) -> bool:
    """Whether the target differs from person to person."""
    return any(is_tag for _piece, is_tag in templating.split(target))


def _masked(source: str, kinds: str, *, others: str = " ") -> str:
    """Return the source with tags of these kinds as filler, and of the other kinds as something else."""
    return "".join(
        piece if not is_tag else (_FILLER if piece[1] in kinds else others) * len(piece)
        for piece, is_tag in templating.split(source)
    )


def _in_html(source: str) -> Iterator[Place]:
    masked = _masked(source, "{%#")
    for tag in _START.finditer(masked):
        href: tuple[int, int] | None = None
        for one in _ATTRIBUTE.finditer(masked, tag.start() + 2, tag.end() - 1):
            name = one["name"].lower()
            value = next((g for g in ("double", "single", "bare") if one[g] is not None), None)
            if value is None:
                continue
            if name == "data-track" and one[value].lower() in ("off", "no", "false"):
                href = None
                break
            if name == "href" and href is None:
                href = one.span(value)
        if href is not None:
            start, end = href
            yield Place(start, end, _unescaped(source[start:end]).strip())


def _unescaped(value: str) -> str:
    return "".join(piece if is_tag else unescape(piece) for piece, is_tag in templating.split(value))


def _in_text(source: str) -> Iterator[Place]:
    # Statements end an address here; what a variable brings in may be a part of it.
    masked = _masked(source, "{")
    for one in _IN_TEXT.finditer(masked):
        end = one.start() + len(_bracketed(one[0]).rstrip(_AFTER))
        yield Place(one.start(), end, source[one.start() : end])


def _bracketed(text: str) -> str:
    """Return the text up to a bracket that was not opened in it: that one belongs to the sentence around."""
    depth = {"(": 0, "[": 0}
    for place, letter in enumerate(text):
        if letter in depth:
            depth[letter] += 1
        elif opening := _BRACKETS.get(letter):
            depth[opening] -= 1
            if depth[opening] < 0:
                return text[:place]
    return text


def _can_follow(target: str, bound: frozenset[str], *, is_html: bool) -> bool:
    if not target or len(target) > MAX_TARGET:
        return False
    pieces = list(templating.split(target))
    if not any(is_tag for _piece, is_tag in pieces):
        return _SCHEME.match(target) is not None and "\n" not in target
    first, begins_with_tag = pieces[0]
    if not (begins_with_tag and is_html) and not _SCHEME.match(first + "x"):
        return False
    part = Part("link", target)
    try:
        templating.check(part)
    except templating.TemplateInvalid:
        return False
    roots = {name.partition(".")[0] for name in templating.variables_of(part)}
    return bool(roots) and not roots & (OWN | bound)


def _bound(source: str) -> frozenset[str]:
    """Return the names that statements of the template give values to."""
    names = {"loop"}
    for piece, is_tag in templating.split(source):
        binding = _BINDING.fullmatch(piece) if is_tag else None
        if binding is None:
            continue
        word, rest = binding[1], binding[2]
        if word == "for":
            names.update(_NAMES.findall(rest.partition(" in ")[0]))
        elif word == "set":
            names.update(_NAMES.findall(rest.partition("=")[0]))
        else:
            names.update(_NAMES.findall(rest))
    return frozenset(names)
