"""When a run's messages may go: nothing after its end, and nobody outside their own hours."""

import time
from dataclasses import replace

import pytest

from clarion.engine.memory import IN_FLIGHT
from clarion.engine.messages import Claim, Message
from clarion.engine.outcomes import Accepted, Outcome, Reason
from clarion.engine.plan import Settled
from tests.unit.engine.making import Bench, Scripted

pytestmark = pytest.mark.anyio


async def test_nothing_is_handed_over_once_the_end_has_come_not_even_what_was_under_way() -> None:
    handed: list[float] = []

    def taken(message: Message) -> Outcome:
        handed.append(bench.watch.told)  # the moment at which the lane let it go
        return Accepted()

    bench = Bench(Scripted(taken, seconds=0.03))
    first, second = bench.add(1, 2000), bench.add(2, 30)
    lane = await bench.start()
    await bench.until(lambda: any(run == 1 for _, run, _ in bench.transport.handed))

    end = bench.watch() + 0.1
    await lane.update(bench.spec([replace(first, until=end), second]))
    await bench.until(lambda: bench.watch() > end + 0.15)
    others = bench.store.runs[2, 0].deliveries.values()
    await bench.until(lambda: all(d.stage == Settled.SENT for d in others))
    await lane.stop(seconds=10)

    of_first = [at for at, (_, run, _) in zip(handed, bench.transport.handed, strict=True) if run == 1]
    assert max(of_first) < end
    rows = bench.store.runs[1, 0].deliveries.values()
    assert {d.stage for d in rows} == {Settled.SENT, Settled.PENDING}
    assert sum(d.stage == Settled.SENT for d in rows) == len(of_first)
    assert {d.attempts for d in rows if d.stage == Settled.PENDING} == {0}


async def test_who_is_outside_their_hours_is_put_off_without_an_attempt_or_a_turn_of_the_limits() -> None:
    opening = time.time() + 3600

    def opens(claim: Claim, now: float) -> float:
        return opening if claim.address.startswith("asleep") else 0.0

    bench = Bench(Scripted(), limits={"second": 50.0, "hour": 15})
    bench.add(1, 300, prefix="asleep", opens=opens)
    bench.add(2, 15, opens=opens)
    lane = await bench.start()

    await bench.until(lambda: bench.store.count(Settled.SENT) == 15)
    await bench.until(lambda: bench.store.count(IN_FLIGHT) == 0)
    await bench.until(lambda: all(d.not_before for d in bench.store.runs[1, 0].deliveries.values()))
    await lane.stop(seconds=10)

    asleep = bench.store.runs[1, 0].deliveries.values()
    assert {(d.stage, d.attempts, d.reason, d.not_before) for d in asleep} == {
        (Settled.PENDING, 0, Reason.OUTSIDE_WINDOW, opening)
    }
    assert len(bench.transport.handed) == 15


async def test_whose_hours_end_between_claim_and_hand_over_is_not_written_to() -> None:
    closes = time.time() + 0.1
    bench = Bench(Scripted(seconds=0.25))
    bench.add(1, 3, opens=lambda claim, now: 0.0 if now < closes else closes + 3600)
    lane = await bench.start()

    await bench.until(lambda: all(d.not_before for d in bench.store.runs[1, 0].deliveries.values()))
    await lane.stop(seconds=10)

    assert bench.transport.handed == []
    assert {d.attempts for d in bench.store.runs[1, 0].deliveries.values()} == {0}
