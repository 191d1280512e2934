"""What a Telegram message says: a text, a picture or a file, and buttons; checked before a campaign may use it."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.channels.telegram import markdown, markup
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Characters after the markup was read (Bot API: sendMessage `text`, sendPhoto and sendDocument `caption`).
MAX_TEXT = 4096
MAX_CAPTION = 1024
#: Longest template, in characters. What is filled in is held to the limits above.
MAX_TEMPLATE = 20_000
#: More rows than a screen shows help nobody; Telegram takes a hundred.
MAX_BUTTONS = 20
MAX_LABEL = 64
MAX_URL = 2048

FORMATS = ("plain", "html", "markdown")
MEDIA = ("", "photo", "document")

#: Octets of a file that is uploaded: as a photo, and as a document (Bot API, “Sending files”).
MAX_PHOTO = 10_000_000
MAX_DOCUMENT = 50_000_000
MAX_FILENAME = 200
PHOTO_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")

_FLAGS = ("silent", "preview")
#: Stands for a template tag, which may bring in the whole address.
_TAG = "\ue000"
_LINK = re.compile(rf"(?:https?://|tg://|{_TAG})\S*")
_MEDIA_LINK = re.compile(rf"(?:https?://|{_TAG})\S*")


@dataclass(frozen=True, slots=True)
class Button:
    """A button below the message: both are templates."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with the message itself instead of being fetched; `digest` tells it from others."""

    name: str
    content_type: str
    octets: bytes
    digest: str

    def __repr__(self) -> str:
        return f"File({self.name}, {len(self.octets)} octets)"


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field.

    Its fields: `text`; `format`; `attachment` (photo, document or none), with `media_url` or one file in `attachments`
    ({"filename", "content_type", "content_b64"}), which without a choice is a photo if it is a picture; `buttons`, one
    a line as “Label | address”; `silent`; `preview` of the first link.
    """
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {
        "text": _text(content, "text"),
        "format": str(content.get("format") or "plain"),
        "attachment": str(content.get("attachment") or ""),
        "media_url": _text(content, "media_url").strip(),
        "buttons": "\n".join(line.strip() for line in _text(content, "buttons").split("\n") if line.strip()),
        **{name: bool(content.get(name)) for name in _FLAGS},
    }
    if str(content.get("html") or "").strip():
        problems["html"] = said("A Telegram message is a text: choose “Text only”.")
    if cleaned["format"] not in FORMATS:
        problems["format"] = said("Choose one of: %(choices)s.", choices=", ".join(FORMATS))
    if cleaned["attachment"] not in MEDIA:
        problems["attachment"] = said("Choose a photo, a document or neither.")
    if files := _files(content.get("attachments") or [], cleaned, problems):
        cleaned["attachments"] = files
    _check_text(cleaned, problems)
    _check_media(cleaned, problems)
    _check_buttons(cleaned, problems)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates of a checked content: text, address of the media, then label and address of each button."""
    parts = [templating.Part("text", markup_of(content), is_html=content["format"] != "plain")]
    if is_fetched(content):
        parts.append(templating.Part("media_url", content["media_url"]))
    for number, button in enumerate(buttons_of(content), start=1):
        parts.append(templating.Part(f"label of button {number}", button.label))
        parts.append(templating.Part(f"address of button {number}", button.url))
    return parts


def is_fetched(content: Mapping[str, Any]) -> bool:
    """Whether Telegram fetches the photo or document of a checked content by its address."""
    return bool(content["attachment"]) and not content.get("attachments")


def file_of(content: Mapping[str, Any]) -> File | None:
    """Return the file that goes with a checked content; None where there is none, or an address."""
    for one in content.get("attachments") or ():
        octets = b64decode(one["content_b64"])
        return File(one["filename"], one["content_type"], octets, sha256(octets).hexdigest())
    return None


def markup_of(content: Mapping[str, Any]) -> str:
    """Return the template of the text as it goes to Telegram. Raises MarkupInvalid."""
    text: str = content["text"]
    return markdown.to_html(text) if content["format"] == "markdown" else text


def visible(content: Mapping[str, Any], text: str) -> str:
    """Return what is seen of a filled-in text. Raises MarkupInvalid."""
    if content["format"] == "plain":
        return text
    return markup.visible(markdown.to_html(text) if content["format"] == "markdown" else text)


def buttons_of(content: Mapping[str, Any]) -> list[Button]:
    """Return the buttons of a checked content."""
    lines = (line.partition("|") for line in content["buttons"].split("\n") if line)
    return [Button(label.strip(), url.strip()) for label, _bar, url in lines]


