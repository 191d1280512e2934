"""From a call to what it tells, and what the provider is answered."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
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
from clarion.deliveries.inbox.rows import Event
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider is told. A refusal says nothing about why."""

    status: HTTPStatus = HTTPStatus.NO_CONTENT
    body: bytes = b""
    content_type: str = "text/plain"


TOO_LARGE = Answer(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
NOBODY = Answer(status=HTTPStatus.NOT_FOUND)
TRY_LATER = Answer(status=HTTPStatus.SERVICE_UNAVAILABLE)

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
        source = Source(sender_id=sender.pk, channel=sender.channel, config=secrets.ready_config(sender))
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
    """Return what to answer once these events are stored. Does no input or output."""
    if len(request.body) > MAX_HOOK_OCTETS:
        return TOO_LARGE, ()
    try:
        items = registry.get(source.channel).receipts(request, source.config)
    except HookRefused as problem:
        log.warning("hook.refused", sender=source.sender_id, problem=str(problem)[:200])
        return Answer(status=HTTPStatus.FORBIDDEN), ()
    except HookUnreadable as problem:
        log.warning("hook.unreadable", sender=source.sender_id, problem=str(problem)[:200])
        return Answer(status=HTTPStatus.BAD_REQUEST), ()
    answer = Answer()
    events: list[Event] = []
    for item in items:
        if isinstance(item, HookAnswer):
            answer = Answer(status=HTTPStatus.OK, body=item.body, content_type=item.content_type)
        else:
            events.append(item)
    return answer, events


def unusable(public_id: UUID, problem: SecretsLost | ConfigInvalid) -> Answer:
    """Return the answer while the sender's settings cannot be used; the provider brings it again."""
    log.error("hook.sender_unusable", sender=str(public_id), problem=type(problem).__name__)
    return TRY_LATER
