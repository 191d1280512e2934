"""The logo and the colour of a workspace on its pages for recipients, for whoever knows their address."""

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from clarion.content import branding

#: Opened by itself, a picture may do nothing.
_POLICY: dict[str, list[str] | None] = {
    **dict.fromkeys(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], None),
    "default-src": ["'none'"],
    "sandbox": [""],
}


@require_safe
@csp_replace(_POLICY)  # type: ignore[arg-type]  # it may take more than the request
def logo(request: HttpRequest, key: str, digest: str) -> HttpResponse:
    """The picture; what is at an address never changes."""
    found = branding.logo_of(key, digest)
    if found is None:
        raise Http404
    octets, content_type = found
    return _kept(HttpResponse(octets, content_type=content_type))


@require_safe
def style(request: HttpRequest, colour: str) -> HttpResponse:
    """The colour, as the style sheet that sets it: pages hold no styles of their own."""
    text = branding.style_of(colour)
    if text is None:
        raise Http404
    return _kept(HttpResponse(text, content_type="text/css; charset=utf-8"))


def _kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response
