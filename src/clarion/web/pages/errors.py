"""Pages for what went wrong. None of them touches the database, so they work when it does not."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(
        request,
        400,
        _("This request makes no sense"),
        _("Something in it is malformed. Go back and try again."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    text = _("Your role does not allow this. Ask an administrator of the workspace if you need it.")
    return _page(request, 403, _("Not allowed"), text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also what a stranger gets."""
    text = _("There is nothing at this address, or you have no access to it.")
    return _page(request, 404, _("Page not found"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    text = _("The error was logged. Sending is not affected: it runs apart from these pages.")
    return _page(request, 500, _("Something broke on our side"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token (`CSRF_FAILURE_VIEW`)."""
    text = _("The page was open for too long or cookies are blocked. Go back, reload it and send it again.")
    return _page(request, 403, _("The form has expired"), text)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {"status": status, "title": title, "text": text}
    return render(request, "errors/error.html", context, status=status)
