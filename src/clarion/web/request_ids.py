"""An id for each request: in every line of the log that it causes, and in its answer, so that the two can be joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from clarion.lib.request_ids import HEADER, id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase


class RequestIdMiddleware:
    """Gives each request an id; a trusted proxy's own is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = id_of(
            request.headers.get(HEADER, ""),
            request.META.get("REMOTE_ADDR", ""),
            settings.CLARION_TRUSTED_PROXIES,
        )
        with structlog.contextvars.bound_contextvars(request=name):
            response = self.get_response(request)
        response[HEADER] = name
        return response
