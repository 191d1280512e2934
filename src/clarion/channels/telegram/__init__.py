"""Messages from a Telegram bot."""

from clarion.channels.telegram.channel import TelegramChannel

CHANNEL = TelegramChannel()

__all__ = ["CHANNEL"]
