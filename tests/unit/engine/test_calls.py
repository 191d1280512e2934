"""Messages that take their time, such as calls: when they are tried again, and that nobody is cut off needlessly."""

import asyncio

import pytest

from clarion.engine.memory import IN_FLIGHT
from clarion.engine.messages import Claim, Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason
from clarion.engine.plan import LaneSpec, RunSpec, Settled
from clarion.engine.retry import RetryPolicy
from clarion.engine.turns import share_at_once
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


class Lines(Calls):
    """Eight lines, on which each call ends when a test hangs it up."""

    def __init__(self) -> None:
        super().__init__()
        self.concurrency = 8
        self.talking: list[tuple[int, asyncio.Future[None]]] = []
        #: How many calls of the first run were under way at once, at most.
        self.most_of_first = 0

    async def _call(self, message: Message) -> Outcome:
        call = message.run_id, asyncio.get_running_loop().create_future()
        self.talking.append(call)
        self.most_of_first = max(self.most_of_first, self.of(1))
        await call[1]
        return Accepted()

    def of(self, run_id: int) -> int:
        """Return how many calls of a run are under way."""
        return sum(run == run_id for run, _ in self.talking)

    def hang_up(self, run_id: int) -> None:
        """End the oldest call of a run."""
        call = next(one for one in self.talking if one[0] == run_id)
        self.talking.remove(call)
        call[1].set_result(None)


async def test_a_campaign_has_no_more_calls_at_once_than_it_asks_for_and_others_have_the_rest() -> None:
    lines = Lines()
    bench = Bench(lines)
    bench.add(1, 20, at_once=2)
    bench.add(2, 20)
    lane = await bench.start()

    await bench.until(lambda: (lines.of(1), lines.of(2)) == (2, 6))
    for _ in range(40):
        await bench.until(lambda: bool(lines.talking))
        lines.hang_up(lines.talking[0][0])
    await bench.until(lambda: bench.store.count(Settled.SENT) == 40)
    await lane.stop(seconds=10)

    assert lines.most_of_first == 2


async def test_calls_from_before_a_pause_count_when_the_campaign_goes_on() -> None:
    lines = Lines()
    bench = Bench(lines)
    run = bench.add(1, 20, at_once=2)
    other = bench.add(2, 20)
    lane = await bench.start()
    await bench.until(lambda: lines.of(1) == 2 and lines.of(2) == 6)

    await lane.update(bench.spec([other]))
    await lane.update(bench.spec([run, other]))
    lines.hang_up(2)
    await bench.until(lambda: lines.of(2) == 6)
    at_once = lines.of(1)
    lines.hang_up(1)
    await bench.until(lambda: lines.of(1) == 2)
    for _, call in lines.talking:
        call.set_result(None)
    await lane.stop(seconds=10)

    assert at_once == 2


@pytest.mark.parametrize(
    ("most", "lanes", "shares"), [(5, 2, [3, 2]), (1, 3, [1, 0, 0]), (0, 2, [None, None])]
)
def test_the_calls_of_a_campaign_are_shared_out_among_lanes(
    most: int, lanes: int, shares: list[int | None]
) -> None:
    composer = Plain(at_once=most)

    assert [share_at_once(composer, lane=lane, lanes=lanes) for lane in range(lanes)] == shares


async def test_a_lane_that_has_no_share_of_a_campaigns_calls_claims_none() -> None:
    lines = Lines()
    bench = Bench(lines, lane=1, lanes=2)
    bench.add(1, 5, at_once=1)
    bench.add(2, 5)
    lane = await bench.start()

    await bench.until(lambda: lines.of(2) == 5)
    claimed = bench.store.runs[1, 0].deliveries.values()
    assert {row.stage for row in claimed} == {Settled.PENDING}
    for _, call in lines.talking:
        call.set_result(None)
    await lane.stop(seconds=10)
    assert lines.of(1) == 0
