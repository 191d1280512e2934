"""Telephone calls: over an Asterisk of one's own, or by a provider on the web."""

from clarion.channels.voice.channel import VoiceChannel

CHANNEL = VoiceChannel()

__all__ = ["CHANNEL"]
