"""A plain text from an HTML mail: headings, lists, links and table cells kept readable.

The HTML may be a template: what stands in `{{ … }}` and `{% … %}` is carried over untouched, so that the text
is a template as well.
"""

import re
from html.parser import HTMLParser

from clarion.lib import templating

_SKIPPED = frozenset({"head", "script", "style", "title", "template", "svg", "object"})
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd div dl dt fieldset figure footer form header main "
        "nav ol p pre section table tbody tfoot thead ul h1 h2 h3 h4 h5 h6",
    )
)
#: Private-use characters stand for template tags while the HTML is read.
_FIRST, _LAST = 0xE000, 0xF8FF
_PLACE = re.compile("[\ue000-\uf8ff]")
_SPACE = re.compile(r"[ \t\r\n\xa0\u200b\u200c\u034f\u00ad\ufeff]+")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
#: Elements without an end tag.
_VOID = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta source track wbr"))


def text_of(html: str) -> str:
    """Return the text of an HTML template, as a template. It ends with a line end unless it is empty."""
    tags: list[str] = []
    pieces: list[str] = []
    for piece, is_tag in templating.split(_PLACE.sub("", html)):
        if is_tag and len(tags) <= _LAST - _FIRST:
            pieces.append(chr(_FIRST + len(tags)))
            tags.append(piece)
        else:
            pieces.append(piece)
    reader = _Reader()
    reader.feed("".join(pieces))
    reader.close()
    return _PLACE.sub(lambda place: tags[ord(place[0]) - _FIRST], reader.text())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._skipping: list[str] = []
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int]] = []
        self._preformatted = 0
        self._gap = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self._skipping:
            if tag not in _VOID:
                self._skipping.append(tag)
            return
        if tag not in _VOID and (tag in _SKIPPED or _HIDDEN.search(attributes.get("style", ""))):
            self._skipping.append(tag)
        elif tag == "br":
            self._lines.append("")
        elif tag == "hr":
            self._break(2)
            self._write("-" * 40)
            self._break(2)
        elif tag == "img":
            self._write(attributes.get("alt", ""))
        elif tag == "li":
            self._item()
        elif tag in ("td", "th"):
            self._write(" ")
        elif tag == "tr":
            self._break(1)
        elif tag == "a":
            self._links.append((attributes.get("href", ""), self._length()))
        else:
            self._open_block(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skipping:
            if tag in self._skipping:
                while self._skipping.pop() != tag:
                    pass
        elif tag == "a" and self._links:
            self._end_link()
        elif tag in _BLOCKS:
            if tag in ("ul", "ol") and self._lists:
                self._lists.pop()
            if tag == "pre":
                self._preformatted = max(0, self._preformatted - 1)
            self._break(2 if tag not in ("div", "dd", "dt") else 1)
        elif tag in ("tr", "li"):
            self._break(1)

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._preformatted:
            for number, line in enumerate(data.split("\n")):
                if number:
                    self._lines.append("")
                self._lines[-1] += line
            return
        self._write(_SPACE.sub(" ", data))

    def text(self) -> str:
        lines = [line.rstrip() for line in self._lines]
        joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
        return joined + "\n" if joined.strip() else ""

    def _open_block(self, tag: str) -> None:
        if tag not in _BLOCKS:
            return
        self._break(1 if tag == "div" or self._lists else 2)
        if tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        if tag == "pre":
            self._preformatted += 1

    def _item(self) -> None:
        self._break(1)
        depth = "  " * max(0, len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._lines[-1] += f"{depth}- "
        else:
            self._lists[-1] = number + 1
            self._lines[-1] += f"{depth}{number + 1}. "

    def _end_link(self) -> None:
        target, start = self._links.pop()
        target = target.strip()
        shown = "".join(self._lines)[start:].strip()
        if not target or target.startswith("#"):
            return
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        if shown in (target, bare, bare.removeprefix("https://"), bare.removeprefix("http://")):
            return
        self._write(f" ({bare})" if shown else bare)

    def _length(self) -> int:
        return sum(map(len, self._lines))

    def _write(self, words: str) -> None:
        line = self._lines[-1]
        if not line or line.endswith(" "):
            words = words.lstrip(" ")
        self._lines[-1] = line + words

    def _break(self, count: int) -> None:
        """Make sure that what follows begins a line, with `count - 1` empty lines before it."""
        if self._lines[-1].strip():
            self._lines.append("")
        if count > 1 and len(self._lines) > 1 and self._lines[-2].strip():
            self._lines.append("")
