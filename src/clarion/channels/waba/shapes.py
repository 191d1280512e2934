"""A message template as WhatsApp has approved it: what stands fixed in it and what is filled in.

A shape is a plain dict that can be stored as JSON: {"name", "language", "category", "named", "header": {"format",
"text"}, "body", "footer", "buttons": [{"kind", "text", "url"}]}. `named` tells whether its places have names or
numbers. https://developers.facebook.com/documentation/business-messaging/whatsapp/templates, read in November 2026.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

#: Kinds of header whose media is named when a message is sent.
MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")
#: Places in a text: {{1}} or {{first_name}}.
PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,60})\s*\}\}")
_STATIC_BUTTONS = frozenset({"QUICK_REPLY", "PHONE_NUMBER", "VOICE_CALL", "POSTBACK"})
_COMPONENTS = frozenset({"HEADER", "BODY", "FOOTER", "BUTTONS"})
#: Most that is taken of a template of theirs, in characters.
_MAX_TEXT = 2000
MAX_BUTTONS = 10
_NAME = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z]{2,4})?", re.ASCII)

Shape = dict[str, Any]


def shape_of(template: Mapping[str, Any]) -> tuple[Shape, str]:
    """Return the shape of a template as the Graph API lists it, and why it cannot be used here; "" when it can."""
    shape: Shape = {
        "name": _text(template.get("name"))[:512],
        "language": _text(template.get("language"))[:20],
        "category": _text(template.get("category")).upper()[:30],
        "named": _text(template.get("parameter_format")).upper() == "NAMED",
        "header": {}, "body": "", "footer": "", "buttons": [],
    }  # fmt: skip
    problem = ""
    components = template.get("components")
    for one in components if isinstance(components, list) else []:
        if isinstance(one, Mapping):
            problem = _take(shape, one) or problem
    return shape, problem or _flaw(shape)


def cleaned(given: Any) -> Shape | None:
    """Return a shape that was stored, or None for anything else. It is read with suspicion: it went through a form."""
    if not isinstance(given, Mapping):
        return None
    header = given.get("header")
    buttons = given.get("buttons")
    shape: Shape = {
        **{name: _text(given.get(name)) for name in ("name", "language", "category", "body", "footer")},
        "named": given.get("named") is True,
        "header": {},
        "buttons": [],
    }
    if isinstance(header, Mapping) and header.get("format"):
        shape["header"] = {"format": _text(header.get("format")), "text": _text(header.get("text"))}
    for one in (buttons if isinstance(buttons, Sequence) and not isinstance(buttons, str) else [])[
        :MAX_BUTTONS
    ]:
        if isinstance(one, Mapping):
            shape["buttons"].append({name: _text(one.get(name)) for name in ("kind", "text", "url")})
    return None if _flaw(shape) else shape


def places(text: str) -> list[str]:
    """Return the names of a text's places, in its order."""
    return PLACE.findall(text)


def filled_buttons(shape: Mapping[str, Any]) -> list[tuple[int, Mapping[str, str]]]:
    """Return (its place among the buttons, the button) for each that takes a value."""
    return [
        (index, one)
        for index, one in enumerate(shape["buttons"])
        if one["kind"] in ("COPY_CODE", "OTP") or (one["kind"] == "URL" and places(one["url"]))
    ]


def _take(shape: Shape, component: Mapping[str, Any]) -> str:
    """Put a component into the shape; return what of it cannot be filled in here."""
    kind = _text(component.get("type")).upper()
    if kind not in _COMPONENTS:
        return f"It has a part that cannot be filled in here: {kind.replace('_', ' ').lower()[:40]}."
    if kind == "HEADER":
        shape["header"] = {
            "format": _text(component.get("format")).upper(), "text": _text(component.get("text")),
        }  # fmt: skip
    elif kind == "BUTTONS":
        buttons = component.get("buttons")
        for one in buttons if isinstance(buttons, list) else []:
            if isinstance(one, Mapping):
                facts = {name: _text(one.get(name)) for name in ("text", "url")}
                shape["buttons"].append({"kind": _text(one.get("type")).upper(), **facts})
    else:
        shape[kind.lower()] = _text(component.get("text"))
    return ""


def _flaw(shape: Shape) -> str:
    """Return why messages cannot be made of a shape; "" when they can."""
    if not _NAME.fullmatch(shape["name"]) or not _LANGUAGE.fullmatch(shape["language"]):
        return "Its name or language is not one that WhatsApp gives."
    if not shape["body"].strip():
        return "It has no text."
    form = shape["header"].get("format", "")
    if form not in ("", "TEXT", *MEDIA):
        return f"It has a header that cannot be filled in here: {form.lower()[:40]}."
    for one in shape["buttons"]:
        if one["kind"] not in (*_STATIC_BUTTONS, "URL", "COPY_CODE", "OTP"):
            return f"It has a button that cannot be filled in here: {one['kind'].replace('_', ' ').lower()[:40]}."
    for text in (shape["body"], shape["header"].get("text", "")):
        fixed = PLACE.split(text)[::2]
        if any("{{" in piece or "{%" in piece or "{#" in piece for piece in fixed):
            return "Its text holds braces that would be taken for fields."
        if any(not piece for piece in fixed[1:-1]):
            return "Two of its values stand side by side with nothing between them."
    return ""


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:_MAX_TEXT]
