"""Viber business messages."""

from clarion.channels.viber.channel import ViberChannel

CHANNEL = ViberChannel()

__all__ = ["CHANNEL"]
