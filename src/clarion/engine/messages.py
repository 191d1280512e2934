"""What travels through the engine: a claimed delivery, and the message made from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Claim:
    """One delivery that this process has marked as in flight."""

    run_id: int
    delivery_id: int
    #: 1 for the first try.
    attempt: int
    address: str
    #: What the template may use. Plain str, int, float, bool, None, list and dict only.
    variables: Mapping[str, Any]


@dataclass(slots=True)
class Message:
    """One message ready to be handed over. The channel's composer made `payload` for its transport."""

    run_id: int
    delivery_id: int
    address: str
    payload: Any
    #: How many it is to the sender's limits: a long SMS is as many as it has parts.
    cost: int = 1


class RenderFailed(Exception):
    """The message could not be filled in for this recipient."""
