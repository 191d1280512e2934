"""The channels there are, by name; imported on first use."""

from functools import cache
from importlib import import_module

from clarion.channels.base import Channel

CHANNELS = {
    "email": "clarion.channels.email",
    "sms": "clarion.channels.sms",
    "waba": "clarion.channels.waba",
    "whatsapp": "clarion.channels.whatsapp",
    "viber": "clarion.channels.viber",
    "telegram": "clarion.channels.telegram",
    "voice": "clarion.channels.voice",
    "webpush": "clarion.channels.webpush",
    "sandbox": "clarion.channels.sandbox",
}


@cache
def get(name: str) -> Channel:
    """Return the channel of that name. Raises KeyError for an unknown one."""
    channel: Channel = import_module(CHANNELS[name]).CHANNEL
    return channel


def all_channels() -> list[Channel]:
    """Return every channel, in the order of the registry."""
    return [get(name) for name in CHANNELS]
