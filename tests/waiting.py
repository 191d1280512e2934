"""How long tests wait: for what has to come, much longer than it takes.

A machine that is busy with other tests may be ten times slower, and holds a process or a thread back at any moment.
What is awaited ends the waiting, so that a generous limit costs nothing where all is well.
"""

import time
from collections.abc import Callable
from typing import Any

from clarion.channels.testing import PATIENCE_SECONDS, until

__all__ = ["PATIENCE_SECONDS", "until", "wait_for"]


def wait_for(
    question: Callable[[], Any], what: str, *, seconds: float = PATIENCE_SECONDS, every: float = 0.02
) -> Any:
    """Return the first true answer. Fails the test after that time."""
    ends = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < ends, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(every)
    return answer
