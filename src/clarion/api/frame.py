"""What stands around every request of the API: who asks, how often, with which key; and what goes wrong, told alike."""

from __future__ import annotations

import hashlib
import tempfile
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError, transaction
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, get_resolver
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from clarion.api import admitting, bodies, keys, operations, problems
from clarion.workspaces.actors import Actor, of_member

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clarion.api.models import KeptAnswer
    from clarion.workspaces.models import ApiToken, Membership

log = structlog.get_logger(__name__)

#: Where the endpoints are, loaded with the first request.
INTERFACE = "clarion.api.interface"
#: Content types of bodies that are read row by row, and the most octets of one as it comes over the wire.
ROWS, FILE_OCTETS = ("application/x-ndjson", "application/jsonl"), 512 * 1024**2
#: Content types of bodies that are files, beside rows.
FILES = (
    "application/octet-stream", "text/csv", "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "image/png", "image/jpeg", "image/gif",
    "image/webp", "application/pdf", "audio/mpeg", "audio/wav", "audio/ogg", "video/mp4",
)  # fmt: skip
_READING = ("GET", "HEAD", "OPTIONS")
_CHUNK = 1024 * 1024


class ApiRequest(HttpRequest if TYPE_CHECKING else object):  # type: ignore[misc]
    """A request that endpoints get; for type checkers, at run time it is Django's."""

    token: ApiToken
    member: Membership
    #: The body, when it is rows or a file: what came over the wire, laid down.
    laid: IO[bytes] | None
    #: Set by an endpoint whose answer holds a secret: what is kept of it for whoever asks again with the same key.
    kept_body: bytes
    #: Set by an endpoint whose answer is a file of people: nothing of it is kept. Whoever asks again with the same key
    #: gets it made anew, and the endpoint is told by `is_repeated` that what it writes was written.
    is_made_anew: bool
    is_repeated: bool


def actor(request: Any) -> Actor:
    """Return who acts, as operations are told."""
    member: Membership = request.member
    return of_member(member, via="api")


@csrf_exempt
def entry(request: HttpRequest, rest: str) -> HttpResponseBase:
    """Answer a request to /api/v1/…; a token is the right to speak, never a cookie."""
    pace: operations.Pace | None = None
    try:
        if rest == "openapi.json" and request.user.is_authenticated:
            return _dispatched(request, rest)
        token, pace = _token(request)
        admitting.check(pace)
        answer = _admitted(request, rest, token)
    except problems.Problem as problem:
        answer = problems.response(problem)
    except OperationalError:
        log.warning("api.database_lost", exc_info=True)
        answer = problems.response(problems.own("unavailable", headers={"Retry-After": "5"}))
    except Exception:
        log.exception("api.failed", method=request.method, path=request.path)
        answer = problems.response(problems.own("internal_error"))
    finally:
        if laid := getattr(request, "laid", None):
            laid.close()
    if pace is not None:
        for name, value in pace.headers.items():
            answer[name] = value
    answer.headers.setdefault("Cache-Control", "no-store")
    patch_vary_headers(answer, ["Authorization"])
    return answer


def _token(request: HttpRequest) -> tuple[ApiToken, operations.Pace]:
    secret = admitting.secret_in(request.headers.get("Authorization", ""))
    found = admitting.admit(secret) if secret else None
    if found is None:
        raise admitting.unauthorized()
    return found


def _admitted(request: HttpRequest, rest: str, token: ApiToken) -> HttpResponseBase:
    """Answer as the token's member."""
    admitting.enter(token)
    member = token.membership
    request.token, request.member = token, member  # type: ignore[attr-defined]
    if "\x00" in unquote(request.META.get("QUERY_STRING", "")):
        raise problems.own("invalid", _("A text holds a NUL character."))
    body = _read(request)
    key = request.headers.get("Idempotency-Key", "").strip()
    if request.method in _READING or not key:
        return _dispatched(request, rest)
    print_ = keys.fingerprint(str(request.method), request.get_full_path(), body)
    return _once(request, rest, member, keys.checked(key), print_)


def _read(request: HttpRequest) -> bytes:
    """Read the body and return what stands for it: itself, or the digest of rows or a file, which are laid down."""
    request.laid = None  # type: ignore[attr-defined]
    if request.method in _READING:
        return b""
    if request.content_type in ROWS or request.content_type in FILES:
        return _lay(request)
    try:
        body = request.body
    except RequestDataTooBig:
        raise problems.own("too_large") from None
    except (OSError, SuspiciousOperation):
        raise problems.own("bad_request") from None
    if body:
        request.said = bodies.parsed(body, str(request.content_type))  # type: ignore[attr-defined]
    return body


def _lay(request: HttpRequest) -> bytes:
    digest, size = hashlib.sha256(), 0
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the request
    while chunk := request.read(_CHUNK):
        size += len(chunk)
        if size > FILE_OCTETS:
            raise problems.own("too_large")
        digest.update(chunk)
        file.write(chunk)
    file.seek(0)
    request.laid = file  # type: ignore[attr-defined]
    return digest.digest()


def _once(request: HttpRequest, rest: str, member: Membership, key: str, print_: bytes) -> HttpResponseBase:
    """Do the write once for its key: it and its answer are one transaction, and whoever asks again gets the answer.

    A refused request did nothing, so its key may be used again.
    """
    try:
        with transaction.atomic():
            kept = operations.claim_key(member=member, key=key, fingerprint=print_)
            if kept is not None:
                return _replayed(request, rest, kept, print_)
            answer = _dispatched(request, rest)
            if answer.status_code >= 400:
                operations.release_key(member=member, key=key)
            elif getattr(request, "is_made_anew", False):
                operations.keep_use(member=member, key=key)
            else:
                assert isinstance(answer, HttpResponse)  # noqa: S101 - it does not stream
                body = getattr(request, "kept_body", answer.content)
                kind, place = answer.get("Content-Type", ""), answer.get("Location", "")
                operations.keep_answers(
                    [operations.Kept(member.pk, key, answer.status_code, body, kind, place)]
                )
            return answer
    except operations.StillUnderWay:
        raise problems.own("key_under_way", headers={"Retry-After": "1"}) from None


def _replayed(request: HttpRequest, rest: str, kept: KeptAnswer, print_: bytes) -> HttpResponseBase:
    if bytes(kept.fingerprint) != print_:
        raise problems.own("key_reused")
    answer: HttpResponseBase
    if kept.status == operations.MADE_ANEW:
        request.is_repeated = True  # type: ignore[attr-defined]
        answer = _dispatched(request, rest)
        answer["Idempotency-Replayed"] = "true"
        return answer
    answer = HttpResponse(bytes(kept.body), status=kept.status, content_type=kept.content_type)
    if kept.location:
        answer["Location"] = kept.location
    answer["Idempotency-Replayed"] = "true"
    return answer


def _dispatched(request: HttpRequest, rest: str) -> HttpResponseBase:
    """Have the endpoint answer; what it raises of the domain's errors becomes a problem, and its writes are undone."""
    try:
        found = get_resolver(INTERFACE).resolve(f"/{rest}")
    except Resolver404:
        raise problems.own("not_found") from None
    try:
        answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    except Http404:
        raise problems.own("not_found") from None
    finally:
        timezone.deactivate()
    if answer.status_code == 405:
        allowed = answer.headers.get("Allow", "")
        return problems.response(problems.own("method_not_allowed", headers={"Allow": allowed}))
    return answer
