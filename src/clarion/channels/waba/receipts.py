"""What WhatsApp tells: statuses of messages, what people write, and what becomes of templates and limits.

One call holds entries, each with changes, each with a field that says what it is about and a value. It is signed: HMAC-
SHA256 of the body with the app's secret, in X-Hub-Signature-256. When the address is entered, Meta asks for it once by
GET with the verify token. https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview,
and the reference of each field, read in November 2026.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from clarion.channels.base import HookAnswer, HookItem, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import Notice, NoticeKind, ReceiptEvent, ReceiptKind, Reply
from clarion.channels.waba import codes, limits
from clarion.lib import own_ids, signatures

#: status → what it means.
KINDS = {
    "sent": ReceiptKind.TAKEN,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
    "played": ReceiptKind.READ,
    "failed": ReceiptKind.BOUNCED_SOFT,
}
#: Code of a failure → what it means beyond that. 131026 does not tell a number that is not on WhatsApp from a phone
#: with an old app, so it does not suppress; the workspace's rule for failures in a row does.
_FAILURES = {131050: ReceiptKind.UNSUBSCRIBED}
#: event of a template → its status after that; None for what does not change it. Others are statuses themselves.
STATUSES = {
    "REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "FLAGGED": "APPROVED", "LOCKED": None, "UNLOCKED": None,
}  # fmt: skip
#: What a person writes who presses “Stop” for marketing in WhatsApp itself.
_STOP = "STOP"


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells; see `clarion.channels.base.Channel.receipts`.

    What is about another number or account than the sender's is left out: one address may serve several.
    """
    if request.method == "GET":
        return [_challenge(request, config)]
    given = request.headers.get("x-hub-signature-256", "")
    name, sign, digits = given.partition("=")
    if not (name == "sha256" and sign) or not signatures.hex_matches(
        digits, key=str(config.get("app_secret") or ""), message=request.body
    ):
        raise HookRefused("the signature does not fit")
    try:
        call = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise HookUnreadable("not JSON") from None
    if not isinstance(call, dict) or not isinstance(call.get("entry"), list):
        raise HookUnreadable("no entries")
    return [item for entry in _dicts(call["entry"]) for item in _entry(entry, config)]


def _challenge(request: HookRequest, config: Mapping[str, Any]) -> HookAnswer:
    asked = dict(parse_qsl(request.query[:2000]))
    token = asked.get("hub.verify_token", "")
    expected = str(config.get("verify_token") or "")
    if asked.get("hub.mode") != "subscribe" or not signatures.same(token, expected):
        raise HookRefused("the verify token does not fit")
    return HookAnswer(body=asked.get("hub.challenge", "").encode())


