"""Bodies of requests, as JSON that the database can hold."""

from typing import Any

import orjson
from django.utils.translation import gettext as _

from clarion.api import problems


def parsed(body: bytes, content_type: str) -> Any:
    """Return the body's JSON. Raises Problem for what is none, and for what the database cannot hold."""
    if content_type != "application/json":
        raise problems.own("unsupported_media_type")
    try:
        said = orjson.loads(body)
    except ValueError:
        raise problems.own("bad_request", _("The body is no JSON.")) from None
    if b"\\u0000" in body and _has_nul(said):
        raise problems.own("invalid", _("A text holds a NUL character."))
    return said


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in name or _has_nul(one) for name, one in value.items())
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\x00" in value
