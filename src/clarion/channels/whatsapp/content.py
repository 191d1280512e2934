"""What a WhatsApp message says: a text, or a file with a caption; checked before a campaign may use it."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Characters of a text as WhatsApp takes it, and of a caption.
MAX_TEXT = 65_536
MAX_CAPTION = 1024
#: Longest template, in characters.
MAX_TEMPLATE = 20_000
MAX_URL = 2048
MAX_FILE_NAME = 100

MEDIA = ("", "image", "video", "document")

#: Stands for a template tag, which may bring in the whole address.
_TAG = "\ue000"
_MEDIA_LINK = re.compile(rf"(?:https?://|{_TAG})\S*")


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field.

    Its fields: `text`; `attachment` (image, video, document or none), with `media_url` and, for a document,
    `file_name`; `preview` of the first link.
    """
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {
        "text": _text(content, "text"),
        "attachment": str(content.get("attachment") or ""),
        "media_url": _text(content, "media_url").strip(),
        "file_name": _text(content, "file_name").strip(),
        "preview": bool(content.get("preview")),
    }
    if str(content.get("html") or "").strip():
        problems["html"] = said("A WhatsApp message is a text: choose “Text only”.")
    if cleaned["attachment"] not in MEDIA:
        problems["attachment"] = said("Choose an image, a video, a document or none of them.")
    _check_text(cleaned, problems)
    _check_media(cleaned, problems)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates of a checked content: the text, then the address of the file where there is one."""
    parts = [templating.Part("text", content["text"])]
    if content["attachment"]:
        parts.append(templating.Part("media_url", content["media_url"]))
    return parts


def limit_of(content: Mapping[str, Any]) -> int:
    """Return how many characters the text may have."""
    return MAX_CAPTION if content["attachment"] else MAX_TEXT


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name) or ""
    if not isinstance(value, str):
        raise ConfigInvalid({name: said("This must be text.")})
    return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _check_text(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    text = cleaned["text"]
    if not text.strip() and not cleaned["attachment"]:
        problems["text"] = said("A WhatsApp message needs a text.")
        return
    if len(text) > MAX_TEMPLATE:
        problems["text"] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
        return
    try:
        templating.check(templating.Part("text", text))
    except templating.TemplateInvalid as error:
        problems["text"] = told(error)
        return
    constant = "".join(piece for piece, is_tag in templating.split(text) if not is_tag)
    # With statements in it a part may be left out; it is measured again when it is filled in.
    if "{%" not in text and len(constant) > limit_of(cleaned):
        problems["text"] = said(
            "The text below a file has at most %(limit)s characters; this has %(there)s.",
            limit=MAX_CAPTION,
            there=len(constant),
        )


def _check_media(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    if not cleaned["attachment"] or "attachment" in problems:
        return
    url = cleaned["media_url"]
    bare = "".join(_TAG if is_tag else piece for piece, is_tag in templating.split(url))
    if not url:
        problems["media_url"] = said("Give the address from which the gateway fetches it.")
    elif len(url) > MAX_URL or not _MEDIA_LINK.fullmatch(bare):
        problems["media_url"] = said("Write an address that begins with https://.")
    else:
        try:
            templating.check(templating.Part("media_url", url))
        except templating.TemplateInvalid as error:
            problems["media_url"] = told(error)
    name = cleaned["file_name"]
    if len(name) > MAX_FILE_NAME or "/" in name or not name.isprintable():
        problems["file_name"] = said(
            "Write a file's name of at most %(limit)s characters.", limit=MAX_FILE_NAME
        )
