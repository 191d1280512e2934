"""Markdown (CommonMark with tables and strikethrough) to HTML. HTML in it is text: nothing is passed through."""

import re
from functools import cache
from typing import TYPE_CHECKING

from clarion.lib import templating

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

#: Longest text, in characters. The parser is Python's, and some texts take it a second for every 100,000.
MAX_MARKDOWN = 60_000

_WORD = re.compile(r"zqj(\d+)jqz")
#: A paragraph that holds statements alone, such as a line with `{% if vip %}`, is no paragraph.
_ALONE = re.compile(r"<p>((?:zqj\d+jqz\s*)+)</p>")
#: Links may lead where a mail's reader can go; `javascript:` and the like are no links.
_SCHEMES = re.compile(r"(?:https?|mailto|tel|sms):|zqj|#|/", re.IGNORECASE)


def html_of(text: str) -> str:
    """Return the text as HTML, its template tags where they were. The text holds at most MAX_MARKDOWN characters."""
    tags: list[str] = []
    pieces = []
    for piece, is_tag in templating.split(text):
        if is_tag:
            pieces.append(f"zqj{len(tags)}jqz")
            tags.append(piece)
        else:
            pieces.append(piece)
    html = _ALONE.sub(lambda found: _bare(found, tags), _parser().render("".join(pieces)))
    return _WORD.sub(lambda place: tags[int(place[1])], html).strip()


def _bare(found: re.Match[str], tags: list[str]) -> str:
    numbers = [int(number) for number in _WORD.findall(found[1])]
    return found[1].strip() if all(tags[number].startswith("{%") for number in numbers) else found[0]


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # sending processes never compile, and are the smaller for it

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    parser.validateLink = lambda url: bool(_SCHEMES.match(url.strip()))  # type: ignore[method-assign]
    return parser.enable(["table", "strikethrough"])


#: A plain mail around the text: one column that fits every screen, light and dark.
_PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title></title>
<style>
body { margin: 0; padding: 0; background: #f4f5f7; }
.sheet { max-width: 560px; margin: 0 auto; padding: 32px 24px; background: #ffffff; color: #1c2330; }
.sheet { font-family: Helvetica, Arial, sans-serif; font-size: 16px; line-height: 1.55; }
.sheet h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px; }
.sheet h2 { font-size: 20px; line-height: 1.3; margin: 28px 0 12px; }
.sheet h3 { font-size: 17px; line-height: 1.35; margin: 24px 0 8px; }
.sheet p, .sheet ul, .sheet ol, .sheet blockquote, .sheet table, .sheet pre { margin: 0 0 16px; }
.sheet ul, .sheet ol { padding: 0 24px; }
.sheet a { color: #3b5bdb; }
.sheet img { max-width: 100%; height: auto; border: 0; }
.sheet blockquote { padding: 0 16px; border: 0 solid #d0d5dd; border-width: 0 3px; color: #475467; }
.sheet hr { border: 0; border-top: 1px solid #d0d5dd; margin: 24px 0; }
.sheet code, .sheet pre { font-family: Menlo, Consolas, monospace; font-size: 14px; background: #f4f5f7; }
.sheet pre { padding: 12px; white-space: pre-wrap; }
.sheet table { border-collapse: collapse; }
.sheet th, .sheet td { border: 1px solid #d0d5dd; padding: 6px 10px; }
@media (prefers-color-scheme: dark) {
  body, .sheet code, .sheet pre { background: #14161b !important; }
  .sheet { background: #1c1f26 !important; color: #e6e8ec !important; }
  .sheet a { color: #9db2ff !important; }
}
</style>
</head>
<body>
<div class="sheet">
%s
</div>
</body>
</html>
"""


def mail_of(text: str) -> str:
    """Return the text as a plain responsive mail, its style sheet not yet put into the elements."""
    return _PAGE.replace("%s", html_of(text))
