"""What a WhatsApp template message says: the approved template and what fills it in; checked before it is used."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.channels.waba import matching, shapes
from clarion.channels.waba.shapes import Shape
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Longest text as written, in characters. What is filled in is WhatsApp's to judge.
MAX_TEMPLATE = 10_000
MAX_URL = 2000
MAX_FILE_NAME = 200
#: Stands for a template tag, which may bring in the whole address.
_TAG = "\ue000"
_LINK = re.compile(rf"(?:https://|{_TAG})\S*")

NOT_CHOSEN = said(
    "Messages on this channel follow a template that WhatsApp approved. Open the sender, then its templates, and use "
    "one."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The templates of ours that fill a shape in, in the order in which a composer renders them."""

    header: list[str]
    body: list[str]
    #: One for each button that takes a value.
    buttons: list[str]
    media_url: str


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field.

    Its fields: `provider_template`, the shape that was approved, as a dict or as JSON; `text`, the approved text with
    templates of ours in its places, and `subject` the same of a header that is text; `media_url` of a header with a
    picture, video or document, and the document's `file_name`; `buttons`, one a line, the values of those that take
    one.
    """
    shape = _shape(content)
    cleaned: dict[str, Any] = {
        "provider_template": shape,
        "text": _text(content, "text").strip(),
        "subject": _text(content, "subject").strip(),
        "media_url": _text(content, "media_url").strip(),
        "file_name": _text(content, "file_name").strip(),
        "buttons": "\n".join(line.strip() for line in _text(content, "buttons").split("\n") if line.strip()),
    }
    problems: dict[str, str] = {}
    if str(content.get("html") or "").strip():
        problems["html"] = said("A WhatsApp message is a text: choose “Text only”.")
    _check_text(cleaned, shape, problems)
    _check_header(cleaned, shape, problems)
    _check_buttons(cleaned, shape, problems)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def shape_in(content: Mapping[str, Any]) -> Shape | None:
    """Return the shape that a content, checked or not, was written for; None without one."""
    given = content.get("provider_template")
    if isinstance(given, str) and given:
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return None
    return shapes.cleaned(given)


def values_of(content: Mapping[str, Any]) -> Values:
    """Return what fills a checked content's shape in. Raises Differs."""
    shape = content["provider_template"]
    header = shape["header"]
    is_text = header.get("format") == "TEXT"
    return Values(
        header=matching.values_of(content["subject"], header["text"]) if is_text else [],
        body=matching.values_of(content["text"], shape["body"]),
        buttons=content["buttons"].split("\n") if content["buttons"] else [],
        media_url=content["media_url"],
    )


def new_source(shape: Shape) -> dict[str, Any]:
    """Return what an author begins with for a shape, as `clarion.content.sources` has it."""
    header = shape["header"]
    extras = {"provider_template": json.dumps(shape, ensure_ascii=False, separators=(",", ":"))}
    if header.get("format") in shapes.MEDIA:
        extras["media_url"] = "{{ media_url }}"
    if header.get("format") == "DOCUMENT":
        extras["file_name"] = "document.pdf"
    values = [f"{{{{ button_{index + 1} }}}}" for index, _one in shapes.filled_buttons(shape)]
    if values:
        extras["buttons"] = "\n".join(values)
    title = (
        matching.suggested(header["text"], named=shape["named"], prefix="title")
        if header.get("format") == "TEXT"
        else ""
    )
    return {
        "mode": "text", "subject": title, "source": matching.suggested(shape["body"], named=shape["named"]),
        "extras": extras,
    }  # fmt: skip


def _shape(content: Mapping[str, Any]) -> Shape:
    shape = shape_in(content)
    if shape is None:
        raise ConfigInvalid({"text": NOT_CHOSEN})
    return shape


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name) or ""
    if not isinstance(value, str):
        raise ConfigInvalid({name: said("This must be text.")})
    return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _check_text(cleaned: Mapping[str, Any], shape: Shape, problems: dict[str, str]) -> None:
    if len(cleaned["text"]) > MAX_TEMPLATE:
        problems["text"] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
        return
    _check_filled("text", cleaned["text"], shape["body"], problems)


def _check_header(cleaned: dict[str, Any], shape: Shape, problems: dict[str, str]) -> None:
    form = shape["header"].get("format", "")
    if form == "TEXT":
        _check_filled("subject", cleaned["subject"], shape["header"]["text"], problems)
    elif cleaned["subject"]:
        problems["subject"] = said("The approved template has no title: leave this empty.")
    if form not in shapes.MEDIA:
        if cleaned["media_url"]:
            problems["media_url"] = said(
                "The approved template has no picture, video or document: leave this empty."
            )
        cleaned["file_name"] = ""
        return
    if form != "DOCUMENT":
        cleaned["file_name"] = ""
    elif len(cleaned["file_name"]) > MAX_FILE_NAME:
        problems["file_name"] = said("This must be at most %(limit)s characters.", limit=MAX_FILE_NAME)
    url = cleaned["media_url"]
    if not url:
        problems["media_url"] = said("Give the address from which WhatsApp fetches it.")
    elif len(url) > MAX_URL or not _LINK.fullmatch(_without_tags(url)):
        problems["media_url"] = said("Write an address that begins with https://.")
    else:
        _check_template("media_url", url, problems)


def _check_buttons(cleaned: Mapping[str, Any], shape: Shape, problems: dict[str, str]) -> None:
    wanted = shapes.filled_buttons(shape)
    lines = cleaned["buttons"].split("\n") if cleaned["buttons"] else []
    if len(lines) != len(wanted):
        names = ", ".join(f"“{one['text']}”" for _index, one in wanted)
        problems["buttons"] = (
            said("Write one value a line, for each of these buttons: %(names)s.", names=names) if wanted
            else said("None of the template's buttons takes a value: leave this empty.")
        )  # fmt: skip
        return
    for line in lines:
        _check_template("buttons", line, problems)


def _check_filled(name: str, source: str, approved: str, problems: dict[str, str]) -> None:
    _check_template(name, source, problems)
    if name in problems:
        return
    try:
        for value in matching.values_of(source, approved):
            _check_template(name, value, problems)
    except matching.Differs as error:
        problems[name] = told(error)


def _without_tags(source: str) -> str:
    return "".join(_TAG if is_tag else piece for piece, is_tag in templating.split(source))


def _check_template(name: str, source: str, problems: dict[str, str]) -> None:
    try:
        templating.check(templating.Part(name, source))
    except templating.TemplateInvalid as error:
        problems[name] = told(error)
