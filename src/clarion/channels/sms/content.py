"""What an SMS says: one text, checked before a campaign may use it."""

from collections.abc import Mapping
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Longest template, in characters. What is filled in is held to the sender's number of parts.
MAX_TEMPLATE = 10_000


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned: its `text` alone. Raises ConfigInvalid with a sentence for each bad field."""
    problems: dict[str, str] = {}
    text = content.get("text") or ""
    if not isinstance(text, str):
        raise ConfigInvalid({"text": said("This must be text.")})
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if str(content.get("html") or "").strip():
        problems["html"] = said("An SMS is plain text: choose “Text only”.")
    elif not text.strip():
        problems["text"] = said("An SMS needs a text.")
    elif len(text) > MAX_TEMPLATE:
        problems["text"] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
    else:
        try:
            templating.check(part_of({"text": text}))
        except templating.TemplateInvalid as error:
            problems["text"] = told(error)
    if problems:
        raise ConfigInvalid(problems)
    return {"text": text}


def part_of(content: Mapping[str, Any]) -> templating.Part:
    """Return the template of a checked content."""
    return templating.Part("text", content["text"])
