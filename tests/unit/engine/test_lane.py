"""What a lane promises, on a store in memory: everything is settled, at most once, promptly and fairly."""

import asyncio
from collections import Counter

import pytest

from clarion.engine.memory import IN_FLIGHT
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown
from clarion.engine.plan import Settled
from clarion.engine.retry import RetryPolicy
from tests.unit.engine.making import Bench, Scripted, finished

pytestmark = pytest.mark.anyio

QUICK = RetryPolicy(attempts=3, first_gap=0.01)


class TestSending:
    async def test_sends_everybody_exactly_once(self) -> None:
        bench = Bench(Scripted(concurrency=10))
        bench.add(1, 3000)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)

        assert bench.store.count(Settled.SENT) == 3000
        assert max(Counter(address for _, _, address in bench.transport.handed).values()) == 1

    async def test_a_message_that_cannot_be_filled_in_fails_alone(self) -> None:
        bench = Bench(Scripted())
        bench.add(1, 3, prefix="unrenderable")
        bench.add(2, 3)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)

        assert bench.store.count(Settled.FAILED) == 3
        assert {d.reason for d in bench.store.runs[1, 0].deliveries.values()} == {Reason.RENDER_FAILED}
        assert len(bench.transport.handed) == 3

    async def test_leaves_no_journal_behind_when_all_is_settled(self) -> None:
        bench = Bench(Scripted())
        bench.add(1, 50)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)
        bench.journal.close()

        assert list(bench.journal_folder.iterdir()) == []


class TestOutcomes:
    async def test_a_deferred_message_is_tried_again_until_the_attempts_are_used_up(self) -> None:
        bench = Bench(Scripted(lambda m: Deferred(reason=Reason.MAILBOX_UNAVAILABLE)), retry=QUICK)
        bench.add(1, 2)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)

        rows = bench.store.runs[1, 0].deliveries.values()
        assert [(d.stage, d.attempts, d.reason) for d in rows] == [
            (Settled.FAILED, 3, Reason.ATTEMPTS_EXHAUSTED)
        ] * 2
        assert len(bench.transport.handed) == 6

    async def test_an_unknown_one_is_never_tried_again(self) -> None:
        bench = Bench(Scripted(lambda m: Unknown(), concurrency=2), retry=QUICK)
        bench.add(1, 2)
        lane = await bench.start()

        await finished(bench)
        await asyncio.sleep(0.1)
        await lane.stop(seconds=10)

        assert bench.store.count(Settled.UNKNOWN) == 2
        assert len(bench.transport.handed) == 2

    async def test_an_address_that_does_not_exist_is_suppressed_and_a_full_mailbox_is_not(self) -> None:
        def answer(message: Message) -> Outcome:
            reason = Reason.ADDRESS_UNKNOWN if message.address.startswith("p0") else Reason.MAILBOX_FULL
            return Refused(reason=reason, scope=Scope.RECIPIENT)

        bench = Bench(Scripted(answer))
        bench.add(1, 2)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)

        assert bench.store.suppressed == {"p0@example.test"}

    async def test_a_refused_sender_stops_at_once_and_costs_nobody_an_attempt(self) -> None:
        refusal = Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, detail="535 no")
        bench = Bench(Scripted(lambda m: refusal, concurrency=1))
        bench.add(1, 500)
        lane = await bench.start()

        await bench.until(lambda: bool(bench.store.refused))
        await lane.stop(seconds=10)

        assert bench.store.refused == [(1, Reason.CREDENTIALS_REFUSED, "535 no")]
        assert len(bench.transport.handed) == 1
        assert {d.attempts for d in bench.store.runs[1, 0].deliveries.values()} == {0}

    async def test_refused_content_stops_its_campaign_alone_and_fails_nobody(self) -> None:
        refusal = Refused(reason=Reason.TEMPLATE_UNUSABLE, scope=Scope.CAMPAIGN, detail="paused")

        def answer(message: Message) -> Outcome:
            return refusal if message.address.startswith("held") else Accepted()

        bench = Bench(Scripted(answer, concurrency=1))
        bench.add(1, 300, prefix="held")
        bench.add(2, 50)
        lane = await bench.start()

        await bench.until(lambda: bool(bench.store.paused) and bench.store.count(Settled.SENT) == 50)
        await lane.stop(seconds=10)

        campaign = bench.store.runs[1, 0].spec.campaign_id
        assert bench.store.paused == [(campaign, Reason.TEMPLATE_UNUSABLE, "paused")]
        assert bench.store.refused == []
        held = bench.store.runs[1, 0].deliveries.values()
        assert {(one.stage, one.attempts) for one in held} == {(Settled.PENDING, 0)}
        assert len([one for one in bench.transport.handed if one[-1].startswith("held")]) == 1

    async def test_a_provider_that_is_down_opens_the_breaker_and_costs_no_attempt(self) -> None:
        down = Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER)
        is_down = True
        bench = Bench(Scripted(lambda m: down if is_down else Accepted(), concurrency=4), retry=QUICK)
        bench.add(1, 200)
        lane = await bench.start()

        await bench.until(lambda: lane.breaker.open_until > 0)
        await asyncio.sleep(0.3)
        knocks = len(bench.transport.handed)
        is_down = False
        await finished(bench)
        await lane.stop(seconds=10)

        assert knocks <= 8
        assert {d.attempts for d in bench.store.runs[1, 0].deliveries.values()} == {1}

    async def test_a_transport_that_raises_leaves_a_handed_over_message_unknown(self) -> None:
        def fault(message: Message) -> Outcome:
            raise ZeroDivisionError

        bench = Bench(Scripted(fault, concurrency=1))
        bench.add(1, 1)
        lane = await bench.start()

        await finished(bench)
        await lane.stop(seconds=10)

        assert bench.store.count(Settled.UNKNOWN) == 1


