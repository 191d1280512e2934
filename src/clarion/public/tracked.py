"""Followed links and the image by which a message tells that it was opened.

The token in the address is all that is asked for: no session, no cookie. Where a link leads is looked up among
those stored with the run, so nobody can make one that leads elsewhere.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clarion.channels.tracking import CLICK, OPEN
from clarion.deliveries.tracking import hits, judging
from clarion.lib import keys, tokens

#: A transparent GIF of one pixel.
PIXEL = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)


class _Redirect(HttpResponseRedirect):
    """To wherever the author of the message wants its reader to go."""

    allowed_schemes = ["http", "https", "mailto", "tel", "sms"]


@require_safe
@never_cache
def click(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Lead on to the link's target, and note that it was followed."""
    ids = _ids(CLICK, token)
    found = hits.follow(*ids, number) if ids else None
    if ids is None or found is None:
        return _private(render(request, "public/link_off.html", status=404))
    if found.counts:
        hits.record(*ids, link=number, marks=judging.marks(request.method or "", request.headers))
    if not found.url:
        context = {"workspace": found.workspace, "is_off": found.is_off}
        return _private(render(request, "public/link_off.html", context, status=410 if found.is_off else 404))
    return _private(_Redirect(found.url))


@require_safe
@never_cache
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Return the image, whatever the token; note that the message was opened if that is told of."""
    ids = _ids(OPEN, token)
    if ids is not None and hits.counts_open(*ids):
        hits.record(*ids, link=0, marks=judging.marks(request.method or "", request.headers))
    return _private(HttpResponse(PIXEL, content_type="image/gif"))


def _ids(kind: str, token: str) -> tuple[int, int] | None:
    """Return the run and the delivery that a token vouches for."""
    found = tokens.read(kind, keys.derive(settings.SECRET_KEY, keys.TOKENS), token)
    return (found[0], found[1]) if found is not None and len(found) == 2 else None


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
