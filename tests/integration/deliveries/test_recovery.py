"""After a process died: what it held is pending, settled or unknown, by what its journal tells."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from clarion.deliveries import ledger
from clarion.deliveries.models import Claim, Delivery, Run, Worker
from clarion.deliveries.recovery import recover
from clarion.deliveries.states import Stage
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine import journal
from clarion.engine.journal import Journal
from clarion.engine.plan import RunSpec, Settled, Settlement
from clarion.runtime.worker import conninfo
from tests.runs import make_run
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

HERE, ELSEWHERE = "this-host", "another-host"
CLAIM = 77


def make_worker(name: str = "dead", *, host: str = HERE, silent: float = 0.0, ended: bool = False) -> Worker:
    heard = timezone.now() - timedelta(seconds=silent)
    return Worker.objects.create(
        name=name, host=host, pid=1, heartbeat_at=heard, ended_at=heard if ended else None
    )


def recovered(
    folder: Path, worker: Worker, *, write: Callable[[Journal], None] | None, spoil: bool = False
) -> tuple[Run, list[int]]:
    """Return the run and its stages after `worker` died with four messages claimed; `write` fills its journal."""
    made = make_run(count=4)
    spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)

    async def story() -> None:
        async with open_pool(conninfo()) as pool:
            dead = PostgresStore(pool, workshop=Workshop(), worker_id=worker.pk)
            await dead.claim(spec, CLAIM, 4)
            if write is not None:
                own = Journal(folder, worker.name)
                own.open_claim(CLAIM)
                write(own)
                own.close()
            if spoil:
                (folder / f"{worker.name}.lock").write_text("another start of the machine")
            store = PostgresStore(pool, workshop=Workshop(), worker_id=worker.pk + 1)
            await asyncio.gather(*(recover(store, folder, host=HERE, own="living") for _ in range(3)))

    asyncio.run(story())
    run = Run.objects.get(pk=made.run.pk)
    assert ledger.check(run).findings == []
    return run, list(Delivery.objects.filter(run_id=run.pk).order_by("id").values_list("stage", flat=True))


def some(own: Journal) -> None:
    """The first ended, the second was put off, the third was begun, the fourth never touched."""
    for number in (1, 2, 3):
        own.begin(CLAIM, number * 16)
    own.end(CLAIM, 16, Settlement(CLAIM, 16, Settled.SENT, "250", "id-1").dump())
    own.end(CLAIM, 32, Settlement(CLAIM, 32, Settled.PENDING, uncounted=True).dump())


def test_each_message_is_where_the_journal_says(tmp_path: Path) -> None:
    run, stages = recovered(tmp_path, make_worker(), write=some)

    assert stages == [Stage.SENT, Stage.PENDING, Stage.UNKNOWN, Stage.PENDING]
    assert (run.sent, run.pending, run.unknown, run.in_flight) == (1, 2, 1, 0)
    assert Delivery.objects.get(run_id=run.pk, id=16).provider_id == "id-1"
    assert not Claim.objects.exists()
    assert list(tmp_path.iterdir()) == []
    assert Worker.objects.get(name="dead").ended_at is not None


def test_what_a_journal_that_cannot_be_trusted_does_not_name_is_unknown(tmp_path: Path) -> None:
    _, stages = recovered(tmp_path, make_worker(), write=some, spoil=True)

    assert stages == [Stage.SENT, Stage.PENDING, Stage.UNKNOWN, Stage.UNKNOWN]


@pytest.mark.parametrize("host", [HERE, ELSEWHERE])
@pytest.mark.parametrize("ended", [False, True])
def test_whatever_a_vanished_process_held_is_unknown(tmp_path: Path, host: str, ended: bool) -> None:
    """On this host too: its journal may have gone with a container's disk."""
    _, stages = recovered(tmp_path, make_worker(host=host, silent=90, ended=ended), write=None)

    assert stages == [Stage.UNKNOWN] * 4


@pytest.mark.parametrize("host", [HERE, ELSEWHERE])
def test_a_process_that_was_heard_lately_keeps_what_it_holds(tmp_path: Path, host: str) -> None:
    _, stages = recovered(tmp_path, make_worker(host=host, silent=20), write=None)

    assert stages == [Stage.IN_FLIGHT] * 4


def test_a_silent_process_of_this_host_that_lives_keeps_what_it_holds(tmp_path: Path) -> None:
    alive: list[Journal] = []

    def stays(own: Journal) -> None:
        some(own)
        own.close = lambda: None  # type: ignore[method-assign]
        alive.append(own)

    _, stages = recovered(tmp_path, make_worker(silent=90), write=stays)

    assert stages == [Stage.IN_FLIGHT] * 4
    assert journal.is_kept(tmp_path, "dead")


async def _claim_uncommitted(
    connection: psycopg.AsyncConnection[Any], store: PostgresStore, spec: RunSpec, claim: int
) -> None:
    """Do what a claim does, up to its COMMIT, which is still on its way."""
    await connection.execute("begin")
    assert len(await store._claim_next(connection, spec, claim, 4)) == 4


def test_a_claim_that_comes_about_after_its_process_died_is_pending_again(tmp_path: Path) -> None:
    worker, made = make_worker(), make_run(count=4)
    spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)

    async def story() -> None:
        own = Journal(tmp_path, worker.name)
        own.open_claim(CLAIM)
        own.close()
        async with (
            open_pool(conninfo()) as pool,
            await psycopg.AsyncConnection.connect(conninfo(), application_name=worker.name) as last,
        ):
            dead = PostgresStore(pool, workshop=Workshop(), worker_id=worker.pk)
            store = PostgresStore(pool, workshop=Workshop(), worker_id=worker.pk + 1)
            await _claim_uncommitted(last, dead, spec, CLAIM)
            assert await recover(store, tmp_path, host=HERE, own="living") == 0
            await last.commit()
            await last.close()
            while not await recover(store, tmp_path, host=HERE, own="living"):
                await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(story(), PATIENCE_SECONDS))
    run = Run.objects.get(pk=made.run.pk)
    assert (run.pending, run.in_flight, run.unknown) == (4, 0, 0)
    assert ledger.check(run).findings == []


def given_up(story: Callable[[PostgresStore, RunSpec], Awaitable[None]]) -> None:
    """Let the story give a claim up, and see that nobody is forgotten."""
    made = make_run(count=4)
    spec = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)

    async def told() -> None:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
            await story(store, spec)
            await store.retire("")

    asyncio.run(asyncio.wait_for(told(), PATIENCE_SECONDS))
    run = Run.objects.get(pk=made.run.pk)
    assert (run.pending, run.in_flight) == (4, 0)
    assert ledger.check(run).findings == []
    assert not Claim.objects.exists()


def test_a_claim_that_comes_about_while_it_is_given_back_is_given_back() -> None:
    async def story(store: PostgresStore, spec: RunSpec) -> None:
        async with await psycopg.AsyncConnection.connect(conninfo()) as lost:
            await _claim_uncommitted(lost, store, spec, CLAIM)
            release = asyncio.create_task(store.release([CLAIM]))
            await asyncio.sleep(0.3)
            await lost.commit()
            await release

    given_up(story)


def test_a_claim_that_was_given_back_cannot_come_about_any_more() -> None:
    async def story(store: PostgresStore, spec: RunSpec) -> None:
        await store.release([CLAIM])
        with pytest.raises(psycopg.errors.UniqueViolation):
            await store.claim(spec, CLAIM, 4)

    given_up(story)
