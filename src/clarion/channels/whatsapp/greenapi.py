"""Green-API (https://green-api.com/en/docs/api, read in November 2026): requests, answers, webhooks."""

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
    Ask,
    Participant,
    at_path,
    receipt,
    refused,
    reply,
    text_at,
    words_of,
)
from clarion.channels.whatsapp.payload import Post
from clarion.engine.outcomes import Deferred, Reason, Refused, Scope, Unknown

#: The gateway's own status for a quota that is used up.
QUOTA_STATUS = 466
#: It takes times of typing from one second on.
_LEAST_TYPING = 1.0
#: `status` of outgoingMessageStatus → what it means; None for what we know already.
STATUSES: dict[str, ReceiptKind | None] = {
    "pending": None,
    "sent": None,
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
    "failed": ReceiptKind.BOUNCED_SOFT,
    "noAccount": ReceiptKind.BOUNCED_HARD,
    "notInGroup": ReceiptKind.BOUNCED_SOFT,
    "yellowCard": ReceiptKind.BOUNCED_SOFT,
}


class GreenApi:
    """A `Gateway`. Its addresses hold the token, so nothing of them is shown."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def headers(self) -> dict[str, str]:
        return {}

    def send(self, post: Post, *, typing: float) -> Ask:
        body: dict[str, Any] = {"chatId": f"{post.digits}@c.us"}
        if typing >= _LEAST_TYPING:
            body["typingTime"] = int(typing * 1000)
        if not post.attachment:
            body |= {"message": post.text, "linkPreview": post.preview}
            return self._ask("POST", "sendMessage", body)
        body |= {"urlFile": post.media_url, "fileName": post.file_name}
        if post.text:
            body["caption"] = post.text
        return self._ask("POST", "sendFileByUrl", body)

    def typing(self, post: Post, *, is_on: bool) -> Ask | None:
        return None

    def check(self, digits: str) -> Ask:
        return self._ask("POST", "checkWhatsapp", {"phoneNumber": int(digits)})

    def has_whatsapp(self, told: Any) -> bool | None:
        found = at_path(told, "existsWhatsapp")
        return found if isinstance(found, bool) else None

    def sent_id(self, told: Any) -> str:
        return text_at(told, "idMessage")

    def refusal(self, reply: HttpReply) -> Deferred | Refused | Unknown | None:
        if reply.status == QUOTA_STATUS:
            return refused(Reason.QUOTA_EXCEEDED, Scope.SENDER, reply)
        if reply.status == 403:
            return refused(Reason.CREDENTIALS_REFUSED, Scope.SENDER, reply)
        if reply.status == 400 and "chatid" in words_of(reply).lower():
            return refused(Reason.ADDRESS_INVALID, Scope.RECIPIENT, reply)
        return None

    def state(self) -> Ask:
        return self._ask("GET", "getStateInstance")

    def state_of(self, told: Any) -> LinkState:
        word = text_at(told, "stateInstance")
        return LinkState(is_linked=word == "authorized", needs_scan=word == "notAuthorized", word=word)

    def code(self) -> Ask:
        return self._ask("GET", "qr")

    def code_of(self, reply: HttpReply) -> bytes:
        told = reply.json()
        return b64decode(text_at(told, "message")) if text_at(told, "type") == "qrCode" else b""

    def groups(self) -> Ask:
        return self._ask("GET", "getContacts", query=[("group", "true")])

    def groups_of(self, told: Any) -> list[Group]:
        return [
            Group(id=id_, name=text_at(one, "name") or text_at(one, "contactName") or id_)
            for one in told
            if (id_ := text_at(one, "id")).endswith(GROUP)
        ]

    def members(self, group: str) -> Ask:
        return self._ask("POST", "getGroupData", {"groupId": group})

    def members_of(self, told: Any) -> list[Participant]:
        return [
            Participant(
                address=text_at(one, "id"),
                is_admin=bool(at_path(one, "isAdmin") or at_path(one, "isSuperAdmin")),
            )
            for one in told["participants"]
        ]

    def events(self, told: Mapping[str, Any]) -> list[HookItem]:
        kind = text_at(told, "typeWebhook")
        if not kind:
            raise HookUnreadable("no kind")
        if kind == "outgoingMessageStatus":
            return _status(told)
        if kind == "incomingMessageReceived":
            return _written(told)
        return []

    def _ask(
        self, method: str, name: str, body: Any = None, query: list[tuple[str, str]] | None = None
    ) -> Ask:
        config = self._config
        path = f"/waInstance{config.session}/{name}/{config.api_key}"
        return Ask(method=method, path=path, json=body, query=query or [])


def _status(told: Mapping[str, Any]) -> list[HookItem]:
    message_id, status = text_at(told, "idMessage"), text_at(told, "status")
    if not message_id or not status:
        raise HookUnreadable("no message, or no status")
    kind = STATUSES.get(status, ReceiptKind.UNKNOWN)
    if kind is None:
        return []
    return [
        receipt(
            kind, message_id=message_id, status=status, address=text_at(told, "chatId"),
            at=at_path(told, "timestamp"), detail=text_at(told, "description"),
        )
    ]  # fmt: skip


def _written(told: Mapping[str, Any]) -> list[HookItem]:
    if not text_at(told, "idMessage"):
        raise HookUnreadable("no message")
    data = at_path(told, "messageData")
    text = (
        text_at(data, "textMessageData", "textMessage") or text_at(data, "extendedTextMessageData", "text")
        or text_at(data, "fileMessageData", "caption")
    )  # fmt: skip
    found = reply(
        message_id=text_at(told, "idMessage"), address=text_at(told, "senderData", "chatId"), text=text,
        at=at_path(told, "timestamp"),
    )  # fmt: skip
    return [found] if found is not None else []
