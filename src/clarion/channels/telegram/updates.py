"""What people do with a bot: start it, stop it, block it, write to it (Bot API, “Getting updates”)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clarion.channels.events import MAX_REPLY, Joined, Left, Reply
from clarion.channels.http import HttpClient, HttpReply
from clarion.channels.telegram import replies
from clarion.channels.telegram.config import Config
from clarion.channels.telegram.transport import client_of

#: Updates asked for at a time; Telegram gives no more.
MOST = 100
#: What is asked for.
KINDS = ["message", "my_chat_member"]
_COMMAND = re.compile(r"/(start|stop)(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.IGNORECASE)


Event = Joined | Left | Reply


class NotRead(Exception):
    """Telegram gave no updates; the words are for the log and hold no secret. `status` is 0 without an answer."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


class Reader:
    """Reads one bot's updates. What was read is confirmed by the next `read`."""

    def __init__(self, config: Config) -> None:
        self._http: HttpClient = client_of(config, connections=1)
        self._welcome = config.welcome
        self._offset = 0

    async def read(self) -> list[Event]:
        """Return what happened since, the oldest first. Raises NotRead."""
        said = await self._ask(
            "getUpdates", {"offset": self._offset, "limit": MOST, "timeout": 0, "allowed_updates": KINDS}
        )
        events: list[Event] = []
        for update in said if isinstance(said, list) else ():
            if isinstance(update, dict) and isinstance(update.get("update_id"), int):
                self._offset = max(self._offset, update["update_id"] + 1)
                event = event_of(update)
                if event is not None:
                    events.append(event)
        return events

    async def confirm(self) -> None:
        """Tell Telegram that what was read need not come again. Raises NotRead."""
        if self._offset:
            await self._ask(
                "getUpdates", {"offset": self._offset, "limit": 1, "timeout": 0, "allowed_updates": KINDS}
            )

    async def welcome(self, chat: str) -> None:
        """Say to somebody who has started the bot what the settings say. Raises NotRead."""
        if self._welcome:
            await self._ask("sendMessage", {"chat_id": int(chat), "text": self._welcome})

    async def aclose(self) -> None:
        """Close the connection. May be called twice."""
        await self._http.aclose()

    async def _ask(self, method: str, body: Mapping[str, Any]) -> Any:
        return await ask(self._http, method, body)


async def ask(http: HttpClient, method: str, body: Mapping[str, Any]) -> Any:
    """Return what a method of the Bot API answers. Raises NotRead."""
    answer = await http.request("POST", f"/{method}", json=body)
    if not isinstance(answer, HttpReply):
        raise NotRead(f"{answer.reason.name} {answer.detail}".strip())
    said = replies.read(answer.body)
    if said.get("ok") is not True:
        raise NotRead(f"{answer.status} {said.get('description') or ''}".strip()[:200], answer.status)
    return said.get("result")


def event_of(update: Mapping[str, Any]) -> Event | None:
    """Return what an update tells; None for what concerns nobody here, such as what is said in groups."""
    if isinstance(member := update.get("my_chat_member"), dict):
        return _of_member(member)
    message = update.get("message")
    if not isinstance(message, dict) or not (chat := _private(message)):
        return None
    text = message.get("text")
    if not isinstance(text, str):
        return None
    command = _COMMAND.fullmatch(text.strip())
    if command is None:
        return Reply(
            address=chat, text=text[:MAX_REPLY], occurred_at=_moment(message.get("date")),
            event_id=f"update-{update.get('update_id')}",
        )  # fmt: skip
    if command[1].lower() == "stop":
        return Left(address=chat)
    sender = message.get("from")
    about = sender if isinstance(sender, dict) else {}
    return Joined(
        address=chat, payload=command[2] or "", first_name=_word(about, "first_name"),
        last_name=_word(about, "last_name"), language=_word(about, "language_code").split("-")[0],
    )  # fmt: skip


def _of_member(member: Mapping[str, Any]) -> Left | None:
    chat, now = _private(member), member.get("new_chat_member")
    if not chat or not isinstance(now, dict) or now.get("status") != "kicked":
        return None
    return Left(address=chat, has_blocked=True)


def _private(holder: Mapping[str, Any]) -> str:
    chat = holder.get("chat")
    if not isinstance(chat, dict) or chat.get("type", "private") != "private":
        return ""
    number = chat.get("id")
    return str(number) if isinstance(number, int) and number > 0 else ""


def _word(about: Mapping[str, Any], name: str) -> str:
    value = about.get(name)
    return value[:100].replace("\x00", "") if isinstance(value, str) else ""


def _moment(seconds: Any) -> datetime | None:
    if not isinstance(seconds, int) or not 0 < seconds < 4_102_444_800:
        return None
    return datetime.fromtimestamp(seconds, UTC)
