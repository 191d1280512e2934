"""The engine's doors to the outside: how a message is made and handed over, and where the ledger is."""

from collections.abc import Callable, Sequence
from typing import Protocol

from clarion.engine.messages import Claim, Message
from clarion.engine.outcomes import Outcome, Reason
from clarion.engine.plan import Batch, LaneSpec, LaneState, RunKey, RunSpec, Settlement, Trouble


class Withdrawn(Exception):
    """Raised by `hand_over`: the message must not be handed over any more. Nothing was written of it."""


class Composer(Protocol):
    """Makes messages for one step of one run; prepared once, called for every delivery.

    One whose messages take their time, such as calls, may have `at_once`: how many of them may be under way at once
    over all lanes together, 0 for as many as the transport takes.
    """

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
        When `hand_over` raises Withdrawn, nothing of the message is written and Withdrawn is raised on.
        Being cancelled after `hand_over` leaves the message unknown; before it, not taken. A transport that knows
        better ends what is under way within seconds and returns the outcome in spite of it.
        """

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""


class Store(Protocol):
    """The ledger, as the engine needs it. Every method may raise StoreDown."""

    async def plan(self) -> list[LaneSpec]:
        """Return the lanes of all senders that have something to send now."""

    async def open_lane(self, spec: LaneSpec) -> tuple[Transport, LaneState]:
        """Return a lane's transport and what was saved of it, as its owner."""

    async def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        """Return the composer of a run's step. Raises RenderFailed when the content cannot be prepared."""

    async def claim(
        self, run: RunSpec, claim_id: int, limit: int, *, counted: LaneSpec | None = None
    ) -> Batch:
        """Mark up to `limit` deliveries as in flight and return them; none when the run may not be sent.

        What is claimed for a lane whose messages are `counted` is reserved of its limits by the same stroke,
        until `save_lane` says how it is. None is claimed when the lane belongs to another process.
        When StoreDown is raised, the claim may have been made all the same: `release` it later.
        """

    async def release(self, claim_ids: Sequence[int]) -> None:
        """Give back whatever these claims hold: nothing of it was handed over."""

    async def settle(self, run: RunKey, settlements: Sequence[Settlement], closed: Sequence[int]) -> None:
        """Write what became of claimed deliveries, with every counter, in one transaction.

        `closed` are claims of which nothing is left. Repeating a call that was carried out changes nothing.
        """

    async def save_lane(self, spec: LaneSpec, state: LaneState, rate: float, trouble: Trouble | None) -> int:
        """Keep what of the lane outlives the process, and what screens show of it, while it is its owner.

        Returns how many messages went by the sender past its lanes that `state` does not count yet; fewer than none
        when some that were counted did not go.
        """

    async def refuse_sender(self, spec: LaneSpec, reason: Reason, detail: str) -> None:
        """Block the sender: the provider refused it. Its campaigns are paused and people told."""

    async def pause_campaign(self, run: RunSpec, reason: Reason, detail: str) -> None:
        """Pause the run's campaign: the provider refused what it says. People are told."""

    async def fail_run(self, run: RunSpec, sentence: str) -> None:
        """End the run's campaign as failed: its content cannot be sent."""


class StoreDown(Exception):
    """The ledger cannot be reached now; whether a write was carried out is not known."""
