"""Makes configs, composers and messages for the tests."""

from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.email import config, content
from clarion.channels.email.composer import Composer
from clarion.channels.email.transport import Transport
from clarion.engine.messages import Claim, Message

KEY = b"k" * 32

CONTENT = {
    "subject": "Hello {{ name }}",
    "html": "<p>Hello {{ name }}, <a href='{{ unsubscribe_url }}'>no more</a></p>",
    "text": "Hello {{ name }}: {{ unsubscribe_url }}",
}


def make_config(**changes: Any) -> config.Config:
    """Return checked settings for a server on this machine, with timeouts that fit a busy machine."""
    fields = {
        "host": "127.0.0.1",
        "port": 25,
        "security": "none",
        "from_address": "shop@example.test",
        "connect_timeout": 30,
        "command_timeout": 30,
        "data_timeout": 30,
    }
    return config.Config.of(config.check(fields | changes))


def make_composer(
    *,
    settings: config.Config | None = None,
    links: tuple[str, ...] = (),
    tracks_opens: bool = False,
    **changes: Any,
) -> Composer:
    """Return a composer for some content; a change to None takes a field away."""
    checked = content.check({**CONTENT, **changes})
    context = StepContext(
        workspace_id=1,
        run_id=7,
        campaign_public_id="cmp_1",
        public_url="https://clarion.example.test",
        token_key=KEY,
        links=links,
        tracks_opens=tracks_opens,
    )
    return Composer(checked=checked, config=settings or make_config(), context=context)


def make_claim(*, address: str = "ana@example.test", delivery_id: int = 42, **variables: Any) -> Claim:
    """Return a claimed delivery of run 7."""
    return Claim(
        run_id=7,
        delivery_id=delivery_id,
        attempt=1,
        address=address,
        variables={"name": "Ana", **variables},
    )


def make_message(*, address: str = "ana@example.test", name: str = "Ana", **content_changes: Any) -> Message:
    """Return a composed message."""
    return make_composer(**content_changes).compose(make_claim(address=address, name=name))


def make_transport(port: int, **changes: Any) -> Transport:
    """Return a transport to a server on this machine."""
    return Transport(make_config(port=port, **changes))
