"""What lanes write back: outcomes are collected for a moment and settled in batches."""

import asyncio
from collections.abc import Iterable

from clarion.engine.journal import Journal
from clarion.engine.plan import RunKey, Settled, Settlement
from clarion.engine.ports import Store, StoreDown
from clarion.engine.turns import RunQueue

#: Outcomes are written when there are so many, or after so many seconds.
SETTLE_MOST = 1000
SETTLE_SECONDS = 0.1
#: How long a lane without any waits at most before it looks at what else there is to write.
IDLE_SECONDS = 1.0


class Outbox:
    """Settlements of one lane on their way to the ledger, and how much of each claim is left."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store, self._journal = store, journal
        self._waiting: dict[RunKey, list[Settlement]] = {}
        #: Claim → deliveries of it not yet settled.
        self._left: dict[int, int] = {}
        self._first = asyncio.Event()
        self._full = asyncio.Event()

    def expect(self, claim_id: int, count: int) -> None:
        """Note that so many deliveries of a claim are to be settled."""
        self._left[claim_id] = count

    def add(self, key: RunKey, settlement: Settlement) -> None:
        """Take one to be written."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = []
            self._first.set()
        waiting.append(settlement)
        if len(waiting) >= SETTLE_MOST:
            self._full.set()

    def give_back(self, queue: RunQueue) -> None:
        """Give back what is claimed of a run and was not taken."""
        for claim, claim_id in queue.drain():
            self.add(queue.run.key, Settlement(claim_id, claim.delivery_id, Settled.PENDING, uncounted=True))
        self._full.set()

    async def due(self) -> None:
        """Return when it is time to `flush`."""
        if not self._waiting:
            await _set(self._first, IDLE_SECONDS)
        self._first.clear()
        if self._waiting:
            await _set(self._full, SETTLE_SECONDS)
        self._full.clear()

    def hurry(self) -> None:
        """Let `due` return now: there is something else to be written."""
        self._first.set()
        self._full.set()

    async def flush(self) -> None:
        """Write all there is. Raises StoreDown; what was not surely written stays to be written again."""
        fault: Exception | None = None
        for key in list(self._waiting):
            try:
                await self._flush_run(key)
            except StoreDown:
                raise
            except Exception as problem:  # noqa: BLE001 - raised below, when the others have had their turn
                fault = problem  # what cannot be written of one run must not keep the others waiting
        if fault is not None:
            raise fault

    async def _flush_run(self, key: RunKey) -> None:
        waiting = self._waiting[key]
        # What comes in meanwhile waits for the next time: at full speed this would never end otherwise, and each
        # batch would be as small as what is sent during one write.
        left = len(waiting)
        while left > 0:
            part = waiting[: min(left, SETTLE_MOST)]
            await self._store.settle(key, part, self._closed_by(part))
            del waiting[: len(part)]
            left -= len(part)
            self._count(part)
        if not waiting:
            self._waiting.pop(key, None)

    def _closed_by(self, part: Iterable[Settlement]) -> list[int]:
        counts: dict[int, int] = {}
        for settlement in part:
            counts[settlement.claim_id] = counts.get(settlement.claim_id, 0) + 1
        return [claim for claim, count in counts.items() if self._left.get(claim, 0) <= count]

    def _count(self, part: Iterable[Settlement]) -> None:
        for settlement in part:
            left = self._left.get(settlement.claim_id, 0) - 1
            if left > 0:
                self._left[settlement.claim_id] = left
            else:
                self._left.pop(settlement.claim_id, None)
                self._journal.close_claim(settlement.claim_id)


async def _set(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set, or so long."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
