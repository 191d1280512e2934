"""A provider that is built in: it accepts, delays and fails as configured, and nothing leaves the machine."""

from clarion.channels.sandbox.channel import SandboxChannel

CHANNEL = SandboxChannel()

__all__ = ["CHANNEL"]
