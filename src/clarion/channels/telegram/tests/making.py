"""Makes configs, contents and messages for the tests."""

from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.telegram import config, content
from clarion.channels.telegram.composer import Composer
from clarion.channels.telegram.tests.server import TOKEN
from clarion.channels.telegram.transport import Transport
from clarion.engine.messages import Claim, Message

CONTEXT = StepContext(
    workspace_id=1,
    run_id=1,
    campaign_public_id="c",
    public_url="https://clarion.example",
    token_key=b"k" * 32,
)


def make_config(**changes: Any) -> config.Config:
    """Return checked settings with timeouts that fit a busy machine."""
    return config.Config.of(
        config.check({"token": TOKEN, "connect_timeout": 30, "response_timeout": 30} | changes)
    )


def make_transport(port: int, **changes: Any) -> Transport:
    """Return a transport to a server on this machine."""
    return Transport(make_config(api_url=f"http://127.0.0.1:{port}", **changes))


def make_composer(**fields: Any) -> Composer:
    """Return a composer of a content with these fields."""
    return Composer(checked=content.check({"text": "Hello"} | fields), config=make_config(), context=CONTEXT)


def make_message(chat: int | str = 42, variables: dict[str, Any] | None = None, **fields: Any) -> Message:
    """Return a message as the composer makes it."""
    claim = Claim(run_id=1, delivery_id=7, attempt=1, address=str(chat), variables=variables or {})
    return make_composer(**fields).compose(claim)
