"""What the sending engine is promised of its ledger, asked of both: the one in memory and the one on PostgreSQL."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

import pytest
from django.db import connection

from clarion.deliveries import ledger
from clarion.deliveries.models import Claim as ClaimRow
from clarion.deliveries.models import Delivery, Run
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.memory import MemoryStore
from clarion.engine.outcomes import Reason
from clarion.engine.plan import LaneSpec, LaneState, RunSpec, Settled, Settlement
from clarion.engine.ports import Store, StoreDown
from clarion.runtime.worker import conninfo
from tests.runs import MadeRun, make_run
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 10
IN_FLIGHT = 1


class Case(Protocol):
    """A store that holds one run of COUNT people."""

    run: RunSpec

    def do(self, story: Callable[[Store], Awaitable[None]]) -> None: ...
    def rows(self) -> list[tuple[int, int]]:
        """Return (stage, attempts) of every delivery, by its id."""
        ...

    def check(self) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.run = RunSpec(run_id=1, step=0, campaign_id=1)
        self.store = MemoryStore(lambda spec: None)  # type: ignore[arg-type,return-value]
        self.store.add(self.run, [f"person{i}@example.test" for i in range(COUNT)], None)  # type: ignore[arg-type]

    def do(self, story: Callable[[Store], Awaitable[None]]) -> None:
        asyncio.run(_awaited(story(self.store)))

    def rows(self) -> list[tuple[int, int]]:
        deliveries = self.store.runs[self.run.key].deliveries
        return [(int(deliveries[i].stage), deliveries[i].attempts) for i in sorted(deliveries)]

    def check(self) -> None:
        """There are no counters that could be wrong."""


class OnPostgres:
    def __init__(self) -> None:
        made = make_run(count=COUNT)
        self.run = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)

    def do(self, story: Callable[[Store], Awaitable[None]]) -> None:
        async def told() -> None:
            async with open_pool(conninfo()) as pool:
                await story(PostgresStore(pool, workshop=Workshop(), worker_id=1))

        asyncio.run(told())

    def rows(self) -> list[tuple[int, int]]:
        rows = Delivery.objects.filter(run_id=self.run.run_id).order_by("id")
        return list(rows.values_list("stage", "attempts"))

    def check(self) -> None:
        assert ledger.check(Run.objects.get(pk=self.run.run_id)).findings == []
        in_flight = Delivery.objects.filter(run_id=self.run.run_id, stage=IN_FLIGHT).count()
        assert bool(in_flight) == ClaimRow.objects.filter(run_id=self.run.run_id).exists()


async def _awaited(story: Awaitable[None]) -> None:
    await story


@pytest.fixture(params=[InMemory, OnPostgres])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    made: Case = request.param()
    yield made
    made.check()


def ids(batch: Any) -> list[int]:
    return [claim.delivery_id for claim in batch.claims]


def all_of(batch: Any, stage: Settled, **facts: Any) -> list[Settlement]:
    return [Settlement(batch.claim_id, one, stage, **facts) for one in ids(batch)]


class TestClaims:
    def test_each_message_is_claimed_once_in_order(self, case: Case) -> None:
        async def story(store: Store) -> None:
            batches = [await store.claim(case.run, n, 4) for n in (1, 2, 3, 4)]
            assert [ids(b) for b in batches] == [
                [16, 32, 48, 64], [80, 96, 112, 128], [144, 160], [],
            ]  # fmt: skip
            assert batches[0].claims[0].attempt == 1

        case.do(story)
        assert case.rows() == [(IN_FLIGHT, 1)] * COUNT

    def test_claims_at_once_share_out_the_messages(self, case: Case) -> None:
        async def story(store: Store) -> None:
            batches = await asyncio.gather(*(store.claim(case.run, n, 3) for n in range(1, 7)))
            taken = [one for batch in batches for one in ids(batch)]
            while batch := ids(await store.claim(case.run, 99, 3)):
                taken += batch
            assert sorted(taken) == [i * 16 for i in range(1, COUNT + 1)]

        case.do(story)

    def test_what_is_given_back_is_claimed_again_and_costs_no_attempt(self, case: Case) -> None:
        async def story(store: Store) -> None:
            await store.claim(case.run, 1, 4)
            await store.release([1])
            await store.release([1])
            assert ids(await store.claim(case.run, 2, 4)) == [16, 32, 48, 64]

        case.do(story)
        assert case.rows() == [(IN_FLIGHT, 1)] * 4 + [(0, 0)] * 6

    def test_what_was_put_off_comes_when_it_is_due_and_not_before(self, case: Case) -> None:
        async def story(store: Store) -> None:
            batch = await store.claim(case.run, 1, COUNT)
            now = time.time()
            soon, due = now + 0.05, now + 3600
            busy = {"reason": Reason.PROVIDER_BUSY}
            later = all_of(batch, Settled.PENDING, not_before=due, **busy)
            later[-3:] = all_of(batch, Settled.PENDING, not_before=soon, **busy)[-3:]
            await store.settle(case.run.key, later, [1])

            numbers = itertools.count(2)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (again := await store.claim(case.run, next(numbers), COUNT)).claims:
                    await asyncio.sleep(0.01)
            early = await store.claim(case.run, next(numbers), COUNT)

            assert time.time() >= soon
            assert ids(again) == ids(batch)[-3:]
            assert {claim.attempt for claim in again.claims} == {2}
            assert ids(early) == []
            assert early.next_due == pytest.approx(due, abs=0.05)

        case.do(story)
        assert case.rows() == [(0, 1)] * (COUNT - 3) + [(IN_FLIGHT, 2)] * 3


class TestSettling:
    def test_every_outcome_finds_its_place(self, case: Case) -> None:
        async def story(store: Store) -> None:
            batch = await store.claim(case.run, 1, 4)
            stages = [Settled.SENT, Settled.FAILED, Settled.UNKNOWN, Settled.PENDING]
            reasons = [None, Reason.ADDRESS_UNKNOWN, Reason.CONNECTION_LOST, Reason.PROVIDER_BUSY]
            settlements = [
                Settlement(1, one, stage, reason=reason)
                for one, stage, reason in zip(ids(batch), stages, reasons, strict=True)
            ]
            await store.settle(case.run.key, settlements, [1])

        case.do(story)
        assert case.rows()[:4] == [(2, 1), (4, 1), (5, 1), (0, 1)]

    def test_settling_again_changes_nothing(self, case: Case) -> None:
        async def story(store: Store) -> None:
            batch = await store.claim(case.run, 1, COUNT)
            for _ in range(2):
                await store.settle(case.run.key, all_of(batch, Settled.SENT), [1])
            await store.settle(case.run.key, all_of(batch, Settled.FAILED, reason=Reason.REJECTED), [1])

        case.do(story)
        assert case.rows() == [(2, 1)] * COUNT

    def test_a_claim_that_others_have_settled_is_not_settled_by_its_late_owner(self, case: Case) -> None:
        async def story(store: Store) -> None:
            batch = await store.claim(case.run, 1, COUNT)
            await store.release([1])
            await store.claim(case.run, 2, COUNT)
            await store.settle(case.run.key, all_of(batch, Settled.SENT), [1])

        case.do(story)
        assert case.rows() == [(IN_FLIGHT, 1)] * COUNT

    def test_any_words_of_a_provider_can_be_kept(self, case: Case) -> None:
        words = {"code": '250 "x\\{', "provider_id": "a\x00b,c}\ud800", "detail": "\ud83dé\x00"}

        async def story(store: Store) -> None:
            for n, stage, reason in ((1, Settled.SENT, None), (2, Settled.FAILED, Reason.REJECTED)):
                batch = await store.claim(case.run, n, 1)
                await store.settle(case.run.key, all_of(batch, stage, reason=reason, **words), [n])

        case.do(story)
        assert [stage for stage, _ in case.rows()[:2]] == [2, 4]


class TestGaps:
    """People who are left out have no message, or one that is not pending: a claim passes over them."""

    FRONT = 25_000

    @pytest.mark.parametrize("since", ["before", "after"])
    def test_any_number_of_people_left_out_costs_one_claim(self, since: str) -> None:
        made = make_run(count=self.FRONT + COUNT)
        with connection.cursor() as cursor:
            if since == "before":
                sql = "delete from deliveries_delivery where run_id = %s and id <= %s * 16"
            else:
                sql = "update deliveries_delivery set stage = 6 where run_id = %s and id <= %s * 16"
            cursor.execute(sql, [made.run.pk, self.FRONT])
        spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)

        async def story() -> list[list[int]]:
            async with open_pool(conninfo()) as pool:
                store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
                return [ids(await store.claim(spec, n, 4)) for n in range(1, 5)]

        first = self.FRONT + 1
        assert [[i // 16 - first for i in batch] for batch in asyncio.run(story())] == [
            [0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [],
        ]  # fmt: skip


class NoWorkshop(Workshop):
    """Makes no transports: nothing is sent here."""

    def transport(self, spec: LaneSpec) -> Any:
        return None


class TestLimits:
    """What a lane may have sent is on record before it sends, by whoever owns the lane."""

    def lane(self, made: MadeRun, *, number: int = 0, lanes: int = 1) -> LaneSpec:
        return LaneSpec(sender_id=made.sender.pk, lane=number, lanes=lanes, channel="sandbox", version="1")

    def tell(self, story: Callable[[PostgresStore, PostgresStore], Awaitable[None]]) -> None:
        async def told() -> None:
            async with open_pool(conninfo()) as pool:
                await story(*(PostgresStore(pool, workshop=NoWorkshop(), worker_id=n) for n in (1, 2)))

        asyncio.run(told())

    def test_a_claim_is_reserved_until_the_lane_is_saved(self) -> None:
        made = make_run(count=COUNT, limit_hour=100)
        spec, lane = RunSpec(run_id=made.run.pk, step=0, campaign_id=1), self.lane(made)

        async def story(store: PostgresStore, successor: PostgresStore) -> None:
            _, state = await store.open_lane(lane)
            assert state == LaneState()
            await store.claim(spec, 1, 4, counted=lane)
            await store.claim(spec, 2, 3, counted=lane)
            assert (await successor.open_lane(lane))[1] == LaneState(reserved=7)
            await successor.save_lane(lane, LaneState(limits={"hour": {"0": 7}}), 0.0, None)
            await successor.claim(spec, 3, 1, counted=lane)
            assert (await store.open_lane(lane))[1] == LaneState(limits={"hour": {"0": 7}}, reserved=1)

        self.tell(story)

    def test_who_lost_the_lane_claims_nothing_for_it_and_saves_nothing(self) -> None:
        made = make_run(count=COUNT, limit_hour=100)
        spec, lane = RunSpec(run_id=made.run.pk, step=0, campaign_id=1), self.lane(made)

        async def story(store: PostgresStore, successor: PostgresStore) -> None:
            await store.open_lane(lane)
            await successor.open_lane(lane)
            assert ids(await store.claim(spec, 1, 4, counted=lane)) == []
            await store.save_lane(lane, LaneState(limits={"hour": {}}, reserved=0), 0.0, None)
            assert len((await successor.claim(spec, 2, COUNT, counted=lane)).claims) == COUNT
            await store.save_lane(lane, LaneState(limits={"hour": {}}, reserved=0), 0.0, None)
            assert (await successor.open_lane(lane))[1] == LaneState(reserved=COUNT)

        self.tell(story)
        assert ledger.check(Run.objects.get(pk=made.run.pk)).findings == []

    def test_lanes_that_are_opened_at_once_are_each_their_owners(self) -> None:
        senders = [make_run(count=COUNT, limit_hour=1000, lanes=2) for _ in range(10)]

        async def story(store: PostgresStore, other: PostgresStore) -> None:
            for made in senders:
                spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=1)
                one, two = (self.lane(made, number=number, lanes=2) for number in (0, 1))
                await asyncio.gather(store.open_lane(one), other.open_lane(two))
                assert len((await store.claim(spec, made.run.pk * 2, 4, counted=one)).claims) == 4
                assert len((await other.claim(spec, made.run.pk * 2 + 1, 4, counted=two)).claims) == 4

        self.tell(story)

    def test_other_lanes_count_what_the_earlier_ones_used(self) -> None:
        made = make_run(count=COUNT, limit_hour=100)
        spec, lane = RunSpec(run_id=made.run.pk, step=0, campaign_id=1), self.lane(made)
        hour = int(time.time() // 60 * 60)

        async def story(store: PostgresStore, successor: PostgresStore) -> None:
            await store.open_lane(lane)
            await store.save_lane(lane, LaneState(limits={"hour": {str(hour): 40}}), 0.0, None)
            await store.claim(spec, 1, 4, counted=lane)
            async with store.connection() as connection:
                await connection.execute(
                    "update senders_sender set lanes = 4 where id = %s", [made.sender.pk]
                )
            with pytest.raises(StoreDown):  # its plan is older than the change
                await successor.open_lane(lane)
            for number in range(4):
                _, state = await successor.open_lane(self.lane(made, number=number, lanes=4))
                assert sum(state.limits["hour"].values()) == 44 / 4 + 1
            assert ids(await store.claim(spec, 2, 4, counted=lane)) == []

        self.tell(story)
