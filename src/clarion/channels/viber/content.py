"""What a Viber message says: a text, a picture, or a text with a button and perhaps a picture.

Viber knows these layouts and no other: text · picture · text and button · text, picture and button.
"""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Characters (Viber business messages): a text, a button's label, an address.
MAX_TEXT = 1000
MAX_LABEL = 30
MAX_URL = 1000
#: Longest template, in characters.
MAX_TEMPLATE = 10_000

#: Stands for a template tag, which may bring in the whole address.
_TAG = "\ue000"
_LINK = re.compile(rf"(?:https?://|viber://|{_TAG})\S*")
_PICTURE = re.compile(rf"(?:https://|{_TAG})\S*")
_FIELDS = ("image_url", "button_label", "button_url")


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field.

    Its fields: `text`; `image_url`; `button_label` and `button_url`.
    """
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {"text": _text(content, "text")}
    cleaned |= {name: _text(content, name).strip() for name in _FIELDS}
    if str(content.get("html") or "").strip():
        problems["html"] = said("A Viber message is a text: choose “Text only”.")
    _check_layout(cleaned, problems)
    _check_lengths(cleaned, problems)
    for name in ("text", *_FIELDS):
        if name not in problems:
            try:
                templating.check(templating.Part(name, cleaned[name]))
            except templating.TemplateInvalid as error:
                problems[name] = told(error)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates of a checked content: text, picture, label and address of the button; some are empty."""
    return [templating.Part(name, content[name]) for name in ("text", *_FIELDS)]


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name) or ""
    if not isinstance(value, str):
        raise ConfigInvalid({name: said("This must be text.")})
    return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _check_layout(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    has_text, has_picture = bool(cleaned["text"].strip()), bool(cleaned["image_url"])
    label, url = cleaned["button_label"], cleaned["button_url"]
    if not has_text and not has_picture:
        problems["text"] = said("A Viber message needs a text or a picture.")
    elif bool(label) != bool(url):
        problems["button_url" if label else "button_label"] = said(
            "A button needs what it says and where it leads."
        )
    elif has_picture and has_text and not label:
        problems["button_label"] = said("Viber takes a text with a picture only together with a button.")
    elif label and not has_text:
        problems["text"] = said("Viber takes a button only below a text.")


def _check_lengths(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    text, label = cleaned["text"], cleaned["button_label"]
    constant = "".join(piece for piece, is_tag in templating.split(text) if not is_tag)
    if len(text) > MAX_TEMPLATE:
        problems["text"] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
    elif "{%" not in text and len(constant) > MAX_TEXT:
        # With statements in it a part may be left out; it is measured again when it is filled in.
        problems["text"] = said(
            "A text has at most %(limit)s characters; this has %(there)s.",
            limit=MAX_TEXT,
            there=len(constant),
        )
    if len(label) > MAX_LABEL and "{" not in label:
        problems["button_label"] = said("A button's label has at most %(limit)s characters.", limit=MAX_LABEL)
    for name, form, words in (
        ("image_url", _PICTURE, said("Write an address that begins with https://.")),
        ("button_url", _LINK, said("Write an address that begins with https:// or viber://.")),
    ):
        url = cleaned[name]
        if url and (len(url) > MAX_URL or not form.fullmatch(_without_tags(url))):
            problems[name] = words


def _without_tags(source: str) -> str:
    return "".join(_TAG if is_tag else piece for piece, is_tag in templating.split(source))
