"""One Telegram message as the transport gets it, and the body of its request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.channels.telegram import markup
from clarion.channels.telegram.content import MAX_LABEL, MAX_URL, File, file_of, is_fetched, limit_of

#: A chat's number (negative for groups and channels) or the public name of a channel or group.
CHAT = re.compile(r"-?[1-9]\d{0,18}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_METHODS = {"": "sendMessage", "photo": "sendPhoto", "document": "sendDocument"}
_URL = re.compile(r"(?:https?|tg)://[^\s\x00-\x1f]+")


class Unsendable(ValueError):
    """The message cannot be sent to this recipient: a sentence."""


@dataclass(frozen=True, slots=True)
class Post:
    """A method of the Bot API, the JSON that goes to it, and the chat it is for.

    With a `file`, the JSON says nothing of it yet: it is uploaded with it, or named by what Telegram knows it by.
    """

    method: str
    body: bytes
    chat: str
    file: File | None = None

    @property
    def media(self) -> str:
        """Under which name the method takes its file."""
        return "photo" if self.method == "sendPhoto" else "document"

    def known_as(self, file_id: str) -> bytes:
        """Return the JSON with the file named as Telegram knows it."""
        return orjson.dumps(orjson.loads(self.body) | {self.media: file_id})

    def uploaded(self, boundary: str) -> bytes:
        """Return the message as multipart/form-data (RFC 7578) with the file in it."""
        assert self.file is not None  # noqa: S101  # of whoever uploads
        parts = [_field(boundary, name, value) for name, value in orjson.loads(self.body).items()]
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{self.media}"; filename="{self.file.name}"\r\n'
            f"Content-Type: {self.file.content_type}\r\n\r\n"
        )
        return b"".join([*parts, head.encode(), self.file.octets, f"\r\n--{boundary}--\r\n".encode()])

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
        self._is_fetched = is_fetched(content)
        self._file = file_of(content)
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
            if self._is_fetched:
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
        return Post(self.method, orjson.dumps(body), chat, self._file)

    def _measure(self, text: str) -> None:
        if len(text) > self._limit:
            # Marks are not counted, so only a text that is long with them is read again.
            seen = len(markup.visible(text) if self._has_markup else text)
            if seen > self._limit:
                raise Unsendable(f"The text has {seen:,} characters; Telegram takes at most {self._limit:,}.")
        elif not text and not self._media:
            raise Unsendable("The text is empty for this recipient.")


def _field(boundary: str, name: str, value: Any) -> bytes:
    written = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{written}\r\n'.encode()


def _button(label: str, url: str) -> dict[str, str]:
    label, url = label.strip(), url.strip()
    if not label or len(label) > MAX_LABEL:
        raise Unsendable(f"A button's label has 1 to {MAX_LABEL} characters.")
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise Unsendable("A button's address does not begin with https://.")
    return {"text": label, "url": url}
