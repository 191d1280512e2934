"""What Twilio tells: status callbacks and incoming messages, by form posts that it signs (`channels.signed_forms`)."""

from collections.abc import Mapping
from typing import Any

from clarion.channels import signed_forms
from clarion.channels.base import HookAnswer, HookItem, HookRequest, HookUnreadable
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.lib import own_ids, phones

#: MessageStatus → what it means; None for what we know already.
KINDS = {
    "accepted": None, "scheduled": None, "queued": None, "sending": None, "sent": None,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
    "undelivered": ReceiptKind.BOUNCED_SOFT,
    "failed": ReceiptKind.BOUNCED_SOFT,
    "canceled": ReceiptKind.BOUNCED_SOFT,
}  # fmt: skip
#: ErrorCode → what a failure means beyond that: there is no such handset, it is a landline, or its owner opted out.
_ERRORS = {
    "30005": ReceiptKind.BOUNCED_HARD,
    "30006": ReceiptKind.BOUNCED_HARD,
    "21211": ReceiptKind.BOUNCED_HARD,
    "21614": ReceiptKind.BOUNCED_HARD,
    "21610": ReceiptKind.UNSUBSCRIBED,
}
_ARRIVED = frozenset({ReceiptKind.DELIVERED, ReceiptKind.READ})
#: What Twilio wants to hear of a message: no instructions.
_NOTHING_TO_SAY = HookAnswer(
    body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml"
)
_KEPT = ("MessageStatus", "SmsStatus", "ErrorCode", "RawDlrDoneDate", "NumSegments", "OptOutType")


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells; see `clarion.channels.base.Channel.receipts`."""
    told = signed_forms.read(request, key=config["auth_token"])
    sid = told.get("MessageSid") or told.get("SmsSid") or ""
    status = told.get("MessageStatus") or told.get("SmsStatus") or ""
    if status == "received" or (not status and "Body" in told):
        return [_reply(told, sid), _NOTHING_TO_SAY]
    if not sid and not status:
        raise HookUnreadable("neither a message nor a status")
    if status in KINDS and KINDS[status] is None:
        return []
    return [_receipt(request, told, sid, status)]


def _receipt(request: HookRequest, told: Mapping[str, str], sid: str, status: str) -> ReceiptEvent:
    error = told.get("ErrorCode", "")
    kind = KINDS.get(status) or ReceiptKind.UNKNOWN
    if kind is ReceiptKind.BOUNCED_SOFT:
        kind = _ERRORS.get(error, kind)
    ids = own_ids.read(signed_forms.query(request).get("m", ""))
    return ReceiptEvent(
        kind=kind,
        run_id=ids[0] if ids else None,
        delivery_id=ids[1] if ids else None,
        provider_id=sid,
        # Whose message it was says our own id; the number is wanted where that is missing, or to be left alone.
        address="" if ids and kind in _ARRIVED else _number(told.get("To", "")),
        code=f"{status} {error}".strip()[:20],
        detail=told.get("ErrorMessage", "")[:200],
        event_id=f"{sid}/{status}"[:64],
        raw={name: told[name][:200] for name in _KEPT if told.get(name)},
    )


def _reply(told: Mapping[str, str], sid: str) -> Reply:
    return Reply(
        address=_number(told.get("From", "")), text=told.get("Body", ""), to=told.get("To", ""), event_id=sid,
        raw={name: told[name][:200] for name in _KEPT if told.get(name)},
    )  # fmt: skip


def _number(text: str) -> str:
    try:
        return phones.e164(text)
    except ValueError:
        return text
