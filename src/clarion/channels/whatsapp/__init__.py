"""WhatsApp messages from a linked phone, through a gateway with an HTTP interface."""

from clarion.channels.whatsapp.channel import WhatsAppChannel

CHANNEL = WhatsAppChannel()

__all__ = ["CHANNEL"]
