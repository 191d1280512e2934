"""One message to a server that does what a test tells it."""

import asyncio
from typing import Any

from clarion.channels.email.tests.making import make_message, make_transport
from clarion.channels.email.tests.server import EXTENSIONS, Answer, Server
from clarion.channels.testing import PATIENCE_SECONDS, HandOvers
from clarion.engine.outcomes import Outcome


async def send_to(
    answers: dict[str, Answer] | None = None,
    *,
    server: Server | None = None,
    address: str = "ana@example.test",
    **config: Any,
) -> tuple[Outcome, Server, HandOvers]:
    """Send one message to a server that answers like this."""
    server = server or Server(answers=answers or {})
    hand_over = HandOvers()
    async with server.running():
        transport = make_transport(server.port, **config)
        outcome = await asyncio.wait_for(
            transport.send(make_message(address=address), hand_over), PATIENCE_SECONDS
        )
        await transport.aclose()
    return outcome, server, hand_over


def without(*names: str) -> tuple[str, ...]:
    """Return the extensions of a good server without these."""
    return tuple(line for line in EXTENSIONS if line.split()[0] not in names)
