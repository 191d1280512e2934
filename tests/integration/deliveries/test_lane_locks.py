"""Owning lanes on a real server: once each, given up whole, and found again after the session was lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest
from django.db import OperationalError

from clarion.deliveries import lane_locks
from clarion.deliveries.lane_locks import LaneLocks
from clarion.deliveries.models import Worker
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.engine.plan import LaneSpec, RunSpec
from clarion.engine.ports import StoreDown
from clarion.runtime.worker import conninfo
from tests import waiting

pytestmark = pytest.mark.django_db(transaction=True)
KEY = (7, 0)


@asynccontextmanager
async def connected(worker: Worker) -> AsyncIterator[LaneLocks]:
    locks = LaneLocks(conninfo(), worker_id=worker.pk, woken=lambda payload: None)
    task = asyncio.create_task(locks.run())
    try:
        await until(locks, lambda: locks.generation == 1)
        yield locks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await locks.aclose()


async def until(locks: LaneLocks, question: Callable[[], bool]) -> None:
    await waiting.until(lambda: question() and locks.sound)


def make_worker(name: str) -> Worker:
    return Worker.objects.create(name=name, host="here", pid=1)


def test_a_lock_that_was_asked_for_twice_is_free_after_one_release() -> None:
    workers = [make_worker(name) for name in ("one", "two")]

    async def story() -> None:
        async with connected(workers[0]) as one, connected(workers[1]) as two:
            assert await one.acquire(KEY)
            assert await one.acquire(KEY)
            assert not await two.acquire(KEY)
            await one.release(KEY)
            assert await two.acquire(KEY)

    asyncio.run(story())


def test_who_died_counts_no_longer_from_the_moment_its_lanes_are_free() -> None:
    """Else its lanes would wait until nobody believes any more that it lives."""
    workers = [make_worker(name) for name in ("one", "two")]

    async def story() -> None:
        async with connected(workers[0]) as one, connected(workers[1]) as two:
            assert await two.acquire(KEY)
            assert await one.peers() == 2
            assert not await one.acquire(KEY)
            connection = two._connection
            assert connection is not None
            async with await psycopg.AsyncConnection.connect(conninfo(), autocommit=True) as other:
                # The process is killed: the server ends its session.
                two._connect = asyncio.Event().wait  # type: ignore[method-assign,assignment]
                await other.execute("select pg_terminate_backend(%s, 60000)", [connection.info.backend_pid])
            assert await one.peers() == 1
            assert await one.acquire(KEY)

    asyncio.run(story())


def test_it_comes_back_whenever_the_session_is_lost_and_claims_nothing_it_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lane_locks, "HEARTBEAT_SECONDS", 0.1)
    worker = make_worker("one")

    async def story() -> None:
        async with connected(worker) as locks:
            assert await locks.acquire(KEY)
            for generation in (2, 3, 4):
                # At a different moment of its round each time: while it beats, and while it listens.
                await asyncio.sleep(0.037 * generation)
                connection = locks._connection
                assert connection is not None
                async with await psycopg.AsyncConnection.connect(conninfo(), autocommit=True) as other:
                    await other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
                with suppress(StoreDown):
                    await locks._beat()
                await until(locks, lambda wanted=generation: locks.generation >= wanted)
                assert KEY not in locks._held
            assert await locks.acquire(KEY)

    asyncio.run(story())


def test_a_beat_that_finds_the_session_gone_does_not_end_the_beating(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = make_worker("one")
    beats = [StoreDown("gone"), ValueError("a fault of ours")]
    beat = LaneLocks._beat

    async def beaten(self: LaneLocks) -> None:
        if beats:
            raise beats.pop(0)
        await beat(self)

    monkeypatch.setattr(LaneLocks, "_beat", beaten)

    async def story() -> None:
        async with connected(worker) as locks:
            await until(locks, lambda: locks.generation == 3)

    asyncio.run(story())


@pytest.mark.parametrize("name", ["composer", "transport", "refuse_sender", "fail_run"])
def test_a_database_that_goes_while_a_lane_is_prepared_is_nobodys_fault(name: str) -> None:
    class Workshop:
        def __getattr__(self, _name: str) -> object:
            def gone(*_: object) -> None:
                raise OperationalError("the database system is shutting down")

            return gone

    spec = LaneSpec(sender_id=1, lane=0, lanes=1, channel="email", version="1")
    run = RunSpec(run_id=1, step=0, campaign_id=1)

    async def story() -> None:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1)  # type: ignore[arg-type]
            calls = {
                "composer": lambda: store.composer(spec, run),
                "transport": lambda: store.open_lane(spec),
                "refuse_sender": lambda: store.refuse_sender(spec, 1, "x"),  # type: ignore[arg-type]
                "fail_run": lambda: store.fail_run(run, "x"),
            }
            with pytest.raises(StoreDown):
                await calls[name]()

    asyncio.run(story())
