"""The question before a dangerous action: as a page for browsers without scripts, as data for the dialog."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from clarion.web.parts import Confirm


def is_confirmed(request: HttpRequest, *, typed: str = "") -> bool:
    """Whether the dialog or the page was answered with yes, and what had to be typed was typed."""
    if request.POST.get("confirmed") != "1":
        return False
    return not typed or request.POST.get("typed", "").strip() == typed.strip()


def confirm_page(request: HttpRequest, confirm: Confirm, *, back: str) -> HttpResponse:
    """Ask, and send the same fields to the same address again when the answer is yes.

    static/js/confirm.js asks for JSON, and shows the question in a dialog.
    """
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(
            {
                "title": str(confirm.title),
                "text": str(confirm.text),
                "facts": [str(fact) for fact in confirm.facts],
                "label": str(confirm.label),
                "type": confirm.type_to_confirm,
                "danger": confirm.danger,
            }
        )
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "confirmed", "typed")
        for value in values
    ]
    if "next" not in request.POST:
        # Whoever answers comes from this question, not from the page that asked for the action.
        fields.append(("next", back))
    return render(request, "confirm.html", {"confirm": confirm, "fields": fields, "back": back})