def _entry(entry: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[HookItem]:
    account = str(entry.get("id") or "")
    at = _moment(entry.get("time"))
    for change in _dicts(entry.get("changes")):
        field, value = change.get("field"), change.get("value")
        if not isinstance(value, dict):
            continue
        if field == "messages":
            metadata = value.get("metadata")
            number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
            if str(number or "") == config["phone_number_id"]:
                yield from _messages(value)
        elif field == "user_preferences":
            yield from _preferences(value)
        elif account == config["business_account_id"] and isinstance(field, str):
            yield from _notices(field, value, at, config)


def _messages(value: Mapping[str, Any]) -> Iterator[HookItem]:
    for status in _dicts(value.get("statuses")):
        receipt = _receipt(status)
        if receipt is not None:
            yield receipt
    for message in _dicts(value.get("messages")):
        reply = _reply(message, value)
        if reply is not None:
            yield reply


def _receipt(status: Mapping[str, Any]) -> ReceiptEvent | None:
    """Return a status of a message of ours; none of what another program sent by the same number."""
    ids = own_ids.read(_word(status.get("biz_opaque_callback_data")))
    if ids is None or ids == (0, 0):  # a test from the sender's page
        return None
    name = _word(status.get("status"))[:20]
    errors = _dicts(status.get("errors"))
    error = errors[0] if errors else {}
    code = error.get("code")
    kind = KINDS.get(name, ReceiptKind.UNKNOWN)
    if kind is ReceiptKind.BOUNCED_SOFT and isinstance(code, int):
        kind = _FAILURES.get(code, kind)
    message_id = _word(status.get("id"))
    return ReceiptEvent(
        kind=kind,
        run_id=ids[0],
        delivery_id=ids[1],
        provider_id=message_id[:120],
        address=_number(status.get("recipient_id")),
        code=f"{name} {code}"[:20] if code is not None else name,
        detail=(_explained(error) if error else _price(status))[:200],
        occurred_at=_moment(status.get("timestamp")),
        # Ids of messages are long, and all of one number begin alike.
        event_id=f"{message_id[-40:]}/{name}"[:64],
        again_after=codes.ECOSYSTEM_GAPS if name == "failed" and code == codes.ECOSYSTEM else (),
        raw=_kept(status),
    )


def _price(status: Mapping[str, Any]) -> str:
    """Return what the message costs by, in words: “marketing, PMP, regular, billable”."""
    pricing = status.get("pricing")
    if not isinstance(pricing, dict):
        return ""
    words = [_word(pricing.get(name)) for name in ("category", "pricing_model", "type")]
    billable = pricing.get("billable")
    if isinstance(billable, bool):
        words.append("billable" if billable else "not billable")
    return ", ".join(word for word in words if word)


def _explained(error: Mapping[str, Any]) -> str:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else ""
    return " ".join(_word(details or error.get("message") or error.get("title")).split())


def _kept(status: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"status": _word(status.get("status"))[:40]}
    if price := _price(status):
        kept["pricing"] = price[:200]
    codes = [one.get("code") for one in _dicts(status.get("errors"))[:5]]
    if codes:
        kept["errors"] = [code for code in codes if isinstance(code, int)]
    return kept


def _reply(message: Mapping[str, Any], value: Mapping[str, Any]) -> Reply | None:
    """Return what somebody wrote or pressed; none of a reaction, a deletion, and of whoever hides their number."""
    kind = _word(message.get("type"))
    address = _number(message.get("from"))
    if not address or kind in ("reaction", "system", "unsupported", "revoke", "edit"):
        return None
    context = message.get("context")
    answered = _word(context.get("id")) if isinstance(context, dict) else ""
    metadata = value.get("metadata")
    to = _word(metadata.get("display_phone_number")) if isinstance(metadata, dict) else ""
    return Reply(
        address=address, text=_written(message, kind)[:4000], to=to[:40], provider_id=answered[:120],
        occurred_at=_moment(message.get("timestamp")), event_id=_word(message.get("id"))[:200],
        raw={"type": kind[:40]},
    )  # fmt: skip


def _written(message: Mapping[str, Any], kind: str) -> str:
    part = message.get(kind)
    if not isinstance(part, dict):
        return ""
    if kind == "text":
        return _word(part.get("body"))
    if kind == "button":
        return _word(part.get("text"))
    if kind == "interactive":
        chosen = part.get(_word(part.get("type")))
        return _word(chosen.get("title")) if isinstance(chosen, dict) else ""
    return _word(part.get("caption"))


def _preferences(value: Mapping[str, Any]) -> Iterator[HookItem]:
    """Yield who stopped marketing in WhatsApp's own settings, as if they had written so."""
    for one in _dicts(value.get("user_preferences")):
        address = _number(one.get("wa_id"))
        if one.get("value") == "stop" and address:
            at = _moment(one.get("timestamp"))
            yield Reply(
                address=address, text=_STOP, occurred_at=at, event_id=f"stop/{address}/{one.get('timestamp')}"[:200],
                raw={"type": "user_preferences"},
            )  # fmt: skip


def _notices(
    field: str, value: Mapping[str, Any], at: datetime | None, config: Mapping[str, Any]
) -> Iterator[HookItem]:
    about: dict[str, Any] = {
        "name": _word(value.get("message_template_name"))[:512],
        "language": _word(value.get("message_template_language"))[:20],
        "subject_id": str(value.get("message_template_id") or "")[:40],
        "occurred_at": at,
    }
    if field == "message_template_status_update":
        event = _word(value.get("event")).upper()[:40]
        status = STATUSES.get(event, event)
        if status:
            yield Notice(kind=NoticeKind.TEMPLATE_STATUS, value=status, detail=_why(value), **about)
    elif field == "message_template_quality_update":
        score = _word(value.get("new_quality_score")).upper()
        yield Notice(kind=NoticeKind.TEMPLATE_QUALITY, value=score[:40], **about)
    elif field == "template_category_update":
        category = _word(value.get("new_category")).upper()
        if category:  # without one it is foretold, and has not happened
            yield Notice(kind=NoticeKind.TEMPLATE_CATEGORY, value=category[:40], **about)
    elif field == "business_capability_update":
        most = limits.per_day(value.get("max_daily_conversations_per_business"))
        if most is not None:
            yield Notice(kind=NoticeKind.DAILY_LIMIT, value=str(most or ""), occurred_at=at)
    elif field == "phone_number_quality_update" and _is_own(value, config):
        most = limits.per_day(value.get("max_daily_conversations_per_business") or value.get("current_limit"))
        if most is not None:
            yield Notice(kind=NoticeKind.DAILY_LIMIT, value=str(most or ""), occurred_at=at)


def _is_own(value: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a number as it is shown is the sender's; without knowing that number it is not believed to be."""
    shown = _digits(_word(value.get("display_phone_number")))
    return bool(shown) and shown == _digits(str(config.get("source") or ""))


def _why(value: Mapping[str, Any]) -> str:
    reason = _word(value.get("reason"))
    more = value.get("other_info") or value.get("rejection_info")
    words = [reason if reason.upper() != "NONE" else ""]
    if isinstance(more, dict):
        words += [_word(more.get(name)) for name in ("title", "description", "reason", "recommendation")]
    return ": ".join(word for word in words if word)[:200]


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign in "0123456789")


def _number(value: Any) -> str:
    digits = _word(value).removeprefix("+")
    return f"+{digits}" if digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 18 else ""


def _moment(value: Any) -> datetime | None:
    """Return the moment of a count of seconds, given as a number or in digits; None for anything else."""
    try:
        seconds = int(value)
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 4_102_444_800 else None
    except (TypeError, ValueError, OverflowError):
        return None
