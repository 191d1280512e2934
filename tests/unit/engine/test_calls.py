"""Messages that take their time, such as calls: when they are tried again, and that nobody is cut off needlessly."""

import asyncio

import pytest

from clarion.engine.memory import IN_FLIGHT
from clarion.engine.messages import Claim, Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason
from clarion.engine.plan import LaneSpec, RunSpec, Settled
from clarion.engine.retry import RetryPolicy
from tests.unit.engine.making import Bench, Plain, Scripted
from tests.unit.engine.test_dispatcher import House
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.anyio


class Calls(Scripted):
    """A transport whose messages end when a test says so."""

    patience = 60.0

    def __init__(self) -> None:
        self.over = asyncio.Event()
        super().__init__(self._call)

    async def _call(self, message: Message) -> Outcome:
        await self.over.wait()
        return Accepted()


async def test_an_exact_wait_is_neither_lengthened_nor_spread() -> None:
    outcome = Deferred(reason=Reason.LINE_BUSY, after=7200.0, exact=True)
    bench = Bench(
        Scripted(lambda message: outcome), retry=RetryPolicy(first_gap=9 * 3600.0, longest_gap=9 * 3600.0)
    )
    bench.add(1, 1)
    lane = await bench.start()
    (row,) = bench.store.runs[1, 0].deliveries.values()

    await bench.until(lambda: row.not_before > 0)
    began = lane.clock()
    await lane.stop(seconds=10)

    assert row.attempts == 1
    assert began + 7200 - 60 < row.not_before <= began + 7200


async def test_a_retry_that_is_due_outside_the_hours_waits_for_them() -> None:
    called: list[str] = []

    def busy(message: Message) -> Outcome:
        called.append(message.address)
        return Deferred(reason=Reason.LINE_BUSY, after=0.001, exact=True)

    def opens(claim: Claim, now: float) -> float:
        return 4e9 if called else 0.0

    bench = Bench(Scripted(busy))
    bench.add(1, 1, opens=opens)
    lane = await bench.start()
    (row,) = bench.store.runs[1, 0].deliveries.values()

    await bench.until(lambda: row.not_before == 4e9)
    await lane.stop(seconds=10)

    assert called == ["p0@example.test"]
    assert (row.stage, row.reason, row.attempts) == (Settled.PENDING, Reason.OUTSIDE_WINDOW, 1)


async def test_a_lane_that_is_closed_lets_its_calls_end() -> None:
    calls = Calls()
    bench = Bench(calls)
    bench.add(1, 1)
    lane = await bench.start()
    await bench.until(lambda: len(calls.handed) == 1)

    stopping = asyncio.create_task(lane.stop(seconds=0.01, ending=asyncio.Event()))
    _, still = await asyncio.wait({stopping}, timeout=0.1)
    assert still
    calls.over.set()
    await stopping

    assert bench.store.count(Settled.SENT) == 1


async def test_a_process_that_ends_waits_no_longer_than_its_grace() -> None:
    calls, ending = Calls(), asyncio.Event()
    bench = Bench(calls)
    bench.add(1, 1)
    lane = await bench.start()
    await bench.until(lambda: len(calls.handed) == 1)

    stopping = asyncio.create_task(lane.stop(seconds=0.01, ending=ending))
    ending.set()
    await asyncio.wait_for(stopping, PATIENCE_SECONDS)

    assert bench.store.count(Settled.UNKNOWN) == 1


async def test_a_paused_campaigns_calls_go_on_and_keep_no_other_campaign_waiting() -> None:
    calls = Calls()
    house = House()
    house.store.transport = lambda spec: calls
    house.add(1, 1)
    async with house.running() as dispatcher:
        await until(lambda: calls.handed)
        # A pause takes the run out of the plan; another one begins.
        house.store.lanes.clear()
        await until(lambda: not dispatcher._lanes[1, 0].spec.runs)
        other = RunSpec(run_id=2, step=0, campaign_id=2)
        house.store.add(other, ["other@example.test"], Plain())
        house.store.lanes.append(
            LaneSpec(sender_id=1, lane=0, lanes=1, channel="sandbox", version="1", runs=(other,))
        )
        await until(lambda: len(calls.handed) == 2)
        calls.over.set()
        await house.finished()

    assert house.store.count(Settled.SENT) == 2
    assert house.store.count(IN_FLIGHT) == 0
