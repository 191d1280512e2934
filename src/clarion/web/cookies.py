"""Cookies that remember how a person wants to see the pages. They hold nothing personal."""

from __future__ import annotations

from django.http import HttpResponseBase

_YEAR = 365 * 24 * 3600


def remember(response: HttpResponseBase, name: str, value: str, *, secure: bool) -> None:
    """Set the cookie for a year; an empty value removes it."""
    if not value:
        response.delete_cookie(name, samesite="Lax")
        return
    response.set_cookie(name, value, max_age=_YEAR, samesite="Lax", secure=secure, httponly=True)
