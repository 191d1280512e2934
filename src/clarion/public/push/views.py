"""The doors at which pages and workers knock. Nobody is signed in here, so nothing tells a stranger who else is.

Browsers say truthfully from which site a request comes, and only sites that the sender names are answered. Whoever
writes requests without a browser can give us a subscription of their own, and no more: to be somebody known, the
site must sign for it.
"""

from functools import cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clarion.audience.errors import AddressTaken, ContactInvalid
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.deliveries.inbox import putting
from clarion.deliveries.models import RunStep
from clarion.deliveries.states import step_of
from clarion.lib import keys, tokens
from clarion.lib.proxies import client_address
from clarion.public.push import subscribing
from clarion.public.push.pace import Pace
from clarion.senders.errors import SecretsLost

#: The kind of the tokens in what the worker reports; see `channels.webpush.composer`.
SHOWN = "push-shown"
#: Knocks a minute that one caller, and all callers of one sender together, may make at one web process.
MOST_OF_CALLER = 30
MOST_OF_SENDER = 3_000
#: Seconds for which browsers keep a script.
SCRIPT_SECONDS = 3600

_SCRIPTS = ("page.js", "worker.js")
_REPORTS = {b"shown": ReceiptKind.DELIVERED, b"clicked": ReceiptKind.CLICKED}
_pace = Pace()


@require_safe
def script(request: HttpRequest, name: str) -> HttpResponse:
    """Give one of the scripts to any site."""
    if name not in _SCRIPTS:
        raise Http404
    answer = HttpResponse(_script(name), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = f"public, max-age={SCRIPT_SECONDS}"
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def subscribe(request: HttpRequest, sender: UUID) -> HttpResponse:
    """Take a browser: 204 when it is kept, 403 for a page or a person that is not taken."""
    return _knocked(request, sender, keeps=True)


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def unsubscribe(request: HttpRequest, sender: UUID) -> HttpResponse:
    """Let a browser go: 204."""
    return _knocked(request, sender, keeps=False)


@csrf_exempt
@require_POST
def seen(request: HttpRequest, token: str) -> HttpResponse:
    """Take what the worker in the browser says: that a notification was shown, or clicked."""
    found = tokens.read(SHOWN, keys.derive(settings.SECRET_KEY, keys.TOKENS), token)
    kind = _REPORTS.get(request.body[:20].strip()) if _length(request) <= 20 else None
    if found is None or len(found) != 2 or kind is None:
        raise Http404
    run_id, delivery_id = found
    step = RunStep.objects.filter(run_id=run_id, step=step_of(delivery_id)).values_list(
        "sender_id", flat=True
    )
    sender_id = step.first()
    if sender_id is None:
        raise Http404
    event = ReceiptEvent(kind=kind, run_id=run_id, delivery_id=delivery_id, event_id=f"push-{kind.value}")
    putting.put(sender_id, [event])
    return HttpResponse(status=204)


def _knocked(request: HttpRequest, public_id: UUID, *, keeps: bool) -> HttpResponse:
    try:
        door = subscribing.door_of(public_id)
    except SecretsLost:
        return HttpResponse(status=503)
    if door is None:
        raise Http404
    origin = request.headers.get("Origin", "").lower()
    if origin not in door.config.origins:
        return HttpResponse("This site may not subscribe.", status=403, content_type="text/plain")
    if request.method == "OPTIONS":
        return _for(origin, HttpResponse(status=204))
    if not (
        _pace.allows((public_id, _caller_of(request)), MOST_OF_CALLER)
        and _pace.allows(public_id, MOST_OF_SENDER)
    ):
        return _for(origin, HttpResponse("Too often.", status=429, content_type="text/plain"))
    if _length(request) > subscribing.MAX_BODY:
        return _for(origin, HttpResponse(status=413))
    return _for(origin, _done(door, request.body, keeps=keeps))


def _caller_of(request: HttpRequest) -> str:
    """Return whose request it is: behind a proxy, all the world has one and the same peer."""
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        settings.CLARION_TRUSTED_PROXIES,
    )


def _done(door: subscribing.Door, body: bytes, *, keeps: bool) -> HttpResponse:
    try:
        if not keeps:
            subscribing.unsubscribe(door, body)
        elif not subscribing.subscribe(door, body):
            return HttpResponse("Only known people are taken.", status=403, content_type="text/plain")
    except (subscribing.Unreadable, ContactInvalid, AddressTaken, ValueError) as error:
        words = str(error) if isinstance(error, subscribing.Unreadable) else "It cannot be kept."
        return HttpResponse(words, status=400, content_type="text/plain")
    return HttpResponse(status=204)


def _for(origin: str, answer: HttpResponse) -> HttpResponse:
    answer["Access-Control-Allow-Origin"] = origin
    answer["Access-Control-Allow-Methods"] = "POST"
    answer["Access-Control-Allow-Headers"] = "Content-Type"
    answer["Access-Control-Max-Age"] = "600"
    answer["Vary"] = "Origin"
    answer["Cache-Control"] = "no-store"
    return answer


def _length(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or 0)
    return int(length) if length.isdecimal() else subscribing.MAX_BODY + 1


@cache
def _script(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()
