"""Every type of event, the JSON schema of what it says, and an example: the one table for receivers and for tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from clarion.webhooks.models import Kind

#: Of what all events look like. A new one is told beside the old one for a while; new fields do not raise it.
VERSION = 1

_Shape = dict[str, Any]


def _text(about: str, **more: Any) -> _Shape:
    return {"type": "string", "description": about, **more}


def _number(about: str, **more: Any) -> _Shape:
    return {"type": "integer", "description": about, **more}


def _or_null(shape: _Shape) -> _Shape:
    return {**shape, "type": [shape["type"], "null"]}


_CAMPAIGN = _text("The campaign's id.", format="uuid")
_RUN = _number("The run's number within its campaign, from 1.", minimum=1)
_ADDRESS = _text(
    "Where it went. Only for endpoints that are told addresses, and while the person is remembered."
)
_CHANNEL = _text("The channel: email, sms and so on.")
_MESSAGE = {
    "campaign": _CAMPAIGN,
    "run": _RUN,
    "recipient": _number("The person's number within the run.", minimum=1),
    "step": _number("The campaign's step, from 0.", minimum=0, maximum=15),
    "channel": _CHANNEL,
}
_COUNTS = (
    "total", "pending", "in_flight", "sent", "partly", "failed", "skipped", "cancelled", "expired", "unknown",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type of events: `fields` are the schema's properties of `data`, all of them there but the `optional` ones."""

    kind: Kind | None
    about: str
    #: What `key` looks like.
    key: str
    fields: Mapping[str, _Shape]
    optional: tuple[str, ...] = ()
    example: Mapping[str, Any]

    def schema(self) -> _Shape:
        """Return the JSON schema of `data`."""
        return {
            "type": "object",
            "properties": dict(self.fields),
            "required": [name for name in self.fields if name not in self.optional],
        }


_UUID = "0197c5e6-6a3c-7d31-9d0b-1f3b6a1c2d3e"
_EXAMPLE_MESSAGE = {"campaign": _UUID, "run": 1, "recipient": 17, "step": 0, "channel": "email"}
_DELIVERY_KEY = "delivery:RUN:RECIPIENT:STEP, with the program's own number of the run"


def _delivery(about: str, **example: Any) -> EventType:
    return EventType(
        kind=Kind.DELIVERY,
        about=about,
        key=_DELIVERY_KEY,
        fields={
            **_MESSAGE,
            "contact": _or_null(_text("The contact's id, where the person is one.", format="uuid")),
            "attempts": _number("Tries so far.", minimum=0),
            "reason": _or_null(_text("The reason, as in the API; null for what was sent.")),
            "code": _text("The provider's code."),
            "provider_id": _text("What the provider calls the message."),
            "ended_at": _or_null(_text("When the outcome was known.", format="date-time")),
            "address": _ADDRESS,
        },
        optional=("address",),
        example={
            **_EXAMPLE_MESSAGE, "contact": None, "attempts": 1, "reason": None, "code": "250 2.0.0",
            "provider_id": "4bXy0000017", "ended_at": "2026-03-01T09:00:01.250000+00:00", **example,
        },
    )  # fmt: skip


def _receipt(about: str) -> EventType:
    return EventType(
        kind=Kind.RECEIPT,
        about=about,
        key=_DELIVERY_KEY,
        fields={
            **_MESSAGE,
            "said_at": _text("The provider's time of it.", format="date-time"),
            "code": _text("The provider's code."),
            "address": _ADDRESS,
        },
        optional=("address",),
        example={**_EXAMPLE_MESSAGE, "said_at": "2026-03-01T09:00:04+00:00", "code": ""},
    )


def _run(about: str) -> EventType:
    counts = {name: _number(f"People: {name.replace('_', ' ')}.", minimum=0) for name in _COUNTS}
    numbers = dict.fromkeys(_COUNTS, 0)
    return EventType(
        kind=Kind.RUN,
        about=about,
        key="campaign:ID",
        fields={
            "campaign": _CAMPAIGN,
            "name": _text("The campaign's name."),
            "run": _RUN,
            **counts,
        },
        example={"campaign": _UUID, "name": "Spring sale", "run": 1, **numbers, "total": 20, "sent": 20},
    )


def _suppression(about: str) -> EventType:
    return EventType(
        kind=Kind.SUPPRESSION,
        about=about,
        key="suppression:ID",
        fields={
            "suppression": _number("The suppression's id, the same when it is added and removed."),
            "channel": _CHANNEL,
            "reason": _text("Why the address was suppressed: unsubscribed, bounced, complained, manual, soft_bounced."),
            "address": _text("The address. Only for endpoints that are told addresses."),
        },
        optional=("address",),
        example={"suppression": 812, "channel": "email", "reason": "unsubscribed"},
    )  # fmt: skip


