"""The unsubscribe page and its one-click form (RFC 8058).

Opening the page changes nothing: mail scanners follow links. The token in the address is the right to act, so
there is no session, no cookie and no CSRF token; whoever can forge the request holds the link already.
"""

from functools import wraps
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clarion.audience.masking import mask
from clarion.deliveries import optout
from clarion.lib import keys, tokens

#: The kind of the tokens that channels put into their links.
KIND = "unsubscribe"


class _View(Protocol):
    def __call__(self, request: HttpRequest, token: str) -> HttpResponse: ...


def _private(view: _View) -> _View:
    """Keep the page out of search engines, and its address out of other sites' logs."""

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return answer


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_private
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show one button; unsubscribe when it is pressed or a mail program posts; take it back when asked to."""
    subject = _subject(token)
    if subject is None:
        return render(request, "public/unknown_link.html", status=404)
    if request.method != "POST":
        return _page(request, subject, "out" if optout.is_out(subject) else "in")
    if request.POST.get("List-Unsubscribe") == "One-Click":
        optout.opt_out(subject.run_id, subject.delivery_id)
        return HttpResponse("unsubscribed\n", content_type="text/plain")
    if request.POST.get("act") == "undo":
        back = optout.opt_in(subject.run_id, subject.delivery_id)
        return _page(request, subject, "back" if back else "out")
    optout.opt_out(subject.run_id, subject.delivery_id)
    return _page(request, subject, "out")


def _subject(token: str) -> optout.Subject | None:
    found = tokens.read(KIND, keys.derive(settings.SECRET_KEY, keys.TOKENS), token)
    if found is None or len(found) != 2:
        return None
    run_id, delivery_id = found
    return optout.find(run_id, delivery_id)


def _page(request: HttpRequest, subject: optout.Subject, state: str) -> HttpResponse:
    context = {"workspace": subject.workspace.name, "address": mask(subject.address), "state": state}
    return render(request, "public/unsubscribe.html", context)
