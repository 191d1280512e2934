"""WAHA (https://waha.devlike.pro/docs, read in November 2026): requests, answers, webhooks."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from clarion.channels.base import HookItem, HookUnreadable
from clarion.channels.events import ReceiptKind
from clarion.channels.http import HttpReply
from clarion.channels.linked import Group, LinkState
from clarion.channels.whatsapp.config import Config
from clarion.channels.whatsapp.gateways import (
    GROUP,
    Ask,
    Participant,
    at_path,
    number_of,
    receipt,
    refused,
    reply,
    text_at,
    unlinked,
    words_of,
)
from clarion.channels.whatsapp.payload import Post
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

_METHODS = {"image": "sendImage", "video": "sendVideo", "document": "sendFile"}
#: Groups asked for at once; a phone is seldom in more.
MOST_GROUPS = 2000
#: `ack` of message.ack → what it means; None for what we know already.
ACKS: dict[int, ReceiptKind | None] = {
    -1: ReceiptKind.BOUNCED_SOFT,
    0: None,
    1: None,
    2: ReceiptKind.DELIVERED,
    3: ReceiptKind.READ,
    4: ReceiptKind.READ,
}
#: States of a session that end by themselves.
_PASSING = frozenset({"STARTING", "RESTARTING"})


class Waha:
    """A `Gateway`."""

    def __init__(self, config: Config) -> None:
        self._config, self._session = config, config.session

    def headers(self) -> dict[str, str]:
        return {"X-Api-Key": self._config.api_key}

    def send(self, post: Post, *, typing: float) -> Ask:
        body: dict[str, Any] = {"session": self._session, "chatId": f"{post.digits}@c.us"}
        if not post.attachment:
            body |= {"text": post.text, "linkPreview": post.preview}
            return Ask(method="POST", path="/api/sendText", json=body)
        body["file"] = {"url": post.media_url, "mimetype": post.media_type, "filename": post.file_name}
        if post.attachment == "video":
            body["convert"] = False
        if post.text:
            body["caption"] = post.text
        return Ask(method="POST", path=f"/api/{_METHODS[post.attachment]}", json=body)

    def typing(self, post: Post, *, is_on: bool) -> Ask | None:
        body = {"session": self._session, "chatId": f"{post.digits}@c.us"}
        return Ask(method="POST", path=f"/api/{'start' if is_on else 'stop'}Typing", json=body)

    def check(self, digits: str) -> Ask:
        query = [("phone", digits), ("session", self._session)]
        return Ask(method="GET", path="/api/contacts/check-exists", query=query)

    def has_whatsapp(self, told: Any) -> bool | None:
        found = at_path(told, "numberExists")
        return found if isinstance(found, bool) else None

    def sent_id(self, told: Any) -> str:
        return _id_of(told)

    def refusal(self, reply: HttpReply) -> Deferred | Refused | Unknown | None:
        # A session that is not at work is told with its status (422); of old versions with an error 500.
        status = text_at(_json(reply), "status")
        if reply.status in (422, 500) and status.isupper():
            if status in _PASSING:
                return Deferred(
                    reason=Reason.PROVIDER_DOWN,
                    scope=Scope.PROVIDER,
                    code=f"HTTP {reply.status}",
                    detail=status,
                )
            return unlinked(status, code=f"HTTP {reply.status}")
        if reply.status == 404:
            return refused(Reason.SENDER_UNUSABLE, Scope.SENDER, reply)
        if reply.status in (500, 501) and "no lid" in words_of(reply).lower():
            return refused(Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT, reply)
        return None

    def state(self) -> Ask:
        return Ask(method="GET", path=f"/api/sessions/{self._session}")

    def state_of(self, told: Any) -> LinkState:
        word = text_at(told, "status")
        return LinkState(
            is_linked=word == "WORKING", needs_scan=word == "SCAN_QR_CODE", word=word,
            number=number_of(text_at(told, "me", "id")),
        )  # fmt: skip

    def code(self) -> Ask:
        return Ask(
            method="GET", path=f"/api/{self._session}/auth/qr", query=[("format", "image")],
            headers={"Accept": "application/json"},
        )  # fmt: skip

    def code_of(self, reply: HttpReply) -> bytes:
        if reply.body[:1] == b"{":
            return b64decode(text_at(reply.json(), "data"))
        return reply.body

    def groups(self) -> Ask:
        query = [("limit", str(MOST_GROUPS)), ("exclude", "participants")]
        return Ask(method="GET", path=f"/api/{self._session}/groups", query=query)

    def groups_of(self, told: Any) -> list[Group]:
        # One engine answers with a list, another with an object by id.
        found = list(told.values()) if isinstance(told, dict) else told
        return [
            Group(id=id_, name=_first(one, "subject", "name", "Name") or id_, size=_size(one))
            for one in found
            if isinstance(one, dict)
            and (id_ := _id_of(one) or _first(one, "JID", "jid")).endswith(GROUP)
        ]  # fmt: skip

    def members(self, group: str) -> Ask:
        where = quote(group, safe="@")
        return Ask(method="GET", path=f"/api/{self._session}/groups/{where}/participants/v2")

    def members_of(self, told: Any) -> list[Participant]:
        return [
            Participant(
                address=_first(one, "pn", "phoneNumber") or _id_of(one),
                is_admin=text_at(one, "role") in ("admin", "superadmin"),
            )
            for one in told
        ]

    def events(self, told: Mapping[str, Any]) -> list[HookItem]:
        event, payload = text_at(told, "event"), at_path(told, "payload")
        if not event:
            raise HookUnreadable("no event")
        if event not in ("message", "message.any", "message.ack"):
            return []
        message_id = _id_of(payload)
        if not message_id:
            raise HookUnreadable("no message")
        if event == "message.ack":
            return _acknowledged(payload, message_id, at_path(told, "timestamp"))
        if at_path(payload, "fromMe") is not False:
            return []
        found = reply(
            message_id=message_id, address=_writer(payload), text=text_at(payload, "body"),
            at=at_path(payload, "timestamp"),
        )  # fmt: skip
        return [found] if found is not None else []


def _acknowledged(payload: Any, message_id: str, at: Any) -> list[HookItem]:
    ack, name = at_path(payload, "ack"), text_at(payload, "ackName")
    known = ACKS.get(ack, ReceiptKind.UNKNOWN) if isinstance(ack, int) else ReceiptKind.UNKNOWN
    if known is None:
        return []
    status = name or str(ack)
    chat = text_at(payload, "to") or text_at(payload, "from")
    return [receipt(known, message_id=message_id, status=status, address=chat, at=at)]


def _writer(payload: Any) -> str:
    """Return who writes: by the number, where an engine tells it beside an address that hides it."""
    address = text_at(payload, "from")
    if address.endswith("@lid"):
        key = at_path(payload, "_data", "key")
        found = _first(key, "remoteJidAlt", "senderPn") or text_at(payload, "_data", "Info", "SenderAlt")
        return found or address
    return address


def _id_of(told: Any) -> str:
    """Return the id of a message, a group or a person, in whichever of the engines' forms."""
    return (
        text_at(told, "id") or text_at(told, "id", "_serialized") or text_at(told, "key", "id")
        or text_at(told, "_data", "id", "_serialized")
    )  # fmt: skip


def _first(told: Any, *names: str) -> str:
    return next((found for name in names if (found := text_at(told, name))), "")


def _size(told: Any) -> int | None:
    size = at_path(told, "size")
    return size if isinstance(size, int) else None


def _json(reply: HttpReply) -> Any:
    try:
        return reply.json()
    except ValueError:
        return None
