"""Makes configs and messages for the tests."""

from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.whatsapp import config, content
from clarion.channels.whatsapp.composer import Composer
from clarion.channels.whatsapp.tests.server import KEY, SESSION
from clarion.channels.whatsapp.transport import Transport
from clarion.engine.messages import Claim, Message

CONTEXT = StepContext(
    workspace_id=1,
    run_id=1,
    campaign_public_id="c",
    public_url="https://clarion.example",
    token_key=b"k" * 32,
)
#: The secret of a gateway's calls.
CALLS = "calls-s3cret"


def given(protocol: str = "waha", **changes: Any) -> dict[str, Any]:
    """Return checked settings without pauses."""
    fields = {
        "protocol": protocol, "base_url": "https://gateway.example", "session": SESSION[protocol], "api_key": KEY,
        "callback_secret": CALLS, "delay_min": 0, "delay_max": 0, "connect_timeout": 30, "response_timeout": 30,
    }  # fmt: skip
    return config.check(fields | changes)


def make_config(protocol: str = "waha", **changes: Any) -> config.Config:
    """Return checked settings without pauses."""
    return config.Config.of(given(protocol, **changes))


def make_transport(url: str, protocol: str = "waha", **changes: Any) -> Transport:
    """Return a transport to a gateway on this machine."""
    return Transport(make_config(protocol, base_url=url, **changes))


def make_message(
    digits: str = "00", variables: dict[str, Any] | None = None, address: str = "", **fields: Any
) -> Message:
    """Return a message as the composer makes it, to a number that ends with these digits."""
    composer = Composer(checked=content.check({"text": "Hello"} | fields), context=CONTEXT)
    claim = Claim(
        run_id=1,
        delivery_id=7,
        attempt=1,
        address=address or f"+4915112345{digits}",
        variables=variables or {},
    )
    return composer.compose(claim)
