"""Events as the inbox stores them: compact JSON, within limits."""

from datetime import datetime
from typing import Any

import orjson

from clarion.channels.events import (
    MAX_REPLY,
    Joined,
    Left,
    Notice,
    NoticeKind,
    Part,
    ReceiptEvent,
    ReceiptKind,
    Reply,
)

AboutMessage = ReceiptEvent | Reply
Visit = Joined | Left
Event = AboutMessage | Notice | Visit

#: Octets of `raw` that are kept; more is cut to a note of its size.
MAX_RAW = 8_000
#: Characters of each text.
_LIMITS = {"provider_id": 120, "address": 320, "code": 20, "detail": 200, "event_id": 200, "to": 320}
_REPLY = "reply"
_NOTICE = "notice"
_NOTICE_LIMITS = {"value": 40, "name": 512, "language": 20, "subject_id": 40, "detail": 200}
_JOINED, _LEFT = "joined", "left"
_JOINED_LIMITS = {"address": 320, "payload": 200, "first_name": 100, "last_name": 100, "language": 35}
_KINDS = {kind.value: kind for kind in ReceiptKind}


def packed(event: Event) -> str:
    """Return the event as text that PostgreSQL takes: no NUL, no half of a surrogate pair."""
    if isinstance(event, Notice):
        return _packed_notice(event)
    if isinstance(event, Joined | Left):
        return _packed_visit(event)
    facts: dict[str, Any] = {
        name: value[:limit] for name, limit in _LIMITS.items() if (value := getattr(event, name, ""))
    }
    if event.run_id is not None and event.delivery_id is not None:
        facts["run_id"], facts["delivery_id"] = event.run_id, event.delivery_id
    if event.occurred_at is not None:
        facts["at"] = event.occurred_at.isoformat()
    if isinstance(event, Reply):
        facts["kind"], facts["text"] = _REPLY, event.text[:MAX_REPLY]
        if event.part is not None:
            facts["part"] = [event.part.reference, event.part.number, event.part.count]
    else:
        facts["kind"] = event.kind.value
        if event.again_after:
            facts["again"] = list(event.again_after)
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


def unpacked(text: str, received_at: datetime | None = None) -> Event:
    """Return what `packed` was given, as far as it was kept. Raises ValueError and KeyError.

    Without a time of its own, an event that has an id happened when it was received. One without an id is known
    again by having no time.
    """
    facts = orjson.loads(text)
    if facts["kind"] == _NOTICE:
        return _notice(facts, received_at)
    if facts["kind"] == _JOINED:
        return Joined(**{name: facts.get(name, "") for name in _JOINED_LIMITS})
    if facts["kind"] == _LEFT:
        return Left(address=facts["address"], has_blocked=bool(facts.get("has_blocked")))
    default = received_at if facts.get("event_id") else None
    common = {
        "run_id": facts.get("run_id"),
        "delivery_id": facts.get("delivery_id"),
        "provider_id": facts.get("provider_id", ""),
        "address": facts.get("address", ""),
        "occurred_at": datetime.fromisoformat(facts["at"]) if "at" in facts else default,
        "event_id": facts.get("event_id", ""),
        "raw": facts.get("raw", {}),
    }
    if facts["kind"] == _REPLY:
        part = facts.get("part")
        joins = Part(reference=part[0], number=part[1], count=part[2]) if part else None
        return Reply(**common, text=facts["text"], to=facts.get("to", ""), part=joins)
    return ReceiptEvent(
        **common, kind=_KINDS[facts["kind"]], code=facts.get("code", ""), detail=facts.get("detail", ""),
        again_after=tuple(float(gap) for gap in facts.get("again", ())),
    )  # fmt: skip


def _packed_visit(event: Visit) -> str:
    if isinstance(event, Left):
        facts: dict[str, Any] = {
            "kind": _LEFT,
            "address": event.address[:320],
            "has_blocked": event.has_blocked,
        }
    else:
        given = {name: getattr(event, name)[:limit] for name, limit in _JOINED_LIMITS.items()}
        facts = {"kind": _JOINED, **{name: value for name, value in given.items() if value}}
    return orjson.dumps(_tame(facts)).decode()


def _packed_notice(notice: Notice) -> str:
    facts: dict[str, Any] = {
        name: value[:limit] for name, limit in _NOTICE_LIMITS.items() if (value := getattr(notice, name))
    }
    facts |= {"kind": _NOTICE, "what": notice.kind.value}
    if notice.occurred_at is not None:
        facts["at"] = notice.occurred_at.isoformat()
    return orjson.dumps(_tame(facts)).decode()


def _notice(facts: dict[str, Any], received_at: datetime | None) -> Notice:
    at = datetime.fromisoformat(facts["at"]) if "at" in facts else received_at
    told = {name: facts.get(name, "") for name in _NOTICE_LIMITS}
    return Notice(kind=NoticeKind(facts["what"]), occurred_at=at, **told)


def _tame(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_tame(str(name)): _tame(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_tame(one) for one in value]
    return value if value is None or isinstance(value, bool | float) else str(value)
