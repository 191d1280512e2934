"""What Twilio asks and tells during a call: what to say, which key was pressed, who was reached, and how it ended.

Each request of it is signed, over its address too, in which our own id of the message and the call's sealed script
stand. So nothing is kept between two of them, and what follows a key is answered at once.
"""

from collections.abc import Mapping
from typing import Any

from clarion.channels import signed_forms
from clarion.channels.base import HookAnswer, HookItem, HookRequest, HookUnreadable
from clarion.channels.events import ReceiptEvent, ReceiptKind
from clarion.channels.voice import telling
from clarion.channels.voice.dispositions import REACHED, Disposition
from clarion.channels.voice.twilio import codes, script
from clarion.lib import own_ids, phones

_KEPT = (
    "CallStatus",
    "CallDuration",
    "AnsweredBy",
    "SipResponseCode",
    "ErrorCode",
    "DialCallStatus",
    "Direction",
)


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells, and what is answered; see `clarion.channels.base.Channel.receipts`."""
    token = config["auth_token"]
    told = signed_forms.read(request, key=token)
    asked = signed_forms.query(request)
    sid = told.get("CallSid", "")[:64]
    if not sid:
        raise HookUnreadable("no call")
    match request.path.strip("/"):
        case "say":
            return [_answer(_opening(request, told, asked, token))]
        case "key":
            return _pressed(request, told, asked, token)
        case "connected":
            return _connected(told, asked, sid)
        case "recording":
            return _recording(told, asked, sid)
    return _status(told, asked, sid)


def _opening(request: HookRequest, told: Mapping[str, str], asked: Mapping[str, str], token: str) -> str:
    return script.opening(
        _script(asked, token), answered_by=told.get("AnsweredBy", ""), key_url=_address(request, "key"),
        connect_url=_address(request, "connected", scripted=False),
    )  # fmt: skip


def _pressed(
    request: HookRequest, told: Mapping[str, str], asked: Mapping[str, str], token: str
) -> list[HookItem]:
    """A key: what it means is noted, and what it does is answered. One that means nothing asks anew."""
    says, times = _script(asked, token), _times(asked)
    key = says.keys.get(told.get("Digits", "")[:1])
    connect_url = _address(request, "connected", scripted=False)
    if (key is None or key.action == "repeat") and times < script.MOST_REPEATS:
        again = script.opening(
            says, key_url=_address(request, "key", times=times + 1), connect_url=connect_url
        )
        return [_answer(again)]
    if key is None or key.action == "repeat":
        return [_answer(script.document(script.after(says, connect_url)))]
    ids = own_ids.read(asked.get("m", ""))
    events: list[HookItem] = []
    if ids is not None:
        about = telling.About(
            run_id=ids[0],
            delivery_id=ids[1],
            address=_number(told.get("To", "")),
            call_id=told["CallSid"][:64],
        )
        events.append(telling.key_event(key, about, times))
    if key.action == "connect":
        follows = script.connected(says, connect_url)
    else:
        follows = "<Hangup/>" if key.action == "stop" else script.after(says, connect_url)
    return [*events, _answer(script.document(follows))]


def _connected(told: Mapping[str, str], asked: Mapping[str, str], sid: str) -> list[HookItem]:
    """Whom people were put through to has hung up, or never took the call."""
    goodbye = _answer(script.document())
    result = told.get("DialCallStatus") or told.get("QueueResult") or ""
    ids = own_ids.read(asked.get("m", ""))
    if ids is None or result not in ("completed", "answered", "bridged"):
        return [goodbye]
    seconds = told.get("DialCallDuration") or told.get("QueueTime") or ""
    detail = f"{seconds} s" if seconds.isdecimal() and len(seconds) < 8 else ""
    connected = ReceiptEvent(
        kind=ReceiptKind.DELIVERED, run_id=ids[0], delivery_id=ids[1], provider_id=sid,
        address=_number(told.get("To", "")), code=Disposition.CONNECTED.value, detail=detail,
        event_id=f"{sid}/connected"[-64:], raw=_raw(told),
    )  # fmt: skip
    return [connected, goodbye]


def _recording(told: Mapping[str, str], asked: Mapping[str, str], sid: str) -> list[HookItem]:
    """A recording can be heard: its link goes to the message."""
    url, ids = told.get("RecordingUrl", ""), own_ids.read(asked.get("m", ""))
    if ids is None or told.get("RecordingStatus") != "completed" or not url.startswith("https://"):
        return []
    return [
        ReceiptEvent(
            kind=ReceiptKind.TAKEN, run_id=ids[0], delivery_id=ids[1], provider_id=sid, code="recording",
            detail=url if len(url) <= 200 else "", event_id=f"{sid}/recording"[-64:],
        )
    ]  # fmt: skip


def _status(told: Mapping[str, str], asked: Mapping[str, str], sid: str) -> list[HookItem]:
    """How a call ended. Nothing comes of one that reached nobody: whoever made it follows it, and calls again."""
    status, ids = told.get("CallStatus", ""), own_ids.read(asked.get("m", ""))
    if status in codes.UNDER_WAY:
        return []
    facts: dict[str, Any] = {
        "run_id": ids[0] if ids else None, "delivery_id": ids[1] if ids else None, "provider_id": sid,
        "address": _number(told.get("To", "")), "event_id": f"{sid}/end"[-64:], "raw": _raw(told),
    }  # fmt: skip
    if status not in (codes.COMPLETED, *codes.ENDED):
        return [ReceiptEvent(kind=ReceiptKind.UNKNOWN, code=status[:20], **facts)]
    sip = told.get("SipResponseCode", "")
    if status == "failed" and sip in codes.NO_SUCH_NUMBER:
        return [ReceiptEvent(kind=ReceiptKind.BOUNCED_HARD, code=f"SIP {sip}", **facts)]
    seconds = told.get("CallDuration", "")
    disposition = codes.disposition_of(
        status, answered_by=told.get("AnsweredBy", ""),
        seconds=float(seconds) if seconds.isdecimal() and len(seconds) < 8 else 0.0, amd=asked.get("a", "off"),
    )  # fmt: skip
    if disposition not in REACHED:
        return []
    return [ReceiptEvent(kind=ReceiptKind.DELIVERED, code=disposition.value, detail=f"{seconds} s", **facts)]


def _script(asked: Mapping[str, str], token: str) -> script.Script:
    try:
        return script.unpacked(asked.get("p", ""), token=token)
    except ValueError as problem:
        raise HookUnreadable(str(problem)) from None


def _times(asked: Mapping[str, str]) -> int:
    text = asked.get("n", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else script.MOST_REPEATS


def _address(request: HookRequest, path: str, *, times: int = 0, scripted: bool = True) -> str:
    """Return another of our addresses for the same call."""
    base = request.url.partition("?")[0].removesuffix(request.path)
    asked = signed_forms.query(request)
    query = f"m={asked.get('m', '')}&a={asked.get('a', 'off')}"
    if scripted:
        query += f"&n={times}&p={asked.get('p', '')}"
    return f"{base}{path}?{query}"


def _answer(document: str) -> HookAnswer:
    return HookAnswer(body=document.encode("utf-8", "replace"), content_type="text/xml; charset=utf-8")


def _number(text: str) -> str:
    try:
        return phones.e164(text)
    except ValueError:
        return text


def _raw(told: Mapping[str, str]) -> dict[str, str]:
    return {name: told[name][:200] for name in _KEPT if told.get(name)}
