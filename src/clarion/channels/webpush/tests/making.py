"""Makes configs and messages for the tests."""

from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.webpush import config, content, vapid
from clarion.channels.webpush.composer import Composer
from clarion.channels.webpush.transport import Transport
from clarion.engine.messages import Claim, Message

KEY = vapid.new_key()
PUBLIC = vapid.public_of(KEY)
CONTEXT = StepContext(
    workspace_id=1,
    run_id=1,
    campaign_public_id="c",
    public_url="https://clarion.example",
    token_key=b"k" * 32,
)


def make_config(**changes: Any) -> config.Config:
    """Return checked settings with timeouts that fit a busy machine, for push services on this machine."""
    fields = {
        "private_key": KEY, "subject": "ops@example.com", "services": ["127.0.0.1"],
        "connect_timeout": 30, "response_timeout": 30,
    }  # fmt: skip
    return config.Config.of(config.check(fields | changes))


def make_transport(**changes: Any) -> Transport:
    """Return a transport."""
    return Transport(make_config(**changes))


def make_composer(settings: config.Config | None = None, **fields: Any) -> Composer:
    """Return a composer of a content with these fields."""
    checked = content.check({"subject": "Hello", "text": "There"} | fields)
    return Composer(checked=checked, config=settings or make_config(), context=CONTEXT)


def make_message(address: str, variables: dict[str, Any] | None = None, **fields: Any) -> Message:
    """Return a message as the composer makes it."""
    claim = Claim(run_id=1, delivery_id=7, attempt=1, address=address, variables=variables or {})
    return make_composer(**fields).compose(claim)
