"""What Viber calls us with: message statuses, answers, and who subscribes and unsubscribes.

A call is signed: X-Viber-Content-Signature is the HMAC-SHA256 of its body, keyed with the token, in hexadecimal
digits. Business messages tell numbers (`message_status`), gateways of partners also words (`event`); both are read.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clarion.channels.base import HookItem, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import MAX_REPLY, ReceiptEvent, ReceiptKind, Reply
from clarion.channels.viber.config import Config
from clarion.lib import own_ids, signatures

#: `message_status`, or `event` → what it means; None for what we know already, or what is of no message.
KINDS: dict[str, ReceiptKind | None] = {
    "0": ReceiptKind.DELIVERED,
    "delivered": ReceiptKind.DELIVERED,
    "1": ReceiptKind.READ,
    "seen": ReceiptKind.READ,
    # It was not fetched within its time to live.
    "2": ReceiptKind.BOUNCED_SOFT,
    "expired": ReceiptKind.BOUNCED_SOFT,
    "failed": ReceiptKind.BOUNCED_SOFT,
    "unsubscribed": ReceiptKind.UNSUBSCRIBED,
    "subscribed": None,
    "conversation_started": None,
    "webhook": None,
}
_MAX_MILLISECONDS = 10**14


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells; see `clarion.channels.base.Channel.receipts`."""
    signature = request.headers.get("x-viber-content-signature", "")
    if not signatures.hex_matches(signature, key=Config.of(config).token, message=request.body):
        raise HookRefused("the signature does not fit")
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        raise HookUnreadable("not JSON") from None
    if not isinstance(told, dict):
        raise HookUnreadable("not an object")
    if isinstance(told.get("message"), dict) and _word(told, "event") in ("", "message"):
        return _answer(told)
    return _status(told)


def _status(told: Mapping[str, Any]) -> list[HookItem]:
    status = _word(told, "event") or _word(told, "message_status")
    token = _word(told, "message_token")[:120]
    if not status:
        raise HookUnreadable("no status")
    kind = KINDS.get(status, ReceiptKind.UNKNOWN)
    if kind is None:
        return []
    if not token:
        raise HookUnreadable("no message")
    ids = _own_ids(told)
    return [
        ReceiptEvent(
            kind=kind,
            run_id=ids[0] if ids else None,
            delivery_id=ids[1] if ids else None,
            provider_id=token,
            address=_number(told),
            code=status[:20],
            detail=_word(told, "desc")[:200],
            occurred_at=_moment(told),
            event_id=f"{token}/{status}"[:64] if len(token) + len(status) < 64 else "",
            raw={"status": status[:200]},
        )
    ]


def _answer(told: Mapping[str, Any]) -> list[HookItem]:
    message, address = told["message"], _number(told)
    text = message.get("text")
    if not address:
        raise HookUnreadable("an answer from nobody")
    if not isinstance(text, str) or not text.strip():
        return []
    ids = _own_ids(told)
    return [
        Reply(
            address=address, text=text[:MAX_REPLY], run_id=ids[0] if ids else None,
            delivery_id=ids[1] if ids else None, occurred_at=_moment(told),
            event_id=_word(told, "message_token")[:64],
        )
    ]  # fmt: skip


def _own_ids(told: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return (run, delivery) from what we gave Viber to bring back; None for anything else."""
    message = told.get("message")
    place = message if isinstance(message, dict) else told
    return own_ids.read(_word(place, "tracking_data"))


def _number(told: Mapping[str, Any]) -> str:
    digits = _word(told, "phone_number").removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 18 else ""


def _moment(told: Mapping[str, Any]) -> datetime | None:
    for name in ("message_time", "timestamp", "time"):
        value = told.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MAX_MILLISECONDS:
            return datetime.fromtimestamp(value / 1000, UTC)
    return None


def _word(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
