"""How long tests wait: for what has to come, much longer than it takes.

A machine that is busy with other tests may be ten times slower, and holds a process or a thread back at any moment.
What is awaited ends the waiting, so that a generous limit costs nothing where all is well.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

#: Seconds until a test gives up waiting for what should have come within one.
PATIENCE_SECONDS = 60.0


def wait_for(question: Callable[[], Any], what: str, *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Return the first true answer. Fails the test after that time."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < until, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.02)
    return answer


async def until(
    question: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS, every: float = 0.01
) -> Any:
    """Return the first true answer, while everything else goes on. Fails the test after that time."""
    async with asyncio.timeout(seconds):
        while not (answer := question()):
            await asyncio.sleep(every)
    return answer
