"""What a campaign's own message has beside its text, such as the keys of a call: fields of its channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clarion.channels.content_forms import content_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django import forms


#: Before the names of the fields, so that they meet none of the campaign's.
PREFIX = "extra_"
#: The hidden field that says of which channel the fields were that are posted.
OF = "extras_of"


def fields_of(channel: str) -> dict[str, forms.Field]:
    """Return the channel's fields by their names in the compose form."""
    return {f"{PREFIX}{name}": field for name, field in content_fields(channel).items()}


def said_in(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was said, as sources have it, out of a form's cleaned data."""
    given = {name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)}
    return {
        name: "1" if value is True else str(value)
        for name, value in given.items()
        if value is not None and value is not False and value != ""
    }
