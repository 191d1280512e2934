"""How a lane keeps a sender's limits and a campaign's delays, across restarts too."""

import asyncio
import itertools

import pytest

from clarion.engine.lane import Lane
from clarion.engine.plan import LaneState, Settled
from tests.unit.engine.making import Bench, Scripted, most_within

pytestmark = pytest.mark.anyio


class TestLimits:
    async def test_the_senders_rate_is_kept(self) -> None:
        bench = Bench(Scripted(concurrency=10), limits={"second": 500})
        bench.add(1, 10_000)
        lane = await bench.start()
        await bench.until(lambda: len(bench.taken) >= 600)
        await lane.stop(seconds=10)

        assert most_within(bench.taken, 1.0) <= 500

    async def test_what_was_used_of_a_limit_counts_after_a_restart(self) -> None:
        bench = Bench(Scripted(concurrency=10), limits={"hour": 50})
        bench.add(1, 1000)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) == 50)
        await lane.stop(seconds=10)

        again: Lane = await bench.start(bench.store.lane_states[1, 0])
        await asyncio.sleep(0.2)
        await again.stop(seconds=10)

        assert len(bench.transport.handed) == 50
        assert bench.store.count(Settled.PENDING) == 950

    async def test_a_message_of_several_parts_counts_as_so_many(self) -> None:
        bench = Bench(Scripted(concurrency=4), limits={"hour": 30})
        bench.add(1, 100, cost=3)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) == 10)
        await asyncio.sleep(0.1)
        await lane.stop(seconds=10)

        assert len(bench.transport.handed) == 10
        assert sum(bench.store.lane_states[1, 0].limits["hour"].values()) == 30

    async def test_what_went_past_the_lane_counts_too_and_only_once(self) -> None:
        bench = Bench(Scripted(concurrency=10), limits={"hour": 50})
        bench.store.aside[1, 0] = 20
        bench.add(1, 1000)
        lane = await bench.start(LaneState(aside=20))
        await bench.until(lambda: len(bench.transport.handed) == 30)
        await bench.until(lambda: bench.store.aside[1, 0] == 0)
        await lane.stop(seconds=1)

        assert len(bench.transport.handed) == 30
        assert sum(bench.store.lane_states[1, 0].limits["hour"].values()) == 50

    async def test_a_process_that_dies_between_two_savings_sends_no_more_than_the_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("clarion.engine.lane.SAVE_SECONDS", 3600.0)
        bench = Bench(Scripted(seconds=0.002), limits={"hour": 60})
        bench.add(1, 200)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) >= 30)
        for task in [*lane._servants, *lane._slots]:
            task.cancel()
        await asyncio.gather(*lane._servants, *lane._slots, return_exceptions=True)
        assert bench.store.lane_states[1, 0].limits == {}  # it had saved nothing

        await bench.start(bench.store.lane_states[1, 0])
        await asyncio.sleep(0.3)
        await bench.lane.stop(seconds=10)

        assert 30 <= len(bench.transport.handed) <= 60

    async def test_a_delay_between_recipients_is_kept(self) -> None:
        bench = Bench(Scripted(concurrency=10))
        bench.add(1, 100, delay_min=0.05, delay_max=0.1)
        lane = await bench.start()
        await bench.until(lambda: len(bench.taken) >= 8)
        await lane.stop(seconds=10)

        assert min(b - a for a, b in itertools.pairwise(bench.taken)) >= 0.0499