TYPES: dict[str, EventType] = {
    "campaign.state": EventType(
        kind=Kind.CAMPAIGN,
        about="A campaign has changed its state.",
        key="campaign:ID",
        fields={
            "campaign": _CAMPAIGN,
            "name": _text("The campaign's name."),
            "from": _text("The state before."),
            "to": _text("The state now."),
            "action": _text("What led there."),
            "cause": _text("Why it is paused; empty when it is not."),
            "reason": _text("A sentence, if there is one."),
            "via": _text("Through which door: web, cli, api or system."),
        },
        example={
            "campaign": _UUID, "name": "Spring sale", "from": "sending", "to": "paused", "action": "pause",
            "cause": "person", "reason": "", "via": "web",
        },
    ),
    "run.began": _run("A run has begun; its people are being found."),
    "run.built": _run("All people of a run are found; sending goes on or begins."),
    "run.ended": _run("Every message of a run is settled. A retry of what failed ends the run once more."),
    "delivery.sent": _delivery("The provider has taken a message."),
    "delivery.failed": _delivery(
        "A message has failed for good, unless a person has it sent again.", reason="no_mailbox", code="550 5.1.1"
    ),
    "delivery.unknown": _delivery(
        "Nobody can say whether the provider has taken a message; a person decides.", reason="connection_lost"
    ),
    "receipt.passed_on": _receipt("The provider has passed a message on."),
    "receipt.delayed": _receipt("The provider goes on trying."),
    "receipt.delivered": _receipt("A message has arrived."),
    "receipt.read": _receipt("A message was opened or read."),
    "receipt.clicked": _receipt("A link of a message was followed."),
    "receipt.replied": _receipt("A message was answered; the answer itself is `reply.received`."),
    "receipt.bounced": _receipt("A message came back."),
    "receipt.complained": _receipt("A message was reported as unwanted."),
    "receipt.unsubscribed": _receipt("The person does not want any more messages."),
    "reply.received": EventType(
        kind=Kind.REPLY,
        about="Somebody has written back.",
        key="reply:ID",
        fields={
            "reply": _number("The answer's id."),
            "channel": _CHANNEL,
            "sender": _text("The id of the sender they wrote to.", format="uuid"),
            "meaning": _text("stop, start, help, or none for what a person should read."),
            "received_at": _text("When it came.", format="date-time"),
            "campaign": _or_null(_CAMPAIGN),
            "run": _or_null(_RUN),
            "recipient": _or_null(_MESSAGE["recipient"]),
            "step": _or_null(_MESSAGE["step"]),
            "address": _text("Who wrote. Only for endpoints that are told addresses."),
            "text": _text("What they wrote, up to 1,000 characters. Only for endpoints that are told addresses."),
        },
        optional=("address", "text"),
        example={
            "reply": 5, "channel": "sms", "sender": _UUID, "meaning": "stop",
            "received_at": "2026-03-01T09:05:00+00:00", "campaign": _UUID, "run": 1, "recipient": 17, "step": 0,
        },
    ),
    "suppression.added": _suppression("An address is not written to any more."),
    "suppression.removed": _suppression("An address may be written to again."),
    "test.event": EventType(
        kind=None,
        about="Somebody pressed “Send a test event”.",
        key="test:ID",
        fields={"message": _text("A greeting.")},
        example={"message": "This is a test."},
    ),
}  # fmt: skip

#: What stands around the data of every event.
ENVELOPE: dict[str, _Shape] = {
    "id": _text("The same whenever the event is told again: whoever has seen it leaves it out."),
    "type": _text("One of the types on this page."),
    "version": _number("The version of all events' form.", const=VERSION),
    "at": _text("When it was recorded.", format="date-time"),
    "order": _number(
        "The same moment in microseconds since 1970: of two events with one key the greater is later."
    ),
    "workspace": _text("The short name of the workspace."),
    "key": _text("What the event is about. Events with one key are told in their order."),
}


def made(type: str, *, key: str, data: Mapping[str, Any], id: str = "") -> dict[str, Any]:
    """Return an event as notices hold it. Without an `id` it gets one of its own."""
    return {"id": id or f"evt_{uuid4().hex}", "type": type, "key": key, "data": dict(data)}


def schema(name: str) -> dict[str, Any]:
    """Return the JSON schema (2020-12) of one type's whole event."""
    properties = {**ENVELOPE, "data": TYPES[name].schema()}
    properties["type"] = {"const": name, "description": TYPES[name].about}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def example(name: str) -> dict[str, Any]:
    """Return an event of that type."""
    return {
        "id": "evt_3f9a7c5e8d1b4f62a0c9e7d5b3a18264",
        "type": name,
        "version": VERSION,
        "at": "2026-03-01T09:00:01.250000+00:00",
        "order": 1772355601250000,
        "workspace": "acme",
        "key": TYPES[name].key.split(",")[0],
        "data": dict(TYPES[name].example),
    }
