"""The unsubscribe page and its one-click form (RFC 8058).

Opening the page changes nothing: mail scanners follow links.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clarion.audience.masking import mask
from clarion.content import branding
from clarion.deliveries import optout
from clarion.deliveries.preferences import preferences_of
from clarion.public import links
from clarion.public.links import private


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@private
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show one button; unsubscribe when it is pressed or a mail program posts; take it back when asked to."""
    subject = links.subject_of(token)
    if subject is None:
        return render(request, "public/unknown_link.html", status=404)
    if request.method != "POST":
        return _page(request, token, subject, "out" if optout.is_out(subject) else "in")
    if request.POST.get("List-Unsubscribe") == "One-Click":
        optout.opt_out(subject.run_id, subject.delivery_id)
        return HttpResponse("unsubscribed\n", content_type="text/plain")
    if request.POST.get("act") == "undo":
        back = optout.opt_in(subject.run_id, subject.delivery_id)
        return _page(request, token, subject, "back" if back else "out")
    optout.opt_out(subject.run_id, subject.delivery_id)
    return _page(request, token, subject, "out")


def _page(request: HttpRequest, token: str, subject: optout.Subject, state: str) -> HttpResponse:
    links.speak(preferences_of(subject).language)
    context = {
        "workspace": subject.workspace.name,
        "brand": branding.brand_of(subject.workspace),
        "address": mask(subject.address),
        "state": state,
        "token": token,
    }
    return render(request, "public/unsubscribe.html", context)
