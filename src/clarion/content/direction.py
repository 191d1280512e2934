"""Tells a mail's readers which language it is in, and that it is written from right to left."""

import re
from html import escape

from clarion.lib import languages

_HTML = re.compile(r"<html\b([^<>]*)>", re.IGNORECASE)
_BODY = re.compile(r"<body\b([^<>]*)>", re.IGNORECASE)
_OWN = re.compile(r"""\s(?:lang|dir)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
#: What the compiler of MJML writes around a mail that does not say its language.
_UNDETERMINED = re.compile(r' lang="und" dir="auto"')


def directed(html: str, tag: str) -> str:
    """Return the HTML with `lang`, and with `dir` when it needs one, where mail readers look for them.

    What it says itself is replaced: the language is chosen beside the text. Many readers show only what is inside
    `<body>`, so that says the direction too; a piece of HTML without either is put into a `<div>` that does.
    """
    way = "rtl" if languages.is_rtl(tag) else "ltr"
    said = f' lang="{escape(tag)}" dir="{way}"'
    html = _UNDETERMINED.sub(said, html)
    if not _HTML.search(html) and not _BODY.search(html):
        return f"<div{said}>{html}</div>"
    html = _HTML.sub(lambda found: f"<html{said}{_OWN.sub('', found[1])}>", html, count=1)
    return _BODY.sub(lambda found: f'<body dir="{way}"{_OWN.sub("", found[1])}>', html, count=1)
