"""What a notification says: a title, a text, pictures and where it leads; checked before a campaign may use it."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.lib import templating
from clarion.lib.sentences import said

#: Characters of each template. What is filled in must fit into a record together, see `encryption.MAX_TEXT`.
MAX_TEMPLATE = 5_000
#: How soon the device is to be woken (RFC 8030, 5.3).
URGENCIES = ("very-low", "low", "normal", "high")
#: Seconds for which a push service keeps it for a device that is off: none, to four weeks.
MAX_TTL = 28 * 24 * 3600
DEFAULT_TTL = 24 * 3600

#: The templates of a notification, in the order of `parts_of`.
TEMPLATES = ("subject", "text", "icon", "image", "link")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
#: Stands for a template tag, which may bring in the whole address.
_TAG = "\ue000"
_LINK = re.compile(rf"(?:https?://|{_TAG})\S*")


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field.

    Its fields: `subject`, which is the title; `text`; `icon`, `image` and `link`, which are addresses; `urgency`;
    `ttl` in seconds; `topic`, by which a later one takes the place of one that is not shown yet; `sticky`, to stay
    until it is dismissed.
    """
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {name: _text(content, name) for name in TEMPLATES}
    for name in ("icon", "image", "link"):
        cleaned[name] = cleaned[name].strip()
        if cleaned[name] and not _LINK.fullmatch(_without_tags(cleaned[name])):
            problems[name] = said("Write an address that begins with https://.")
    cleaned["urgency"] = str(content.get("urgency") or "normal")
    cleaned["ttl"] = _ttl(content, problems)
    cleaned["topic"] = str(content.get("topic") or "").strip()
    cleaned["sticky"] = bool(content.get("sticky"))
    if cleaned["urgency"] not in URGENCIES:
        problems["urgency"] = said("Choose one of: %(choices)s.", choices=", ".join(URGENCIES))
    if cleaned["topic"] and not _TOPIC.fullmatch(cleaned["topic"]):
        problems["topic"] = said("A topic has 1 to 32 letters, digits, - and _ (RFC 8030, 5.4).")
    if str(content.get("html") or "").strip():
        problems["html"] = said("A notification is plain text: choose “Text only”.")
    elif not cleaned["subject"].strip():
        problems["subject"] = said("A notification needs a title.")
    for part in parts_of(cleaned):
        if part.name in problems:
            continue
        if len(part.source) > MAX_TEMPLATE:
            problems[part.name] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
            continue
        try:
            templating.check(part)
        except templating.TemplateInvalid as error:
            problems[part.name] = str(error)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates of a checked content, in the order of TEMPLATES."""
    return [templating.Part(name, content[name]) for name in TEMPLATES]


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name) or ""
    if not isinstance(value, str):
        raise ConfigInvalid({name: said("This must be text.")})
    return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _without_tags(source: str) -> str:
    return "".join(_TAG if is_tag else piece for piece, is_tag in templating.split(source))


def _ttl(content: Mapping[str, Any], problems: dict[str, str]) -> int:
    given = content.get("ttl")
    if given is None or given == "":
        return DEFAULT_TTL
    try:
        seconds = int(given)
    except (TypeError, ValueError):
        seconds = -1
    if not 0 <= seconds <= MAX_TTL:
        problems["ttl"] = said(
            "This must be between 0 and %(limit)s seconds, which is four weeks.", limit=MAX_TTL
        )
        return DEFAULT_TTL
    return seconds
