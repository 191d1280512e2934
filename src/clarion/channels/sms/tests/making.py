"""Makes configs and messages for the tests."""

from typing import Any

from clarion.channels.sms import config
from clarion.channels.sms.payload import Builder
from clarion.channels.sms.tests.server import PASSWORD, SYSTEM_ID
from clarion.channels.sms.transport import Transport
from clarion.engine.messages import Message


def make_config(**changes: Any) -> config.Config:
    """Return checked settings for a server on this machine, with timeouts that fit a busy machine."""
    fields = {
        "host": "127.0.0.1", "security": "none", "system_id": SYSTEM_ID.decode(), "password": PASSWORD.decode(),
        "source": "Shop", "connect_timeout": 30, "response_timeout": 30,
    }  # fmt: skip
    return config.Config.of(config.check(fields | changes))


def make_message(address: str = "+4915112345670", text: str = "Hello", **changes: Any) -> Message:
    """Return a message as the composer makes it."""
    sms = Builder(make_config(**changes)).build(address=address, text=text, reference=7)
    return Message(run_id=1, delivery_id=7, address=address, payload=sms)


def make_transport(port: int, **changes: Any) -> Transport:
    """Return a transport to a server on this machine."""
    return Transport(make_config(port=port, **changes))
