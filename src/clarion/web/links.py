"""URLs of pages, inside a workspace and with the present query string changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

if TYPE_CHECKING:
    from django.http import HttpRequest


def workspace_url(request: HttpRequest, name: str, *args: object, **kwargs: object) -> str:
    """The page `name` of the workspace the request is in; raises NoReverseMatch as `reverse` does."""
    slug = request.workspace.slug  # type: ignore[attr-defined]
    if args:
        return reverse(name, args=[slug, *args])
    return reverse(name, kwargs={"workspace": slug, **kwargs})


def changed_query(request: HttpRequest, **changes: object) -> str:
    """The present query string with `changes`; None or "" drops a name, a list gives it several values."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(name, [str(one) for one in value])
        else:
            query[name] = str(value)
    encoded = query.urlencode()
    return f"?{encoded}" if encoded else request.path


def safe_next(request: HttpRequest, *, default: str) -> str:
    """Where to go back to: `next` of the form or the page the request came from, if it is ours."""
    for candidate in (request.POST.get("next"), request.GET.get("next"), request.headers.get("Referer")):
        if candidate and url_has_allowed_host_and_scheme(
            candidate, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return candidate
    return default
