"""Makes configs and messages for the tests."""

from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.viber import config, content
from clarion.channels.viber.composer import Composer
from clarion.channels.viber.tests.server import SERVICE, TOKEN
from clarion.channels.viber.transport import Transport
from clarion.engine.messages import Claim, Message

CONTEXT = StepContext(
    workspace_id=1,
    run_id=3,
    campaign_public_id="c",
    public_url="https://clarion.example",
    token_key=b"k" * 32,
)


def given(**changes: Any) -> dict[str, Any]:
    """Return checked settings with timeouts that fit a busy machine."""
    fields = {
        "service_id": SERVICE, "token": TOKEN, "source": "Shop", "connect_timeout": 30, "response_timeout": 30,
    }  # fmt: skip
    return config.check(fields | changes)


def make_config(**changes: Any) -> config.Config:
    """Return checked settings with timeouts that fit a busy machine."""
    return config.Config.of(given(**changes))


def make_transport(url: str, **changes: Any) -> Transport:
    """Return a transport to a server on this machine."""
    return Transport(make_config(base_url=url, **changes))


def make_message(digits: str = "00", variables: dict[str, Any] | None = None, **fields: Any) -> Message:
    """Return a message as the composer makes it, to a number that ends with these digits."""
    composer = Composer(checked=content.check({"text": "Hello"} | fields), context=CONTEXT)
    claim = Claim(
        run_id=3, delivery_id=48, attempt=1, address=f"+4915112345{digits}", variables=variables or {}
    )
    return composer.compose(claim)
