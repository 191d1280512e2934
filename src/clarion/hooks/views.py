"""The callbacks' address in the web processes. There is no session, no cookie and no CSRF token: a signature is the
right to speak."""

from uuid import UUID

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clarion.channels.base import MAX_HOOK_OCTETS, ConfigInvalid, HookRequest
from clarion.deliveries.inbox import putting
from clarion.hooks import receiving
from clarion.senders.errors import SecretsLost


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST", "PUT"])
def receive(request: HttpRequest, sender: UUID, rest: str = "") -> HttpResponse:
    """Take one call: 204 when it is stored, 403 when it is not the provider's, 503 when it should come again."""
    return _http(_answer(request, sender, rest))


def _answer(request: HttpRequest, public_id: UUID, rest: str) -> receiving.Answer:
    length = str(request.META.get("CONTENT_LENGTH") or 0)
    if not length.isdecimal() or int(length) > MAX_HOOK_OCTETS:
        return receiving.TOO_LARGE
    try:
        source = receiving.source_of(public_id)
        if source is None:
            return receiving.NOBODY
        answer, events = receiving.understand(source, _read(request, rest))
        putting.put(source.sender_id, events)
    except (SecretsLost, ConfigInvalid) as problem:
        return receiving.unusable(public_id, problem)
    except Error:
        return receiving.TRY_LATER
    return answer


def _read(request: HttpRequest, rest: str) -> HookRequest:
    return HookRequest(
        method=str(request.method),
        path=rest,
        # What the provider was told to call; behind a proxy, what we see may differ.
        url=settings.CLARION_PUBLIC_URL + request.get_full_path(),
        query=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
    )


def _http(answer: receiving.Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    if answer is receiving.TRY_LATER:
        response["Retry-After"] = str(receiving.RETRY_SECONDS)
    return response
