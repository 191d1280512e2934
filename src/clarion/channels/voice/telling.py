"""A call that is over, as receipts, answers and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.voice.dispositions import REACHED, Disposition
from clarion.channels.voice.keys import Key
from clarion.engine.messages import Message

_MAX_DETAIL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of a call."""

    disposition: Disposition
    seconds: float = 0.0
    #: Whether the message was played to its end.
    whole: bool = True
    pressed: Sequence[Key] = ()
    #: Where the call can be heard; empty when nowhere.
    recording: str = ""
    notes: Sequence[str] = ()
    #: The network's own code, such as "486 cause 17".
    code: str = ""


def code_of(cause: int, tech_cause: int) -> str:
    """Return the SIP answer and the hang-up cause (ITU-T Q.850) as one code."""
    parts = [f"SIP {tech_cause}"] if tech_cause else []
    return " ".join([*parts, f"cause {cause}"]) if cause > 0 else "".join(parts)


def detail_of(ended: Ended) -> str:
    """Say how it went, for the delivery's page."""
    parts = []
    if ended.disposition in REACHED or ended.seconds >= 1:
        parts.append(f"{ended.seconds:.0f} s")
    if ended.disposition is Disposition.ANSWERED and not ended.whole and not ended.pressed:
        parts.append("hung up before the end of the message")
    parts += [f"key {one.key}: {one.label}" for one in ended.pressed]
    parts += ended.notes
    if ended.code and ended.disposition not in REACHED:
        parts.append(ended.code)
    # The link goes first where both do not fit: half of one leads nowhere.
    told = " · ".join(parts)
    if ended.recording and len(ended.recording) < _MAX_DETAIL - 3:
        return f"{told[: _MAX_DETAIL - 3 - len(ended.recording)]} · {ended.recording}".removeprefix(" · ")
    return told[:_MAX_DETAIL]


def events_of(ended: Ended, message: Message, call_id: str) -> list[ReceiptEvent | Reply]:
    """Return what the call tells of the delivery beyond its outcome; nothing of calls that reached nobody."""
    if ended.disposition not in REACHED:
        return []
    ids: dict[str, Any] = {"run_id": message.run_id, "delivery_id": message.delivery_id}
    events: list[ReceiptEvent | Reply] = [
        ReceiptEvent(
            kind=ReceiptKind.DELIVERED, **ids, provider_id=call_id, address=message.address,
            code=ended.disposition.value, detail=detail_of(ended), event_id=f"{call_id}/end"[-64:],
        )
    ]  # fmt: skip
    about = About(
        run_id=message.run_id, delivery_id=message.delivery_id, address=message.address, call_id=call_id
    )
    events += [
        key_event(key, about, number) for number, key in enumerate(ended.pressed) if key.action != "repeat"
    ]
    return events


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which call of which message something is about."""

    run_id: int
    delivery_id: int
    address: str
    call_id: str


def key_event(key: Key, about: About, number: int) -> ReceiptEvent | Reply:
    """Return what a pressed key tells; `number` says which press of the call it was."""
    ids: dict[str, Any] = {
        "run_id": about.run_id, "delivery_id": about.delivery_id, "provider_id": about.call_id,
        "address": about.address, "event_id": f"{about.call_id}/{number}"[-64:],
    }  # fmt: skip
    if key.action == "stop":
        return ReceiptEvent(kind=ReceiptKind.UNSUBSCRIBED, code=f"key {key.key}", detail=key.label, **ids)
    return Reply(text=f"{key.key} ({key.label})", **ids)
