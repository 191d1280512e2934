"""Short messages over SMPP 3.4 and 5.0, and HTTP."""

from clarion.channels.sms.channel import SmsChannel

CHANNEL = SmsChannel()

__all__ = ["CHANNEL"]
