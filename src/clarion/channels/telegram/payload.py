"""One Telegram message as the transport gets it, and the body of its request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.channels.telegram import markup
from clarion.channels.telegram.content import MAX_LABEL, MAX_URL, limit_of

#: A chat's number (negative for groups and channels) or the public name of a channel or group.
CHAT = re.compile(r"-?[1-9]\d{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_METHODS = {"": "sendMessage", "photo": "sendPhoto", "document": "sendDocument"}
_URL = re.compile(r"(?:https?|tg)://[^\s\x00-\x1f]+")


class Unsendable(ValueError):
    """The message cannot be sent to this recipient: a sentence."""


@dataclass(frozen=True, slots=True)
class Post:
    """A method of the Bot API, the JSON that goes to it, and the chat it is for."""

    method: str
    body: bytes
    chat: str

    @property
    def text(self) -> str:
        """What the recipient sees, for copies of what was sent."""
        said = orjson.loads(self.body)
        text = said.get("text") or said.get("caption") or ""
        return markup.visible(text) if "parse_mode" in said else str(text)


class Builder:
    """Builds messages for one step: what is alike for all of them is put together once."""

    def __init__(self, content: Mapping[str, Any], *, protect: bool) -> None:
        """`content` was checked."""
        self.method = _METHODS[content["attachment"]]
        self._media = content["attachment"]
        self._has_markup = content["format"] != "plain"
        self._limit = limit_of(content)
        self._same: dict[str, Any] = {}
        if self._has_markup:
            self._same["parse_mode"] = "HTML"
        if content["silent"]:
            self._same["disable_notification"] = True
        if protect:
            self._same["protect_content"] = True
        if not self._media and not content["preview"]:
            self._same["link_preview_options"] = {"is_disabled": True}

    def build(self, *, chat: str, text: str, media_url: str, buttons: Sequence[tuple[str, str]]) -> Post:
        """Return the message. Raises Unsendable."""
        if not CHAT.fullmatch(chat):
            raise Unsendable("The address is not a Telegram chat.")
        self._measure(text)
        body: dict[str, Any] = {"chat_id": chat if chat[0] == "@" else int(chat)}
        if self._media:
            if not _URL.fullmatch(media_url) or media_url.startswith("tg:"):
                raise Unsendable("The address of the photo or document does not begin with https://.")
            body[self._media] = media_url
            if text:
                body["caption"] = text
        else:
            body["text"] = text
        body |= self._same
        if buttons:
            body["reply_markup"] = {"inline_keyboard": [[_button(*one)] for one in buttons]}
        return Post(self.method, orjson.dumps(body), chat)

    def _measure(self, text: str) -> None:
        if len(text) > self._limit:
            # Marks are not counted, so only a text that is long with them is read again.
            seen = len(markup.visible(text) if self._has_markup else text)
            if seen > self._limit:
                raise Unsendable(f"The text has {seen:,} characters; Telegram takes at most {self._limit:,}.")
        elif not text and not self._media:
            raise Unsendable("The text is empty for this recipient.")


def _button(label: str, url: str) -> dict[str, str]:
    label, url = label.strip(), url.strip()
    if not label or len(label) > MAX_LABEL:
        raise Unsendable(f"A button's label has 1 to {MAX_LABEL} characters.")
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise Unsendable("A button's address does not begin with https://.")
    return {"text": label, "url": url}
