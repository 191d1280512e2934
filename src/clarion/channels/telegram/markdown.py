"""Telegram's Markdown as authors write it, turned into its HTML (Bot API, “MarkdownV2 style”).

`*bold*`, `_italic_`, `__underlined__`, `~struck~`, `||hidden||`, `[words](address)`, `` `code` ``, fenced code and
lines that begin with `>`; a backslash takes a character as it is. Other than at Telegram, signs that mark nothing
need no backslash. What fills template tags in is escaped, as it is in HTML: a name with a star in it stays a name.
"""

import html
import re
from typing import NoReturn

from clarion.channels.telegram.markup import MarkupInvalid
from clarion.lib import templating
from clarion.lib.sentences import said

#: Sign → mark, the longer ones first.
SIGNS = {"__": "u", "||": "tg-spoiler", "*": "b", "_": "i", "~": "s"}

_BASE = 0xF0000  # a private plane: one character for each template tag
_END_OF_BASE = 0xFFFFD
_TOKEN = re.compile(r"\\(.)|(```)|(`)|(__|\|\||[*_~])|(\[)", re.DOTALL)
_FENCE_HEAD = re.compile(r"([A-Za-z0-9_+-]*)\n")


def to_html(source: str) -> str:
    """Return the template as Telegram's HTML, its template tags untouched. Raises MarkupInvalid."""
    tags: list[str] = []
    pieces: list[str] = []
    for piece, is_tag in templating.split(source):
        if not is_tag:
            pieces.append(piece)
        elif len(tags) > _END_OF_BASE - _BASE:
            raise MarkupInvalid(said("There are too many template tags."))
        else:
            pieces.append(chr(_BASE + len(tags)))
            tags.append(piece)
    return _put_back(_quoted("".join(pieces)), tags)


def _put_back(text: str, tags: list[str]) -> str:
    return "".join(tags[ord(one) - _BASE] if _BASE <= ord(one) < _BASE + len(tags) else one for one in text)


def _quoted(text: str) -> str:
    """Turn lines that begin with “>” into quotations, and the rest line by line into marks."""
    groups: list[tuple[bool, list[str]]] = []
    fenced = False
    for line in text.split("\n"):
        is_quote = not fenced and line.startswith(">")
        if groups and groups[-1][0] == is_quote:
            groups[-1][1].append(line[1:] if is_quote else line)
        else:
            groups.append((is_quote, [line[1:] if is_quote else line]))
        fenced ^= line.count("```") % 2 == 1
    made, number = [], 1
    for is_quote, lines in groups:
        body = _Reader("\n".join(lines), number).read()
        made.append(f"<blockquote>{body}</blockquote>" if is_quote else body)
        number += len(lines)
    return "\n".join(made)


class _Reader:
    """Reads one stretch of text that is all quoted or all not."""

    def __init__(self, text: str, line: int) -> None:
        self._text = text
        self._first = line
        self._made: list[str] = []
        #: (sign, where it began).
        self._open: list[tuple[str, int]] = []

    def read(self) -> str:
        at = 0
        while found := _TOKEN.search(self._text, at):
            self._plain(self._text[at : found.start()])
            at = self._token(found)
        self._plain(self._text[at:])
        if self._open:
            sign, begun = self._open[-1]
            self._fail(
                f"“{sign}” begins something that never ends; write \\{sign[0]} for the sign itself", begun
            )
        return "".join(self._made)

    def _plain(self, text: str) -> None:
        self._made.append(html.escape(text, quote=False))

    def _token(self, found: re.Match[str]) -> int:
        """Take one sign and return where to read on."""
        if found[1]:
            self._plain(found[1])
            return found.end()
        if found[2]:
            return self._fence(found.end())
        if found[3]:
            return self._code(found.end())
        if found[5]:
            return self._link(found.end())
        self._sign(found[4], found.start())
        return found.end()

    def _sign(self, sign: str, at: int) -> None:
        before, after = self._text[at - 1 : at], self._text[at + len(sign) : at + len(sign) + 1]
        is_open = any(one == sign for one, _ in self._open)
        inside_a_word = bool(before) and before.isalnum() and after.isalnum()
        stands_alone = not after or after.isspace()
        if not is_open and (stands_alone or (sign in ("_", "__") and inside_a_word)):
            self._plain(sign)  # 2 * 3, snake_case, a line of stars
        elif is_open and self._open[-1][0] != sign:
            other, begun = self._open[-1]
            self._fail(f"“{other}” must end before “{sign}” does", begun)
        elif is_open:
            self._open.pop()
            self._made.append(f"</{SIGNS[sign]}>")
        else:
            self._open.append((sign, at))
            self._made.append(f"<{SIGNS[sign]}>")

    def _code(self, at: int) -> int:
        end = self._text.find("`", at)
        if end < 0:
            self._fail("“`” begins something that never ends; write \\` for the sign itself", at)
        self._made.append(f"<code>{html.escape(self._text[at:end], quote=False)}</code>")
        return end + 1

    def _fence(self, at: int) -> int:
        end = self._text.find("```", at)
        if end < 0:
            self._fail("“```” begins something that never ends", at)
        head = _FENCE_HEAD.match(self._text, at, end)
        body = html.escape(self._text[head.end() if head else at : end].removesuffix("\n"), quote=False)
        if head and head[1]:
            self._made.append(f'<pre><code class="language-{head[1]}">{body}</code></pre>')
        else:
            self._made.append(f"<pre>{body}</pre>")
        return end + 3

    def _link(self, at: int) -> int:
        """Take `[words](address)`; brackets that are no link are text."""
        middle = self._text.find("](", at)
        end = self._text.find(")", middle) if middle >= 0 else -1
        words = self._text[at:middle] if middle >= 0 else ""
        if end < 0 or "\n\n" in words or "[" in words or "]" in words:
            self._plain("[")
            return at
        address = self._text[middle + 2 : end].strip()
        inner = _Reader(words, self._first + self._text.count("\n", 0, at)).read()
        self._made.append(f'<a href="{html.escape(address)}">{inner}</a>')
        return end + 1

    def _fail(self, sentence: str, at: int) -> NoReturn:
        line = self._first + self._text.count("\n", 0, at)
        raise MarkupInvalid(said("Line %(line)s: %(problem)s.", line=line, problem=sentence))
