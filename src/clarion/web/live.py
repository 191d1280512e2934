"""Answers for pages that refresh their numbers by themselves; static/js/live.js reads them.

The body is {"final": bool, "values": {key: number or text}, "bars": {key: {part: [x, width]}},
"versions": {key: text}, "scopes": {id: {values, bars, versions}}}: see docs/explanation/ui.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What changed under one element: numbers and texts, bars and versions of swapped fragments."""

    values: Mapping[str, object] = field(default_factory=dict)
    bars: Mapping[str, Mapping[str, list[float]]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {"values": dict(self.values), "bars": dict(self.bars), "versions": dict(self.versions)}


def live_response(
    request: HttpRequest, top: Scope, *, final: bool, scopes: Mapping[str, Scope] | None = None
) -> HttpResponse:
    """The answer to a poll: 304 without a body when nothing differs from what the page has.

    `final` tells the page to stop asking.
    """
    body = json.dumps(
        {
            "final": final,
            **top.as_json(),
            "scopes": {key: scope.as_json() for key, scope in (scopes or {}).items()},
        },
        cls=DjangoJSONEncoder,
        separators=(",", ":"),
    ).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    response: HttpResponse
    # A compressed answer went out with a weak tag.
    if request.headers.get("If-None-Match", "").removeprefix("W/") == etag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(body, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response
