"""Shows what a person will get."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clarion.channels import registry, tongues
from clarion.channels.email.content import with_preheader
from clarion.channels.email.html_text import text_of
from clarion.content import variables as names
from clarion.content.compiling import parts_of
from clarion.lib import templating

#: Where an unsubscribe link leads in a preview: nowhere.
NO_LINK = "#unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message filled in. `missing` names what had no value; its name in brackets stands in its place."""

    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    #: What a channel shows beside the text: small print below it, buttons, and above it the address of a picture, or
    #: that of a file, or the name of one that goes along. A notification has a second picture, its icon.
    footer: str = ""
    buttons: list[str] = field(default_factory=list)
    picture_url: str = ""
    media_url: str = ""
    file_name: str = ""
    icon_url: str = ""
    missing: list[str] = field(default_factory=list)
    #: Why it could not be filled in; the rest is empty then.
    problem: str = ""


def preview(content: Mapping[str, Any], channel: str, variables: Mapping[str, Any]) -> Preview:
    """Fill the content in as the channel would, for these variables (plain JSON values only).

    Of several languages it is the one for the variable `language`.

    `content` must have been compiled by `clarion.content.compiling`, which refuses what would not end.
    """
    defaults = content.get("defaults") or {}
    shown = dict(tongues.body_for(content, variables))
    variables = tongues.filled(defaults, variables)
    if shown.get("html") and not str(shown.get("text") or "").strip():
        shown["text"] = text_of(shown["html"])
    if shown.get("html") and shown.get("preheader"):
        shown["html"] = with_preheader(shown["html"], shown["preheader"])
    parts = parts_of(shown)
    missing = names.missing(parts, variables)
    values = {"email": "", **with_stand_ins(shown, variables), "unsubscribe_url": NO_LINK}
    try:
        filled = templating.Program(parts).render_whole(values)
    except (templating.FillFailed, templating.TemplateInvalid) as error:
        return Preview(missing=missing, problem=str(error))
    plain = getattr(registry.get(channel), "plain_text", None)
    by_name = dict(zip((part.name for part in parts), filled, strict=True))
    if plain is not None:
        by_name["text"] = plain(shown, by_name.get("text", ""))
    beside = getattr(registry.get(channel), "beside", None)
    told: dict[str, Any] = {name: by_name.get(name, "") for name in ("subject", "preheader", "html", "text")}
    if beside is not None:
        told |= beside(shown, by_name)
    return Preview(**told, missing=missing)


def with_stand_ins(content: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables with `[name]` for every required one that is missing."""
    values = dict(tongues.filled(content.get("defaults") or {}, variables))
    for name in names.missing(parts_of(tongues.body_for(content, values)), values):
        _put(values, name)
    return values


def _put(values: dict[str, Any], name: str) -> None:
    """Set `order.id` to `[order.id]`, making what is around it."""
    *path, last = name.split(".")
    inner = values
    for step in path:
        below = inner.get(step)
        if not isinstance(below, dict):
            below = {}
        inner[step] = inner = dict(below)
    inner[last] = f"[{name}]"
