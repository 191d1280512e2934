"""Accepts, delays and fails as configured."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.channels.events import ReceiptKind
from clarion.channels.sandbox.behaviour import SHARES, Behaviour, Shares
from clarion.channels.sandbox.composer import Note
from clarion.channels.sandbox.outbox import FileOutbox, Outbox
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: A token that is always refused, to rehearse an account that is blocked.
BAD_TOKEN = "refuse"  # noqa: S105  # not a secret: it is documented

#: `slow@…` takes this much longer, and at least this many seconds.
SLOW_FACTOR = 10
SLOW_SECONDS = 1.0

_RECEIPTS = {
    Behaviour.ACCEPT: ReceiptKind.DELIVERED,
    Behaviour.SLOW: ReceiptKind.DELIVERED,
    Behaviour.DEFER: ReceiptKind.DELIVERED,
    Behaviour.BOUNCE: ReceiptKind.BOUNCED_HARD,
    Behaviour.COMPLAIN: ReceiptKind.COMPLAINT,
}


class Transport:
    """A `clarion.engine.ports.Transport` from which nothing leaves."""

    def __init__(self, config: Mapping[str, Any], *, outbox: Outbox) -> None:
        """`config` is what `config.check` returned."""
        self.concurrency: int = config["connections"]
        self._latency: float = config["latency_seconds"]
        self._receipt_delay = timedelta(seconds=config["receipt_delay_seconds"])
        self._shares = Shares(tuple(config[name] for name, _ in SHARES))
        self._is_blocked = config["token"] == BAD_TOKEN
        self._outbox = outbox

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Do with the message what its address says."""
        if self._is_blocked:
            return Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, code="401")
        note: Note = message.payload
        behaviour = self._shares.behaviour(message.address)
        if behaviour is Behaviour.REFUSE:
            await self._wait(behaviour)
            return Refused(reason=Reason.ADDRESS_UNKNOWN, scope=Scope.RECIPIENT, code="550 5.1.1")
        if behaviour is Behaviour.DEFER and note.attempt <= 1:
            await self._wait(behaviour)
            return Deferred(reason=Reason.THROTTLED, scope=Scope.MESSAGE, after=1.0, code="451 4.7.1")
        hand_over()
        await self._wait(behaviour)
        if behaviour is Behaviour.UNKNOWN:
            return Unknown(reason=Reason.CONNECTION_LOST)
        provider_id = f"sandbox-{message.run_id}-{message.delivery_id}"
        self._outbox(self._record(message, note, behaviour, provider_id))
        return Accepted(provider_id=provider_id, code="250 2.0.0")

    async def aclose(self) -> None:
        """Close the outbox. May be called twice."""
        if isinstance(self._outbox, FileOutbox):
            self._outbox.close()

    async def _wait(self, behaviour: Behaviour) -> None:
        seconds = self._latency
        if behaviour is Behaviour.SLOW:
            seconds = max(seconds * SLOW_FACTOR, SLOW_SECONDS)
        # Even without a latency others get a turn, as they do with a real provider.
        await asyncio.sleep(seconds)

    def _record(self, message: Message, note: Note, behaviour: Behaviour, provider_id: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "run_id": message.run_id,
            "delivery_id": message.delivery_id,
            "provider_id": provider_id,
            "address": message.address,
            "subject": note.subject,
            "text": note.text,
            "html": note.html,
            "accepted_at": now.isoformat(),
            "receipt": _RECEIPTS[behaviour].value,
            "receipt_at": (now + self._receipt_delay).isoformat(),
        }
