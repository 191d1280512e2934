"""An id for each request: in every line of the log that it causes, and in its answer, so that the two can be joined.

What a request changes is kept with the address that it came from, too.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import structlog
from django.conf import settings

from clarion.lib.proxies import client_address, is_trusted
from clarion.workspaces import origins

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-Id"
#: What a proxy may call a request; anything else could be somebody's text in our log.
_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


class RequestIdMiddleware:
    """Gives each request an id; a trusted proxy's own is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = id_of(request)
        with structlog.contextvars.bound_contextvars(request=name), origins.coming_from(address_of(request)):
            response = self.get_response(request)
        response[HEADER] = name
        return response


def address_of(request: HttpRequest) -> str:
    """Return the visitor's network address, as trusted proxies tell it; empty when it is not known."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return client_address(request.META.get("REMOTE_ADDR", ""), forwarded, settings.CLARION_TRUSTED_PROXIES)


def id_of(request: HttpRequest) -> str:
    """Return what the trusted proxy in front calls the request, else a new id."""
    given = request.headers.get(HEADER, "")
    if _ID.fullmatch(given) and is_trusted(
        request.META.get("REMOTE_ADDR", ""), settings.CLARION_TRUSTED_PROXIES
    ):
        return given
    return secrets.token_hex(8)
