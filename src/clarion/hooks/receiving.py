"""From a call to what it tells, and what the provider is answered."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import structlog

from clarion.channels import registry
from clarion.channels.base import (
    MAX_HOOK_OCTETS,
    ConfigInvalid,
    HookAnswer,
    HookRefused,
    HookRequest,
    HookUnreadable,
)
from clarion.channels.exchanges import Exchange, Recorder, shown_body, shown_fields
from clarion.deliveries.inbox.rows import Event
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.exchanges import Log
from clarion.senders.models import Sender

log = structlog.get_logger(__name__)

#: A sender's settings are read anew after so many seconds, and those of so many senders are remembered.
REMEMBERED_SECONDS = 5.0
REMEMBERED = 1000
#: Seconds after which a provider should bring again what could not be stored.
RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose provider calls."""

    sender_id: int
    channel: str
    config: dict[str, Any]
    recorder: Recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider is told. A refusal says nothing about why."""

    status: HTTPStatus = HTTPStatus.NO_CONTENT
    body: bytes = b""
    content_type: str = "text/plain"


TOO_LARGE = Answer(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
NOBODY = Answer(status=HTTPStatus.NOT_FOUND)
NOT_ALLOWED = Answer(status=HTTPStatus.METHOD_NOT_ALLOWED)
TRY_LATER = Answer(status=HTTPStatus.SERVICE_UNAVAILABLE)

#: The provider log of this process; whoever serves writes it now and then.
LOG = Log()

_remembered: dict[UUID, tuple[float, Source | None]] = {}


def remembered(public_id: UUID) -> Source | None:
    """Return whose address that is, from memory. Raises KeyError when it is to be looked up."""
    until, source = _remembered[public_id]
    if until < time.monotonic():
        raise KeyError(public_id)
    return source


def look_up(public_id: UUID) -> Source | None:
    """Return whose address that is, from the database; None for nobody's. Raises SecretsLost and ConfigInvalid."""
    sender = Sender.objects.filter(public_id=public_id).first()
    source = None
    if sender is not None and sender.channel in registry.CHANNELS:
        config = secrets.ready_config(sender)
        recorder = LOG.of(sender.pk, sender.channel, config)
        source = Source(sender_id=sender.pk, channel=sender.channel, config=config, recorder=recorder)
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    _remembered[public_id] = (time.monotonic() + REMEMBERED_SECONDS, source)
    return source


def source_of(public_id: UUID) -> Source | None:
    """Return whose address that is, from memory or the database. Raises SecretsLost and ConfigInvalid."""
    try:
        return remembered(public_id)
    except KeyError:
        return look_up(public_id)


def understand(source: Source, request: HookRequest) -> tuple[Answer, Sequence[Event]]:
    """Return what to answer once these events are stored. Does no input or output; some calls are noted in the log."""
    answer, events, problem = _understood(source, request)
    if source.recorder.wants(bool(problem)):
        source.recorder.add(_exchange(request, answer, events, problem))
    return answer, events


def _understood(source: Source, request: HookRequest) -> tuple[Answer, Sequence[Event], str]:
    if len(request.body) > MAX_HOOK_OCTETS:
        return TOO_LARGE, (), "too large"
    try:
        items = registry.get(source.channel).receipts(request, source.config)
    except HookRefused as problem:
        log.warning("hook.refused", sender=source.sender_id, problem=str(problem)[:200])
        return Answer(status=HTTPStatus.FORBIDDEN), (), str(problem)
    except HookUnreadable as problem:
        log.warning("hook.unreadable", sender=source.sender_id, problem=str(problem)[:200])
        return Answer(status=HTTPStatus.BAD_REQUEST), (), str(problem)
    answer = Answer()
    events: list[Event] = []
    for item in items:
        if isinstance(item, HookAnswer):
            answer = Answer(status=HTTPStatus.OK, body=item.body, content_type=item.content_type)
        else:
            events.append(item)
    return answer, events, ""


def _exchange(request: HookRequest, answer: Answer, events: Sequence[Event], problem: str) -> Exchange:
    try:
        query = parse_qsl(request.query, max_num_fields=100)
        if request.body[:1] in (b"{", b"["):
            body = shown_body(request.body)
        else:
            body = shown_fields(
                parse_qsl(request.body[:10_000].decode("utf-8", "replace"), max_num_fields=200)
            )
    except ValueError:
        query, body = [], f"({len(request.body)} octets)"
    told = problem or f"{len(events)} events"
    return Exchange(
        is_ours=False, what=f"{request.method} /hooks/…/{request.path[:100]}",
        request="\n".join(part for part in (shown_fields(query), body) if part), answer=told,
        status=f"HTTP {answer.status.value}", failed=bool(problem),
    )  # fmt: skip


def unusable(public_id: UUID, problem: SecretsLost | ConfigInvalid) -> Answer:
    """Return the answer while the sender's settings cannot be used; the provider brings it again."""
    log.error("hook.sender_unusable", sender=str(public_id), problem=type(problem).__name__)
    return TRY_LATER
