"""Files of the media library, for whoever knows their address: mails and messages show them.

What is served was looked at when it was uploaded (`clarion.content.fileheads`), is never taken for something else
(`nosniff`), and could do nothing if it were: its policy allows nothing and puts it into a sandbox.
"""

from collections.abc import Callable

from csp.decorators import csp_replace
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from clarion.content import media, storing

#: Nothing may run, load or be framed by other sites.
_POLICY: dict[str, list[str] | None] = {
    **dict.fromkeys(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"], None),
    "default-src": ["'none'"],
    "style-src": ["'none'"],
    "sandbox": [""],
    "frame-ancestors": ["'self'"],
}


def _sandboxed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    return csp_replace(_POLICY)(view)


@require_safe
@_sandboxed
def media_file(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """The file; `name` is for people and is not looked at. It never changes, so it may be kept for a year."""
    file = media.public_file(key)
    if file is None:
        raise Http404
    etag = f'"{file.sha256[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return _kept(HttpResponseNotModified(), etag)
    try:
        opened = storing.path_of(file.workspace_id, file.sha256, file.key).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    # Pictures are shown; anything else is saved by the browser and opened by its own program.
    content_type = file.content_type
    if content_type.startswith("text/"):
        content_type += "; charset=utf-8"  # anything else was refused
    response = FileResponse(
        opened, as_attachment=not file.is_image, filename=file.name, content_type=content_type
    )
    return _kept(response, etag)


def _kept(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    # Mail readers in browsers show pictures from other sites.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response
