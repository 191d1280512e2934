"""Where in an HTML text the markup is: one pass, however the text is written."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

#: Elements that hold only text, so that tags of the template in them are words.
_RAW = "title|style|script|textarea|option|mj-title|mj-preview|mj-style|mj-html-attribute"
_OPENING = re.compile(rf"<(?:!--|({_RAW})\b)?", re.IGNORECASE)
_CLOSING = re.compile(rf"</({_RAW})\s*>", re.IGNORECASE)
_LINK = re.compile(r"<link\b[^<>]*>", re.IGNORECASE)
_IMPORT = re.compile(r"@import\s+url\([^(){}<>]*\)\s*;?", re.IGNORECASE)
_FONTS = re.compile(r"\bfonts\.(?:googleapis|gstatic)\.com", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A comment, an element that holds only text, or a tag: `text[start:end]`."""

    start: int
    end: int
    is_tag: bool


def spans(text: str) -> Iterator[Span]:
    """Yield what is no plain text between elements, in order. What is opened and never closed is text."""
    closings: dict[str, list[tuple[int, int]]] = {}
    for found in _CLOSING.finditer(text):
        closings.setdefault(found[1].lower(), []).append((found.start(), found.end()))
    at, last_comment, last_tag = 0, text.rfind("-->"), text.rfind(">")
    while opening := _OPENING.search(text, at):
        start = opening.start()
        end, is_tag = -1, False
        if opening[0] == "<!--" and last_comment >= opening.end():
            end = text.index("-->", opening.end()) + 3
        elif opening[1] and (tag_end := _next(text, ">", opening.end(), last_tag)) >= 0:
            known = closings.get(opening[1].lower(), [])
            number = bisect_left(known, (tag_end, 0))
            end = known[number][1] if number < len(known) else -1
        if end < 0:
            end, is_tag = _next(text, ">", start, last_tag), True
        if end < 0:
            return
        yield Span(start, end, is_tag)
        at = end


def _next(text: str, mark: str, at: int, last: int) -> int:
    """Return the index after the next mark, or -1; `last` is where the last one stands."""
    return text.index(mark, at) + len(mark) if last >= at else -1


def without_google_fonts(html: str) -> str:
    """Take out what would load fonts from Google, which tells Google who reads the mail."""
    html = _LINK.sub(lambda found: "" if _FONTS.search(found[0]) else found[0], html)
    return _IMPORT.sub(lambda found: "" if _FONTS.search(found[0]) else found[0], html)
