"""Recordings of spoken texts, for the exchange that plays them: whoever knows a name, which nobody guesses, gets it."""

import re

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from clarion.senders import secrets

_NAME = re.compile(r"[0-9a-f]{40}", re.ASCII)


@require_safe
def recording(request: HttpRequest, name: str) -> HttpResponseBase:
    """The recording. It never changes under its name."""
    if not _NAME.fullmatch(name):
        raise Http404
    try:
        opened = (secrets.channel_folder("voice") / f"{name}.wav").open("rb")
    except OSError:
        raise Http404 from None
    response = FileResponse(opened, content_type="audio/wav")
    response["Cache-Control"] = "private, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Robots-Tag"] = "noindex"
    return response
