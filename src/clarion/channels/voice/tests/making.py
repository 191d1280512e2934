"""Makes configs, contents and messages for the tests."""

from typing import Any

from clarion.channels.base import StepContext
from clarion.channels.voice import content
from clarion.channels.voice.ari import config
from clarion.channels.voice.ari.transport import Transport
from clarion.channels.voice.composer import Composer
from clarion.engine.messages import Claim, Message

PASSWORD = "s3cret-of-ari"  # a test's own
CONTEXT = StepContext(
    workspace_id=1,
    run_id=3,
    campaign_public_id="c",
    public_url="https://clarion.example",
    token_key=b"k" * 32,
)
#: What every exchange has, so that nothing has to be spoken.
SOUND = "sound:hello-world"


def make_config(url: str = "http://127.0.0.1:8088", **changes: Any) -> dict[str, Any]:
    """Return checked settings with short times."""
    return config.check(
        {
            "url": url, "username": "clarion", "password": PASSWORD, "endpoint": "PJSIP/{number}@trunk",
            "caller_id": "+493012345", "connections": 5, "ring_seconds": 5, "max_seconds": 30,
            "connect_timeout": 30, "response_timeout": 30,
        }
        | changes
    )  # fmt: skip


def make_transport(url: str, **changes: Any) -> Transport:
    """Return a transport to a server on this machine."""
    extra = {name: changes.pop(name) for name in ("folder",) if name in changes}
    return Transport(config.Config.of(make_config(url, **changes) | extra))


def make_message(
    number: str = "+4930000001", *, attempt: int = 1, delivery: int = 48, **fields: Any
) -> Message:
    """Return a call as the composer makes it."""
    checked = content.check({"text": "Hello", "media_url": SOUND} | fields)
    composer = Composer(checked=checked, config=make_config(), context=CONTEXT)
    variables = {"first_name": "Ada"}
    return composer.compose(
        Claim(run_id=3, delivery_id=delivery, attempt=attempt, address=number, variables=variables)
    )
