"""A message as a document of its own, to be shown in `<iframe sandbox>`.

It comes from authors, so it gets none of the page's rights: a policy of its own that runs nothing and sends
nothing, no origin (`sandbox`), and links that lead nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.utils.html import escape
from django.views.decorators.clickjacking import xframe_options_sameorigin

if TYPE_CHECKING:
    from collections.abc import Callable

    from clarion.content.rendering import Preview

#: Where the media library's pictures come from, also when pages are looked at by another name of the server.
_PUBLIC = "{0.scheme}://{0.netloc}".format(urlsplit(settings.CLARION_PUBLIC_URL))
#: Where pictures of messages may come from: what a mail reader shows too.
PICTURES = ["'self'", "data:", "https:", _PUBLIC]
#: Styles in the mail and pictures from anywhere over https are what a mail reader shows too.
POLICY: dict[str, list[str]] = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": PICTURES,
    "frame-ancestors": ["'self'"],
    "form-action": ["'none'"],
    "base-uri": ["'none'"],
    "sandbox": [""],
}

#: In a frame without `allow-popups` a link that wants a new window does nothing.
_NOWHERE = '<base target="_blank">'
#: What mail readers in dark mode do to a mail that does not know of it.
_DARK = (
    "<style>html{filter:invert(1) hue-rotate(180deg);background:#fff}"
    "img,video,[background]{filter:invert(1) hue-rotate(180deg)}</style>"
)
_PLAIN = (
    "<style>:root{color-scheme:light}body{margin:0;padding:16px;background:#fff;color:#16171d;"
    "font:14px/1.55 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}"
    "body.note{font-family:system-ui,sans-serif;color:#676977;text-align:center;padding:48px 24px}</style>"
)


def framed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Decorate a view that answers with `document`."""
    # Replacing is by directive, so those of the pages that the frame does not name are taken out one by one.
    own: dict[str, list[str] | None] = dict.fromkeys(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], None)
    return csp_replace({**own, **POLICY})(xframe_options_sameorigin(view))


def document(shown: Preview, *, as_text: bool = False, dark: bool = False) -> HttpResponse:
    """The message's HTML, or its text; what went wrong when there is neither."""
    if shown.problem:
        return note(shown.problem)
    if as_text or not shown.html:
        return _page(f"{_PLAIN}{_DARK if dark else ''}", escape(shown.text))
    head, mark, rest = shown.html.partition("<head>")
    extra = _NOWHERE + (_DARK if dark else "")
    response = HttpResponse(f"{head}{mark}{extra}{rest}" if mark else f"<!doctype html>{extra}{shown.html}")
    response["Cache-Control"] = "private, no-store"
    return response


def note(text: str) -> HttpResponse:
    """A sentence in place of the message."""
    return _page(_PLAIN, escape(text), kind="note")


def _page(head: str, body: str, kind: str = "") -> HttpResponse:
    response = HttpResponse(
        f'<!doctype html><meta charset="utf-8">{_NOWHERE}{head}<body class="{kind}">{body}</body>'
    )
    response["Cache-Control"] = "private, no-store"
    return response
