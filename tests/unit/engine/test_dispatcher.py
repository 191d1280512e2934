"""Which lanes a process owns, and that nothing that goes wrong with one of them ends the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from clarion.engine.dispatcher import Dispatcher
from clarion.engine.journal import Journal
from clarion.engine.memory import IN_FLIGHT, MemoryStore
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Outcome
from clarion.engine.plan import LaneSpec, LaneState, RunSpec, Settled
from clarion.engine.ports import Composer, StoreDown, Transport
from tests.unit.engine import making
from tests.unit.engine.making import Plain, Scripted
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.anyio


class OwnLocks:
    """Locks of one server, counted as PostgreSQL counts them."""

    def __init__(self) -> None:
        self.sound, self.generation = True, 1
        self.taken: set[tuple[int, int]] = set()
        self.refused: set[tuple[int, int]] = set()

    async def acquire(self, key: tuple[int, int]) -> bool:
        if key in self.refused:
            return False
        self.taken.add(key)
        return True

    async def release(self, key: tuple[int, int]) -> None:
        self.taken.discard(key)

    async def peers(self) -> int:
        return 1


class FaultyStore(MemoryStore):
    """Raises what a test puts into `faults`, once for each name of a method."""

    faults: dict[str, list[Exception]] = {}

    def _raise(self, name: str) -> None:
        if self.faults.get(name):
            raise self.faults[name].pop(0)

    async def plan(self) -> list[LaneSpec]:
        self._raise("plan")
        return await super().plan()

    async def composer(self, spec: LaneSpec, run: RunSpec) -> Composer:
        self._raise("composer")
        return await super().composer(spec, run)

    async def settle(self, *args: Any) -> None:
        self._raise("settle")
        await super().settle(*args)

    async def open_lane(self, spec: LaneSpec) -> tuple[Transport, LaneState]:
        self._raise(f"open_lane {spec.sender_id}")
        return await super().open_lane(spec)

    async def refuse_sender(self, *args: Any) -> None:
        self._raise("refuse_sender")
        await super().refuse_sender(*args)


class House:
    """A dispatcher with its store, locks and transports."""

    def __init__(self, **faults: list[Exception]) -> None:
        self.sent: list[str] = []
        self.behaviour: Any = lambda message: Accepted()
        self.store = FaultyStore(lambda spec: Scripted(self._send, seconds=0.001))
        self.store.faults = {name.replace("__", " "): list(some) for name, some in faults.items()}
        self.locks = OwnLocks()
        self.stop = asyncio.Event()

    def _send(self, message: Message) -> Outcome:
        self.sent.append(message.address)
        outcome: Outcome = self.behaviour(message)
        return outcome

    def add(self, sender: int, count: int = 20) -> None:
        run = RunSpec(run_id=sender, step=0, campaign_id=sender)
        self.store.add(run, [f"s{sender}p{i}@example.test" for i in range(count)], Plain())
        self.store.lanes.append(
            LaneSpec(sender_id=sender, lane=0, lanes=1, channel="sandbox", version="1", runs=(run,))
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Dispatcher]:
        journal = Journal(making.folder(), "w")
        dispatcher = Dispatcher(store=self.store, locks=self.locks, journal=journal, worker_id=1)
        task = asyncio.create_task(dispatcher.run(self.stop))
        try:
            yield dispatcher
        finally:
            self.stop.set()
            await asyncio.wait_for(task, PATIENCE_SECONDS)
            journal.close()

    async def finished(self) -> None:
        await until(lambda: self.store.count(Settled.PENDING) + self.store.count(IN_FLIGHT) == 0)


#: A fault of ours while a run is prepared fails that run, which is another promise.
FAULTS = [
    ("plan", StoreDown("gone")),
    ("plan", RuntimeError("a fault of ours")),
    ("composer", StoreDown("gone")),
    ("settle", StoreDown("gone")),
    ("settle", RuntimeError("a fault of ours")),
]


@pytest.mark.parametrize(("name", "fault"), FAULTS)
async def test_everybody_is_sent_to_once_in_spite_of_a_fault(name: str, fault: Exception) -> None:
    house = House(**{name: [fault]})
    house.add(1)

    async with house.running():
        await house.finished()

    assert sorted(house.sent) == sorted(set(house.sent))
    assert len(house.sent) == 20
    assert house.store.failed == []


async def test_a_sender_that_cannot_be_opened_nor_blocked_keeps_nobody_else_from_sending() -> None:
    house = House(open_lane__1=[ValueError("odd")] * 9, refuse_sender=[RuntimeError("no database")] * 9)
    house.add(1, 3)
    house.add(2)

    async with house.running():
        await until(lambda: len(house.sent) >= 20)

    assert {address[:2] for address in house.sent} == {"s2"}
    assert (1, 0) not in house.locks.taken


async def test_a_lane_that_closes_while_the_store_is_down_settles_when_it_is_back() -> None:
    house = House(settle=[StoreDown("gone")] * 3)
    house.add(1)

    async with house.running() as dispatcher:
        await until(lambda: len(house.sent) >= 20, every=0.001)
        house.store.lanes.clear()
        dispatcher.wake()
        await house.finished()

    assert house.store.count(Settled.SENT) == 20


async def test_nothing_is_handed_over_between_the_loss_of_the_locks_and_their_return() -> None:
    house = House()
    house.add(1, 5000)

    async with house.running() as dispatcher:
        await until(lambda: len(house.sent) >= 50, every=0.001)
        house.locks.refused = {(1, 0)}
        house.locks.generation += 1
        before = len(house.sent)
        await asyncio.sleep(0.05)
        assert len(house.sent) - before <= 4  # what the transport had in hand already
        await until(lambda: not dispatcher.lanes and not house.store.count(IN_FLIGHT))
        house.locks.refused = set()
        dispatcher.wake()
        await house.finished()

    assert len(house.sent) == len(set(house.sent)) == 5000


async def test_what_others_judged_while_the_process_was_frozen_is_not_handed_over() -> None:
    house = House()
    house.add(1, 1000)

    async with house.running():
        await until(lambda: len(house.sent) >= 50, every=0.001)
        # Frozen for a minute: others took it for dead, and nobody else wanted the lane meanwhile.
        judged = set()
        for delivery in house.store.runs[1, 0].deliveries.values():
            if delivery.stage == IN_FLIGHT and delivery.address not in house.sent:
                delivery.stage = Settled.UNKNOWN
                judged.add(delivery.address)
        house.locks.generation += 1
        await house.finished()

    assert judged
    assert not judged & set(house.sent)


async def test_a_halt_holds_every_lane_at_once_and_a_stopped_sender_its_own() -> None:
    house = House()
    house.add(1, count=4000)
    house.add(2, count=4000)

    def out() -> dict[str, int]:
        return {name: sum(one.startswith(name) for one in house.sent) for name in ("s1", "s2")}

    async with house.running() as dispatcher:
        await until(lambda: min(out().values()) >= 50, every=0.005)
        every = list(house.store.lanes)

        # The plan without them is what the ledger says by then; what counts is that nobody waits for it.
        house.store.lanes = [lane for lane in every if lane.sender_id == 2]
        dispatcher.wake(sender_id=1)
        stopped = out()
        await until(lambda: out()["s2"] > stopped["s2"] + 50)
        assert out()["s1"] == stopped["s1"]

        house.store.lanes = []
        dispatcher.wake(is_halt=True)
        halted = out()
        await asyncio.sleep(0.2)
        assert out() == halted

        await until(lambda: set(house.store.rates.values()) == {0.0})
        house.store.lanes = every
        dispatcher.wake()
        await house.finished()

    assert len(house.sent) == len(set(house.sent)) == 8000
