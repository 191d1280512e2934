"""A lane while the store is down or something in the process is at fault: nothing is lost, nothing sent twice."""

import asyncio
from typing import Any

import pytest

from clarion.engine import journal
from clarion.engine.memory import IN_FLIGHT, MemoryStore
from clarion.engine.messages import Claim, Message
from clarion.engine.plan import RunKey, Settled
from tests.unit.engine.making import Bench, Scripted, finished

pytestmark = pytest.mark.anyio


class TestStoreDown:
    async def test_outcomes_wait_for_the_store_and_nothing_is_sent_twice(self) -> None:
        bench = Bench(Scripted(concurrency=4, seconds=0.001))
        bench.add(1, 400)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) > 30)

        bench.store.is_down = True
        await asyncio.sleep(0.2)
        bench.store.is_down = False
        await finished(bench)
        await lane.stop(seconds=10)

        assert len(bench.transport.handed) == 400
        assert bench.store.count(Settled.SENT) == 400

    async def test_the_journal_keeps_what_could_not_be_settled(self) -> None:
        bench = Bench(Scripted(concurrency=2))
        bench.add(1, 20)
        lane = await bench.start()
        bench.store.is_down = True
        if bench.store.count(IN_FLIGHT):
            await bench.until(lambda: len(bench.transport.handed) >= 1)
        await lane.stop(seconds=0.2)
        bench.journal.close()

        remains = [journal.read(bench.journal_folder, name) for name in journal.dead(bench.journal_folder)]
        ended = sum(len(r.ended) for r in remains)
        assert ended == len(bench.transport.handed)


class TestFaults:
    async def test_a_composer_with_a_fault_fails_its_messages_and_no_slot_is_lost(self) -> None:
        class Broken:
            def compose(self, claim: Claim) -> Message:
                raise KeyError("a fault of ours")

        bench = Bench(Scripted(concurrency=2))
        spec = bench.add(1, 6)
        bench.store.runs[spec.key].composer = Broken()
        bench.add(2, 6)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)

        assert bench.store.count(Settled.FAILED) == 6
        assert bench.store.count(Settled.SENT) == 6

    async def test_a_process_that_does_not_own_its_lane_hands_over_nothing(self) -> None:
        bench = Bench(Scripted())
        bench.add(1, 10)
        lane = await bench.start()
        lane.is_owned = lambda: False

        await asyncio.sleep(0.2)
        await lane.stop(seconds=10)

        assert bench.transport.handed == []
        assert bench.store.count(Settled.PENDING) == 10

    async def test_what_the_journal_cannot_keep_is_not_handed_over_and_costs_no_attempt(self) -> None:
        bench = Bench(Scripted())
        bench.add(1, 10)
        lane = await bench.start()

        def full(claim_id: int, delivery_id: int) -> None:
            raise OSError(28, "No space left on device")

        bench.journal.begin = full  # type: ignore[method-assign]
        await bench.until(lambda: lane.breaker.open_until > 0)
        await lane.stop(seconds=10)

        assert bench.transport.handed == []
        assert bench.store.count(Settled.PENDING) == 10
        assert {d.attempts for d in bench.store.runs[1, 0].deliveries.values()} == {0}

    async def test_a_run_whose_outcomes_cannot_be_written_does_not_keep_the_others_waiting(self) -> None:
        bench = Bench(Scripted())
        bench.add(1, 5)
        bench.add(2, 5)
        is_picky = True

        class Picky(MemoryStore):
            async def settle(self, run: RunKey, *rest: Any) -> None:
                if is_picky and run[0] == 1:
                    raise ValueError("a row that cannot be written")
                await super().settle(run, *rest)

        bench.store = Picky(bench.store.transport, bench.store.runs)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) == 10)
        await bench.until(lambda: sum(d.stage == 2 for d in bench.store.runs[2, 0].deliveries.values()) == 5)
        is_picky = False
        await bench.until(lambda: bench.store.count(Settled.SENT) == 10)
        await lane.stop(seconds=10)
