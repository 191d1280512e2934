"""The preference page: what somebody goes on getting, chosen by the link in a message, without an account or script."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clarion.content import branding
from clarion.deliveries import preferences
from clarion.deliveries.preferences import Chosen, Preferences
from clarion.public import links


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@links.private
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """Show the choices; save them (`act=save`), or end everything (`act=none`). What was before can be had again.

    Opening the page changes nothing: mail scanners follow links.
    """
    subject = links.subject_of(token)
    if subject is None:
        return render(request, "public/unknown_link.html", status=404)
    if links.THROTTLE.is_over(token):
        response = render(request, "public/too_often.html", status=429)
        response["Retry-After"] = str(int(links.WITHIN_SECONDS))
        return response
    before = preferences.preferences_of(subject)
    links.speak(before.language)
    if request.method != "POST":
        return _page(request, token, before, state="")
    wanted = Chosen() if request.POST.get("act") == "none" else _chosen(request)
    preferences.choose(before, wanted)
    now = preferences.preferences_of(subject)
    state = "saved" if now.chosen.channels else "out"
    return _page(request, token, now, state=state, undo=before.chosen)


def _chosen(request: HttpRequest) -> Chosen:
    """Return what is ticked; what is no id of a list is left out."""
    lists = set()
    for text in request.POST.getlist("list")[:500]:
        try:
            lists.add(UUID(text))
        except ValueError:
            continue
    return Chosen(channels=frozenset(request.POST.getlist("channel")[:50]), lists=frozenset(lists))


def _page(
    request: HttpRequest, token: str, now: Preferences, *, state: str, undo: Chosen | None = None
) -> HttpResponse:
    context = {
        "token": token,
        "workspace": now.subject.workspace.name,
        "brand": branding.brand_of(now.subject.workspace),
        "now": now,
        "state": state,
        "undo": undo if undo is not None and undo != now.chosen else None,
    }
    return render(request, "public/preferences.html", context)
