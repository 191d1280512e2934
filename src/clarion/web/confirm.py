"""The question before a dangerous action, for browsers without scripts: the same as the dialog, on a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clarion.web.parts import Confirm


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the dialog or the page was answered with yes."""
    return request.POST.get("confirmed") == "1"


def confirm_page(request: HttpRequest, confirm: Confirm, *, back: str) -> HttpResponse:
    """Ask, and send the same fields to the same address again when the answer is yes.

    The text to type is asked for by the dialog only: this page itself is the second thought.
    """
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "confirmed")
        for value in values
    ]
    return render(request, "confirm.html", {"confirm": confirm, "fields": fields, "back": back})
