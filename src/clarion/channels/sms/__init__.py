"""Short messages over SMPP 3.4."""

from clarion.channels.sms.channel import SmsChannel

CHANNEL = SmsChannel()

__all__ = ["CHANNEL"]
