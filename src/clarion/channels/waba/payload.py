"""A template message as the Cloud API takes it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/template-messages, read in November
2026.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.channels.waba import shapes

_NUMBER = re.compile(r"\+[1-9]\d{4,17}", re.ASCII)
#: Longest value of a place, in characters: more than any place takes.
MAX_VALUE = 1024
_MEDIA = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}


@dataclass(frozen=True, slots=True)
class Post:
    """One message ready to be handed over. `attempt` is 1 for the first try."""

    to: str
    body: bytes
    attempt: int = 1


def reference(run_id: int, delivery_id: int) -> str:
    """Return what we give to be brought back with every status: our own ids."""
    return f"{run_id}.{delivery_id}"


class Builder:
    """Makes the messages of one template."""

    def __init__(self, shape: Mapping[str, Any], *, file_name: str) -> None:
        self._shape = shape
        self._file_name = file_name
        header = shape["header"]
        self._media = _MEDIA.get(header.get("format", ""), "")
        self._header_places = shapes.places(header.get("text", "")) if header.get("format") == "TEXT" else []
        self._places = shapes.places(shape["body"])
        self._buttons = shapes.filled_buttons(shape)

    def build(
        self,
        *,
        to: str,
        header: Sequence[str],
        body: Sequence[str],
        buttons: Sequence[str],
        media_url: str,
        run_id: int,
        delivery_id: int,
        attempt: int,
    ) -> Post:
        """Return the message to a number in E.164 with its plus. Raises ValueError, with a sentence."""
        if not _NUMBER.fullmatch(to):
            raise ValueError("The address is not a phone number.")
        components: list[dict[str, Any]] = []
        if self._media:
            components.append({"type": "header", "parameters": [self._media_parameter(media_url)]})
        elif self._header_places:
            components.append(
                {"type": "header", "parameters": self._parameters(self._header_places, header, "title")}
            )
        if self._places:
            components.append({"type": "body", "parameters": self._parameters(self._places, body, "text")})
        for (index, one), value in zip(self._buttons, buttons, strict=True):
            components.append(_button(index, one["kind"], _value(value, one["text"])))
        message: dict[str, Any] = {
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "template",
            "template": {"name": self._shape["name"], "language": _language(self._shape)},
            "biz_opaque_callback_data": reference(run_id, delivery_id),
        }  # fmt: skip
        if components:
            message["template"]["components"] = components
        return Post(to, orjson.dumps(message), attempt)

    def _parameters(self, places: Sequence[str], values: Sequence[str], what: str) -> list[dict[str, str]]:
        found = []
        for place, value in zip(places, values, strict=True):
            parameter = {"type": "text", "text": _value(value, f"{what} {place}")}
            if self._shape["named"]:
                parameter["parameter_name"] = place
            found.append(parameter)
        return found

    def _media_parameter(self, url: str) -> dict[str, Any]:
        if not url.startswith("https://") or any(sign.isspace() for sign in url):
            raise ValueError("The address of the picture, video or document does not begin with https://.")
        media = {"link": url}
        if self._media == "document" and self._file_name:
            media["filename"] = self._file_name
        return {"type": self._media, self._media: media}


def _language(shape: Mapping[str, Any]) -> dict[str, str]:
    """Return the language as it goes: just that one, which is the only policy there is."""
    return {"policy": "deterministic", "code": shape["language"]}


def _button(index: int, kind: str, value: str) -> dict[str, Any]:
    if kind == "COPY_CODE":
        parameter = {"type": "coupon_code", "coupon_code": value}
        return {"type": "button", "sub_type": "copy_code", "index": str(index), "parameters": [parameter]}
    parameter = {"type": "text", "text": value}
    return {"type": "button", "sub_type": "url", "index": str(index), "parameters": [parameter]}


def _value(value: str, where: str) -> str:
    """Return a value as WhatsApp takes it: no line breaks, tabs or rows of spaces, and not nothing (error 132018)."""
    made = " ".join(value.split())
    if not made:
        raise ValueError(f"The value of “{where}” is empty for this recipient.")
    if len(made) > MAX_VALUE:
        raise ValueError(f"The value of “{where}” is longer than {MAX_VALUE:,} characters.")
    try:
        made.encode()
    except UnicodeEncodeError:
        made = made.encode("utf-8", "replace").decode()
    return made
