"""What a gateway tells: by GET, a form or JSON, with the secret that its settings hold."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from clarion.channels.base import HookItem, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.sms.gateway.config import pairs
from clarion.lib import own_ids, phones, signatures

_MAX_FIELDS = 200
#: Where incoming messages come; everything else is about a message of ours.
INCOMING = "incoming"


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells; see `clarion.channels.base.Channel.receipts`.

    The secret stands in the query as `secret`, or in the header X-Hook-Secret.
    """
    query = dict(parse_qsl(request.query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)[:_MAX_FIELDS])
    given = request.headers.get("x-hook-secret") or query.get("secret", "")
    if not signatures.same(given, config["callback_secret"]):
        raise HookRefused("the secret does not fit")
    told = {**{name: value for name, value in query.items() if name != "secret"}, **_body(request)}
    if request.path.rstrip("/") == INCOMING:
        sender, text = told.get(config["incoming_from"], ""), told.get(config["incoming_text"], "")
        if not sender:
            raise HookUnreadable("an incoming message from nobody")
        return [Reply(address=_number(sender), text=text, event_id=told.get("id", "")[:64])]
    return _receipt(told, config)


def _receipt(told: Mapping[str, str], config: Mapping[str, Any]) -> list[HookItem]:
    status = told.get(config["callback_status"], "")
    ids = own_ids.read(told.get("m", ""))
    provider_id = told.get(config["callback_id"], "")
    if not status or not (ids or provider_id):
        raise HookUnreadable("no status, or no message")
    states = dict(pairs(config["callback_states"]))
    word = states.get(status)
    if word is not None and not word.strip():
        return []
    kind = ReceiptKind(word.strip()) if word else ReceiptKind.UNKNOWN
    return [
        ReceiptEvent(
            kind=kind,
            run_id=ids[0] if ids else None,
            delivery_id=ids[1] if ids else None,
            provider_id=provider_id[:120],
            code=status[:20],
            event_id=f"{provider_id}/{status}" if len(provider_id) < 60 - len(status) else "",
            raw={"status": status[:200]},
        )
    ]


def _body(request: HookRequest) -> dict[str, str]:
    if not request.body or request.method == "GET":
        return {}
    try:
        if "json" in request.headers.get("content-type", ""):
            return _flat(json.loads(request.body))
        text = request.body.decode("utf-8")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except (ValueError, RecursionError):
        raise HookUnreadable("neither a form nor JSON") from None


def _flat(told: Any, before: str = "", depth: int = 0) -> dict[str, str]:
    """Return what stands in an object, names below names joined by dots."""
    if not isinstance(told, dict) or depth > 5:
        return {}
    flat: dict[str, str] = {}
    for name, value in list(told.items())[:_MAX_FIELDS]:
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name}.", depth + 1)
        elif isinstance(value, str | int | float):
            flat[f"{before}{name}"] = str(value)
    return flat


def _number(text: str) -> str:
    digits = text.strip()
    try:
        return phones.e164(digits if digits.startswith("+") else f"+{digits}")
    except ValueError:
        return digits
