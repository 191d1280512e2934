"""One WhatsApp message as the transport gets it: the same for every gateway."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from clarion.channels.whatsapp.content import MAX_FILE_NAME, MAX_URL, limit_of

_NUMBER = re.compile(r"\+[1-9]\d{4,17}", re.ASCII)
_URL = re.compile(r"https?://[^\s\x00-\x1f]+")
#: What a file is when neither its name nor the address says so.
_NAMELESS = {"image": "image.jpg", "video": "video.mp4", "document": "document.pdf"}
#: Endings of names → media types. Gateways send what they do not know as a file without a preview.
TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif",
    "mp4": "video/mp4", "3gp": "video/3gpp", "pdf": "application/pdf", "csv": "text/csv", "txt": "text/plain",
    "doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ics": "text/calendar", "zip": "application/zip",
}  # fmt: skip
_DEFAULT_TYPES = {"image": "image/jpeg", "video": "video/mp4", "document": "application/octet-stream"}


class Unsendable(ValueError):
    """The message cannot be sent to this recipient: a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A message to a number. `attachment` is empty, or the kind of the file at `media_url`."""

    #: In E.164 with its plus.
    number: str
    text: str
    attachment: str = ""
    media_url: str = ""
    file_name: str = ""
    preview: bool = False

    @property
    def digits(self) -> str:
        """The number as WhatsApp's own addresses have it."""
        return self.number.removeprefix("+")

    @property
    def media_type(self) -> str:
        """The media type of the file, by its name."""
        ending = self.file_name.rpartition(".")[2].lower()
        return TYPES.get(ending, _DEFAULT_TYPES.get(self.attachment, "application/octet-stream"))


class Builder:
    """Builds messages for one step: what is alike for all of them is settled once."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        """`content` was checked."""
        self._content = content
        self._limit = limit_of(content)

    def build(self, *, address: str, text: str, media_url: str = "") -> Post:
        """Return the message. Raises Unsendable."""
        if not _NUMBER.fullmatch(address):
            raise Unsendable("The address is not a phone number.")
        if len(text) > self._limit:
            raise Unsendable(
                f"The text has {len(text):,} characters; WhatsApp takes at most {self._limit:,}."
            )
        attachment = self._content["attachment"]
        if not attachment:
            if not text:
                raise Unsendable("The text is empty for this recipient.")
            return Post(number=address, text=text, preview=self._content["preview"])
        if len(media_url) > MAX_URL or not _URL.fullmatch(media_url):
            raise Unsendable("The address of the file does not begin with https://.")
        name = self._content["file_name"] or file_name(media_url, attachment)
        return Post(number=address, text=text, attachment=attachment, media_url=media_url, file_name=name)


def file_name(url: str, attachment: str) -> str:
    """Return what the file at an address is called."""
    name = unquote(urlsplit(url).path).rpartition("/")[2][-MAX_FILE_NAME:]
    return name if "." in name and name.isprintable() else _NAMELESS[attachment]
