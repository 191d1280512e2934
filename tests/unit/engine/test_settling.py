"""What lanes write back: nothing is forgotten, and a busy lane writes seldom."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from clarion.engine.journal import Journal
from clarion.engine.memory import MemoryStore
from clarion.engine.plan import RunKey, Settled, Settlement
from clarion.engine.settling import Outbox
from tests.unit.engine.making import Scripted

KEY: RunKey = (1, 0)


class Slow(MemoryStore):
    """A ledger during whose writes more outcomes come in."""

    def __init__(self) -> None:
        super().__init__(lambda spec: Scripted())
        self.written: list[list[int]] = []
        self.outbox: Outbox

    async def settle(self, run: RunKey, settlements: Sequence[Settlement], closed: Sequence[int]) -> None:
        self.written.append([s.delivery_id for s in settlements])
        await asyncio.sleep(0)
        self.outbox.add(run, sent(1000 + len(self.written)))


def sent(delivery_id: int) -> Settlement:
    return Settlement(7, delivery_id, Settled.SENT)


def test_what_comes_in_while_a_batch_is_written_waits_for_the_next(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = Slow()
        store.outbox = Outbox(store, Journal(tmp_path, "w1"))
        store.outbox.expect(7, 10)
        for number in range(3):
            store.outbox.add(KEY, sent(number))
        await store.outbox.flush()
        assert store.written == [[0, 1, 2]]
        await store.outbox.flush()
        assert store.written == [[0, 1, 2], [1001]]

    asyncio.run(scenario())
