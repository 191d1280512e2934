"""What a message has beside its text, as fields of the pages on which it is written."""

from copy import deepcopy
from importlib import import_module

from django import forms

from clarion.channels import registry


def content_fields(channel: str) -> dict[str, forms.Field]:
    """Return the fields that a message of the channel has beside its text, by the names that its content has.

    They are the fields of `ContentForm` in the channel's `forms`; a channel without that has none.
    """
    if channel not in registry.CHANNELS:
        return {}
    found = getattr(import_module(f"{registry.CHANNELS[channel]}.forms"), "ContentForm", None)
    return deepcopy(found.base_fields) if found is not None else {}
