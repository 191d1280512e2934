"""The engine's doors to the outside: how a message is made, and how it is handed over."""

from collections.abc import Callable
from typing import Protocol

from clarion.engine.messages import Claim, Message
from clarion.engine.outcomes import Outcome


class Composer(Protocol):
    """Makes messages for one step of one run; prepared once, called for every delivery."""

    def compose(self, claim: Claim) -> Message:
        """Return the message for this delivery. Raises RenderFailed; does no input or output."""


class Transport(Protocol):
    """One open way to one sender's provider, used by one lane."""

    #: How many calls of `send` may be under way at once.
    concurrency: int

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; raise only on our own mistakes.

        Calls `hand_over` once, immediately before writing the first byte after which the provider might take
        the message. An outcome returned without that call was certainly not taken, so it is never Unknown.
        Being cancelled after `hand_over` leaves the message unknown; before it, not taken.
        """

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
