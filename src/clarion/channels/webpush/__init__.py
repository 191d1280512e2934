"""Notifications in browsers, by the Push API (RFC 8030, RFC 8291, RFC 8292)."""

from clarion.channels.webpush.channel import WebPushChannel

CHANNEL = WebPushChannel()

__all__ = ["CHANNEL"]