def limit_of(content: Mapping[str, Any]) -> int:
    """Return how many visible characters the text may have."""
    return MAX_CAPTION if content["attachment"] else MAX_TEXT


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name) or ""
    if not isinstance(value, str):
        raise ConfigInvalid({name: said("This must be text.")})
    return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _check_text(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    if not cleaned["text"].strip() and not cleaned["attachment"]:
        problems["text"] = said("A Telegram message needs a text.")
    elif len(cleaned["text"]) > MAX_TEMPLATE:
        problems["text"] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
    elif "format" not in problems:
        try:
            templating.check(templating.Part("text", cleaned["text"]))
            source = markup_of(cleaned)
            if cleaned["format"] != "plain":
                markup.check(source)
            templating.check(templating.Part("text", source, is_html=True))
        except (templating.TemplateInvalid, markup.MarkupInvalid) as error:
            problems["text"] = told(error)
            return
        constant = "".join(piece for piece, is_tag in templating.split(source) if not is_tag)
        seen = len(markup.visible(constant) if cleaned["format"] != "plain" else constant)
        # With statements in it a part may be left out; it is measured again when it is filled in.
        if "{%" not in source and seen > limit_of(cleaned):
            limit = limit_of(cleaned)
            problems["text"] = (
                said(
                    "The text below a photo or document has at most %(limit)s characters; this has %(there)s.",
                    limit=limit, there=seen,
                )
                if cleaned["attachment"]
                else said("A text has at most %(limit)s characters; this has %(there)s.", limit=limit, there=seen)
            )  # fmt: skip


def _files(entries: Any, cleaned: dict[str, Any], problems: dict[str, str]) -> list[dict[str, str]]:
    """Return the file, and say what it is sent as where that was left open."""
    if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
        problems["attachments"] = said("This is not a list of files.")
        return []
    if len(entries) > 1:
        problems["attachments"] = said("One file can go with a Telegram message.")
    if len(entries) != 1:
        return []
    name = " ".join(str(entries[0].get("filename") or "").split()).replace('"', "")[-MAX_FILENAME:]
    kind = str(entries[0].get("content_type") or "").strip().lower()
    try:
        size = len(b64decode(str(entries[0].get("content_b64") or ""), validate=True))
    except (Base64Error, ValueError):
        size = 0
    if not name or not size or not _TYPE.fullmatch(kind):
        problems["attachments"] = said("The file has no name, no type or no content.")
        return []
    is_photo = kind in PHOTO_TYPES and size <= MAX_PHOTO
    if cleaned["attachment"] == "photo" and not is_photo:
        problems["attachments"] = said(
            "A photo is a JPEG, PNG or WebP picture of at most 10 MB; send others as documents."
        )
    elif size > MAX_DOCUMENT:
        problems["attachments"] = said(
            "A file may have at most %(limit)s MB.", limit=MAX_DOCUMENT // 1_000_000
        )
    cleaned["attachment"] = cleaned["attachment"] or ("photo" if is_photo else "document")
    return [{"filename": name, "content_type": kind, "content_b64": str(entries[0]["content_b64"])}]


def _check_media(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    if not cleaned["attachment"] or "attachment" in problems or "attachments" in problems:
        return
    url = cleaned["media_url"]
    if cleaned.get("attachments"):
        if url:
            problems["media_url"] = said("Attach a file or give an address, not both.")
    elif not url:
        problems["media_url"] = said("Attach a file, or give the address from which Telegram fetches it.")
    elif len(url) > MAX_URL or not _MEDIA_LINK.fullmatch(_without_tags(url)):
        problems["media_url"] = said("Write an address that begins with https://.")
    else:
        _check_template("media_url", url, problems)


def _check_buttons(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    lines = cleaned["buttons"].split("\n") if cleaned["buttons"] else []
    if len(lines) > MAX_BUTTONS:
        problems["buttons"] = said("There can be at most %(limit)s buttons.", limit=MAX_BUTTONS)
        return
    for number, line in enumerate(lines, start=1):
        label, _bar, url = (part.strip() for part in line.partition("|"))
        if not label or not url:
            problems["buttons"] = said("Line %(number)s: write “Label | https://example.com”.", number=number)
        elif len(label) > MAX_LABEL and "{" not in label:
            problems["buttons"] = said(
                "Line %(number)s: a label has at most %(limit)s characters.", number=number, limit=MAX_LABEL
            )
        elif len(url) > MAX_URL or not _LINK.fullmatch(_without_tags(url)):
            problems["buttons"] = said(
                "Line %(number)s: the address must begin with https:// or tg://.", number=number
            )
        else:
            _check_template("buttons", label, problems)
            _check_template("buttons", url, problems)


def _without_tags(source: str) -> str:
    return "".join(_TAG if is_tag else piece for piece, is_tag in templating.split(source))


def _check_template(name: str, source: str, problems: dict[str, str]) -> None:
    try:
        templating.check(templating.Part(name, source))
    except templating.TemplateInvalid as error:
        problems[name] = told(error)
