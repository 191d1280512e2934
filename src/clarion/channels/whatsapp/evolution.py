"""Evolution API v2 (https://doc.evolution-api.com/v2, read in November 2026): requests, answers, webhooks."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from clarion.channels.base import HookItem, HookUnreadable
from clarion.channels.events import ReceiptKind
from clarion.channels.http import HttpReply
from clarion.channels.linked import Group, LinkState
from clarion.channels.whatsapp.config import Config
from clarion.channels.whatsapp.gateways import (
    GROUP,
    HIDDEN,
    Ask,
    Participant,
    at_path,
    receipt,
    refused,
    reply,
    text_at,
    unlinked,
    words_of,
)
from clarion.channels.whatsapp.payload import Post
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

#: `status` of messages.update → what it means; None for what we know already.
STATUSES: dict[str, ReceiptKind | None] = {
    "PENDING": None,
    "SERVER_ACK": None,
    "DELIVERY_ACK": ReceiptKind.DELIVERED,
    "READ": ReceiptKind.READ,
    "PLAYED": ReceiptKind.READ,
    "ERROR": ReceiptKind.BOUNCED_SOFT,
}


class Evolution:
    """A `Gateway`."""

    def __init__(self, config: Config) -> None:
        self._config, self._instance = config, config.session

    def headers(self) -> dict[str, str]:
        return {"apikey": self._config.api_key}

    def send(self, post: Post, *, typing: float) -> Ask:
        body: dict[str, Any] = {"number": post.digits}
        if typing:
            body["delay"] = int(typing * 1000)
        if not post.attachment:
            body |= {"text": post.text, "linkPreview": post.preview}
            return Ask(method="POST", path=f"/message/sendText/{self._instance}", json=body)
        body |= {
            "mediatype": post.attachment, "mimetype": post.media_type, "media": post.media_url,
            "fileName": post.file_name, "caption": post.text,
        }  # fmt: skip
        return Ask(method="POST", path=f"/message/sendMedia/{self._instance}", json=body)

    def typing(self, post: Post, *, is_on: bool) -> Ask | None:
        return None

    def check(self, digits: str) -> Ask:
        return Ask(method="POST", path=f"/chat/whatsappNumbers/{self._instance}", json={"numbers": [digits]})

    def has_whatsapp(self, told: Any) -> bool | None:
        found = at_path(told, 0, "exists")
        return found if isinstance(found, bool) else None

    def sent_id(self, told: Any) -> str:
        return text_at(told, "key", "id")

    def refusal(self, reply: HttpReply) -> Deferred | Refused | Unknown | None:
        words = words_of(reply)
        if reply.status == 400 and at_path(_json(reply), "response", "message", 0, "exists") is False:
            return refused(Reason.ADDRESS_UNKNOWN, Scope.RECIPIENT, reply)
        if reply.status in (400, 500) and "connection closed" in words.lower():
            # Said before anything went to WhatsApp: the socket to it is shut.
            return unlinked("Connection Closed", code=f"HTTP {reply.status}")
        if reply.status == 404:
            return refused(Reason.SENDER_UNUSABLE, Scope.SENDER, reply)
        return None

    def state(self) -> Ask:
        return Ask(method="GET", path=f"/instance/connectionState/{self._instance}")

    def state_of(self, told: Any) -> LinkState:
        word = text_at(told, "instance", "state")
        # An instance that is closed shows a code when it is asked to connect.
        return LinkState(is_linked=word == "open", needs_scan=word in ("close", "connecting"), word=word)

    def code(self) -> Ask:
        return Ask(method="GET", path=f"/instance/connect/{self._instance}")

    def code_of(self, reply: HttpReply) -> bytes:
        told = reply.json()
        data = text_at(told, "base64") or text_at(told, "qrcode", "base64")
        return b64decode(data.rpartition(",")[2])

    def groups(self) -> Ask:
        return Ask(
            method="GET", path=f"/group/fetchAllGroups/{self._instance}", query=[("getParticipants", "false")]
        )

    def groups_of(self, told: Any) -> list[Group]:
        return [
            Group(id=id_, name=text_at(one, "subject") or id_, size=_size(one))
            for one in told
            if (id_ := text_at(one, "id")).endswith(GROUP)
        ]

    def members(self, group: str) -> Ask:
        return Ask(method="GET", path=f"/group/participants/{self._instance}", query=[("groupJid", group)])

    def members_of(self, told: Any) -> list[Participant]:
        return [
            Participant(
                address=text_at(one, "phoneNumber") or text_at(one, "jid") or text_at(one, "id"),
                is_admin=text_at(one, "admin") in ("admin", "superadmin"),
            )
            for one in told["participants"]
        ]

    def events(self, told: Mapping[str, Any]) -> list[HookItem]:
        event = text_at(told, "event").lower().replace("_", ".")
        if not event:
            raise HookUnreadable("no event")
        data = at_path(told, "data")
        # Old versions tell of several at once.
        each = data if isinstance(data, list) else [data]
        found: list[HookItem] = []
        for one in each[:1000]:
            if event == "messages.update":
                found += _updated(one)
            elif event == "messages.upsert":
                found += _written(one)
        return found


def _updated(one: Any) -> list[HookItem]:
    message_id = text_at(one, "keyId") or text_at(one, "key", "id")
    status = text_at(one, "status") or text_at(one, "update", "status")
    if not message_id or not status:
        raise HookUnreadable("no message, or no status")
    if at_path(one, "fromMe") is False or at_path(one, "key", "fromMe") is False:
        return []
    kind = STATUSES.get(status, ReceiptKind.UNKNOWN)
    if kind is None:
        return []
    chat = text_at(one, "remoteJid") or text_at(one, "key", "remoteJid")
    return [receipt(kind, message_id=message_id, status=status, address=chat)]


def _written(one: Any) -> list[HookItem]:
    key = at_path(one, "key")
    if not text_at(key, "id"):
        raise HookUnreadable("no message")
    if at_path(key, "fromMe") is not False:
        return []
    address = text_at(key, "remoteJid")
    if address.endswith(HIDDEN):
        address = text_at(key, "remoteJidAlt") or text_at(key, "senderPn") or address
    message = at_path(one, "message")
    text = (
        text_at(message, "conversation") or text_at(message, "extendedTextMessage", "text")
        or text_at(message, "imageMessage", "caption")
    )  # fmt: skip
    found = reply(
        message_id=text_at(key, "id"), address=address, text=text, at=at_path(one, "messageTimestamp")
    )
    return [found] if found is not None else []


def _size(told: Any) -> int | None:
    size = at_path(told, "size")
    return size if isinstance(size, int) else None


def _json(reply: HttpReply) -> Any:
    try:
        return reply.json()
    except ValueError:
        return None