class TestPrompt:
    async def test_nothing_is_handed_over_after_a_campaign_is_withdrawn(self) -> None:
        bench = Bench(Scripted(concurrency=10, seconds=0.01))
        run = bench.add(1, 5000)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) > 100)

        lane.withdraw(run.campaign_id)
        bench.store.runs[run.key].is_sending = False
        handed = len(bench.transport.handed)
        await asyncio.sleep(0.2)

        assert len(bench.transport.handed) == handed
        await bench.until(lambda: bench.store.count(IN_FLIGHT) == 0)
        await lane.stop(seconds=10)

    async def test_a_pause_followed_at_once_by_continue_loses_nobody(self) -> None:
        bench = Bench(Scripted(concurrency=10, seconds=0.002))
        run = bench.add(1, 1500)
        lane = await bench.start()

        for _ in range(10):
            await asyncio.sleep(0.02)
            lane.withdraw(run.campaign_id)
            await lane.update(bench.spec([]))
            await lane.update(bench.spec())
        await finished(bench)
        await lane.stop(seconds=10)

        assert bench.store.count(Settled.SENT) == 1500
        assert len(bench.transport.handed) == 1500

    async def test_another_speed_holds_at_once(self) -> None:
        bench = Bench(Scripted(concurrency=10))
        run = bench.add(1, 2_000, rate_limit=1.0)
        lane = await bench.start()
        await bench.until(lambda: bool(bench.taken))
        await asyncio.sleep(0.2)
        before, spent = len(bench.taken), bench.watch() - bench.taken[0]

        faster = type(run)(run_id=1, step=0, campaign_id=1, rate_limit=1000.0)
        await lane.update(bench.spec([faster]))
        await bench.until(lambda: len(bench.taken) >= before + 300)  # at the old speed: in five minutes
        await lane.stop(seconds=10)

        after = bench.taken[before:]
        assert before <= 1 + spent
        assert len(after) <= 60 + 1000 * (after[-1] - after[0])

    async def test_a_lane_in_doubt_hands_over_nothing(self) -> None:
        bench = Bench(Scripted(concurrency=4, seconds=0.001))
        bench.add(1, 5000)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) > 20)

        lane.suspended = True
        handed = len(bench.transport.handed)
        await asyncio.sleep(0.1)
        still = len(bench.transport.handed)
        lane.resume()
        await bench.until(lambda: len(bench.transport.handed) > still)
        await lane.stop(seconds=10)

        assert still == handed


class TestFair:
    async def test_a_small_campaign_moves_at_once_beside_a_huge_one(self) -> None:
        bench = Bench(Scripted(concurrency=5, seconds=0.002))
        huge = bench.add(1, 20_000)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) > 200)

        small, handed = bench.add(2, 10), len(bench.transport.handed)
        await lane.update(bench.spec([huge, small]))
        await bench.until(lambda: sum(run == 2 for _, run, _ in bench.transport.handed) == 10)
        runs = [run for _, run, _ in bench.transport.handed[handed:]]
        await lane.stop(seconds=10)

        last = max(number for number, run in enumerate(runs) if run == 2)
        assert runs[:last].count(1) < 500  # of the huge one, while the small one had its turns

    async def test_turns_follow_the_weights(self) -> None:
        bench = Bench(Scripted(concurrency=2, seconds=0.001))
        bench.add(1, 10_000, weight=1)
        bench.add(2, 10_000, weight=3)
        lane = await bench.start()
        await bench.until(lambda: len(bench.transport.handed) > 400)
        await lane.stop(seconds=10)

        shares = Counter(run for _, run, _ in bench.transport.handed)
        assert 2.0 < shares[2] / shares[1] < 4.0
