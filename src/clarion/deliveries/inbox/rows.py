"""Events as the inbox stores them: compact JSON, within limits."""

from datetime import datetime
from typing import Any

import orjson

from clarion.channels.events import MAX_REPLY, ReceiptEvent, ReceiptKind, Reply

Event = ReceiptEvent | Reply

#: Octets of `raw` that are kept; more is cut to a note of its size.
MAX_RAW = 8_000
#: Characters of each text.
_LIMITS = {"provider_id": 120, "address": 320, "code": 20, "detail": 200, "event_id": 200, "to": 320}
_REPLY = "reply"


def packed(event: Event) -> str:
    """Return the event as text that PostgreSQL takes: no NUL, no half of a surrogate pair."""
    facts: dict[str, Any] = {
        name: value[:limit] for name, limit in _LIMITS.items() if (value := getattr(event, name, ""))
    }
    if event.run_id is not None and event.delivery_id is not None:
        facts["run_id"], facts["delivery_id"] = event.run_id, event.delivery_id
    if event.occurred_at is not None:
        facts["at"] = event.occurred_at.isoformat()
    if isinstance(event, Reply):
        facts["kind"], facts["text"] = _REPLY, event.text[:MAX_REPLY]
    else:
        facts["kind"] = event.kind.value
    if event.raw:
        facts["raw"] = event.raw
    try:
        text = orjson.dumps(facts, default=str)
    except (
        TypeError
    ):  # a lone surrogate, or a number beyond 64 bits: only strings of the provider's can hold them
        text = orjson.dumps(_tame(facts), default=str)
    if event.raw and len(text) > MAX_RAW:
        facts["raw"] = {"left_out": f"{len(text)} octets"}
        text = orjson.dumps(_tame(facts), default=str)
    # orjson writes NUL as an escape, which text takes and which `unpacked` brings back.
    return text.decode()


def unpacked(text: str) -> Event:
    """Return what `packed` was given, as far as it was kept. Raises ValueError."""
    facts = orjson.loads(text)
    common = {
        "run_id": facts.get("run_id"),
        "delivery_id": facts.get("delivery_id"),
        "provider_id": facts.get("provider_id", ""),
        "address": facts.get("address", ""),
        "occurred_at": datetime.fromisoformat(facts["at"]) if "at" in facts else None,
        "event_id": facts.get("event_id", ""),
        "raw": facts.get("raw", {}),
    }
    if facts["kind"] == _REPLY:
        return Reply(**common, text=facts["text"], to=facts.get("to", ""))
    return ReceiptEvent(
        **common, kind=ReceiptKind(facts["kind"]), code=facts.get("code", ""), detail=facts.get("detail", "")
    )


def _tame(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_tame(str(name)): _tame(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_tame(one) for one in value]
    return value if value is None or isinstance(value, bool | float) else str(value)
