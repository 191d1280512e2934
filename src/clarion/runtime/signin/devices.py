"""Browsers in which a person was signed in before: a signed cookie that says whose they are, and lets nobody in."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from clarion.workspaces.access import queries
from clarion.workspaces.models import User

_SALT = "clarion.device"
#: Half a year.
_SECONDS = 15_768_000
#: People whom one browser remembers.
_MOST_PEOPLE = 5

#: What a browser calls itself by; the first that fits, since most also name others.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def cookie_name() -> str:
    """Browsers refuse a `__Host-` cookie from a sibling domain; it needs https."""
    return "__Host-clarion_device" if settings.SESSION_COOKIE_SECURE else "clarion_device"


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether the person was signed in in this browser before."""
    return user.pk in _read(request)["people"]


def key_for(request: HttpRequest, email: str) -> str:
    """Return by what attempts for the account are counted in this browser, if it is its owner's; else nothing."""
    people = _read(request)["people"]
    if not people:
        return ""
    user = queries.user_by_email(email)
    return f"device:{_read(request)['id']}:{user.pk}" if user is not None and user.pk in people else ""


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Have the browser remember that the person was signed in."""
    known = _read(request)
    people = [user.pk, *(pk for pk in known["people"] if pk != user.pk)][:_MOST_PEOPLE]
    value = signing.dumps({"id": known["id"] or secrets.token_hex(8), "people": people}, salt=_SALT)
    response.set_cookie(
        cookie_name(),
        value,
        max_age=_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def name_of(user_agent: str) -> str:
    """Return browser and system in two words, such as “Firefox, Linux”; empty when neither is known."""
    agent = user_agent[:500]
    browser = next((name for mark, name in _BROWSERS if f"{mark}/" in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system)))


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        read: dict[str, Any] = signing.loads(
            request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=_SECONDS
        )
    except signing.BadSignature:
        return {"id": "", "people": []}
    return read
