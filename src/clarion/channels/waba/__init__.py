"""Messages over WhatsApp's Business Platform: templates that WhatsApp approved, through its Cloud API."""

from clarion.channels.waba.channel import WabaChannel

CHANNEL = WabaChannel()

__all__ = ["CHANNEL"]
