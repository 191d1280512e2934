"""From what a page sends to a contact with a browser."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from clarion.audience import operations as audience
from clarion.channels.webpush import subscription
from clarion.channels.webpush.config import Config
from clarion.senders import secrets
from clarion.senders.models import Sender

#: Octets of what a page may send.
MAX_BODY = 8_192
_CHANNEL = "webpush"


class Unreadable(ValueError):
    """What was sent is no subscription: a sentence for the site's developer."""


@dataclass(frozen=True, slots=True)
class Door:
    """A sender at whose door pages knock."""

    sender: Sender
    config: Config


def door_of(public_id: UUID) -> Door | None:
    """Return the sender's door; None for no sender of this channel. Raises SecretsLost."""
    sender = Sender.objects.select_related("workspace").filter(public_id=public_id, channel=_CHANNEL).first()
    return Door(sender, Config.of(secrets.open_config(sender))) if sender else None


def subscribe(door: Door, body: bytes) -> bool:
    """Keep the browser that the body tells of. Returns whether it is somebody's now. Raises Unreadable."""
    said = _read(body)
    address = _address(door, said)
    who = audience.Newcomer(
        email=_vouched(door.config, said), language=str(said.get("language") or "").split("-")[0][:12]
    )
    contact = audience.subscribe(
        workspace=door.sender.workspace, channel=_CHANNEL, address=address, who=who,
        adds_newcomers=door.config.newcomers == "add", origin=door.sender.name,
    )  # fmt: skip
    return contact is not None


def unsubscribe(door: Door, body: bytes) -> None:
    """Write to the browser no more. Raises Unreadable."""
    audience.unsubscribe(
        workspace=door.sender.workspace, channel=_CHANNEL, address=_address(door, _read(body)),
        origin=door.sender.name,
    )  # fmt: skip


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable("The body is not JSON.") from None
    if not isinstance(said, dict):
        raise Unreadable("The body is not a JSON object.")
    return said


def _address(door: Door, said: dict[str, Any]) -> str:
    try:
        found = subscription.read(orjson.dumps(said.get("subscription")).decode())
    except subscription.SubscriptionInvalid as error:
        raise Unreadable(str(error)) from None
    if not subscription.is_allowed(found.endpoint, door.config.services):
        raise Unreadable("The endpoint is at no push service that this sender takes.")
    return str(found)


def _vouched(config: Config, said: dict[str, Any]) -> str:
    """Return the e-mail address that the site vouches for; empty without a good signature."""
    email, signature = said.get("email"), said.get("signature")
    if (
        not (config.identity_key and isinstance(email, str) and isinstance(signature, str))
        or len(email) > 254
    ):
        return ""
    expected = hmac.new(config.identity_key.encode(), email.encode(), sha256).hexdigest()
    if not hmac.compare_digest(signature.lower().encode(), expected.encode()):
        raise Unreadable("The signature does not fit the e-mail address.")
    return email
