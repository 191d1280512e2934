"""The figures of docs/explanation/performance.md for what costs: what paying adds to the ledger's work for a message.

Run: .venv/bin/python -m tests.bench.bench_paying_ledger [MESSAGES]. Three runs are claimed and settled through the
real store in claims of 1,000, one claim of each in turn: one that costs nothing, one with one price, one with 200
prefixes. So whatever else the machine does falls upon all three alike, and what is told is the median of the
differences within the turns. CPU is what the kernel counted, in nanoseconds, for this process and for the one process
of PostgreSQL behind the connection; nothing is sent, because sending costs the same with money and without.
"""

import asyncio
import statistics
import sys
import time
from pathlib import Path

from tests.bench import machine

HOME = machine.prepare()

from django.db import connection

from clarion.deliveries.models import RunStep
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.plan import RunSpec, Settled, Settlement
from clarion.runtime.worker import conninfo
from clarion.senders.prices.tariff import Rate
from clarion.workspaces.models import Account
from tests import paying
from tests.bench.bench_send import Figures
from tests.runs import MadeRun, make_run

CLAIM = 1_000
#: Microseconds that a whole mail may cost; see docs/explanation/performance.md.
MAIL = 100
ONE = [Rate("", 1_000)]
MANY = [*ONE, *(Rate(f"{n:03}", 2_000) for n in range(200))]


def make(count: int, rates: list[Rate]) -> MadeRun:
    """Return a run of so many people with telephone numbers, whose messages cost that."""
    made = make_run(count=count)
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_recipient set address = '+' || lpad((id %% 400)::text, 3, '0') || (10000000 + id)"
            " where run_id = %s",
            [made.run.pk],
        )
    if rates:
        paying.open_account(made.workspace, 10**6)
        paying.price(made.run, rates)
    return made


def spent(backend: int) -> tuple[int, int]:
    """Return the nanoseconds of CPU that this process and PostgreSQL's took so far."""
    return time.process_time_ns(), int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])


async def turn(store: PostgresStore, spec: RunSpec, number: int, backend: int) -> tuple[float, float]:
    """Claim and settle once; return the microseconds of a message here and in PostgreSQL."""
    before = spent(backend)
    batch = await store.claim(spec, number, CLAIM)
    done = [
        Settlement(number, claim.delivery_id, Settled.SENT, provider_id=f"{claim.delivery_id:x}")
        for claim in batch.claims
    ]
    await store.settle(spec.key, done, [number])
    own, its = (after - at for after, at in zip(spent(backend), before, strict=True))
    assert len(done) == CLAIM
    return own / CLAIM / 1e3, its / CLAIM / 1e3


async def measure(made: dict[str, MadeRun], turns: int) -> dict[str, list[tuple[float, float]]]:
    """Let each have its turn so often, who begins being changed each time."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
    specs = {
        name: RunSpec(run_id=one.run.pk, step=0, campaign_id=one.campaign.pk) for name, one in made.items()
    }
    number = 1
    async with open_pool(conninfo(), most=1) as pool:
        store = PostgresStore(pool, workshop=Workshop(), worker_id=1)
        async with store.connection() as lent:
            backend = lent.info.backend_pid
        for one in range(turns):
            names = list(specs)[one % 3 :] + list(specs)[: one % 3]
            for name in names:
                found[name].append(await turn(store, specs[name], number, backend))
                number += 1
    return found


def main() -> None:
    count = (int(sys.argv[1]) if len(sys.argv) > 1 else 100_000) // CLAIM * CLAIM
    with machine.Machine(HOME):
        made = {
            name: make(count, rates)
            for name, rates in (("free", []), ("one price", ONE), ("200 prefixes", MANY))
        }
        with connection.cursor() as cursor:
            cursor.execute("vacuum analyze deliveries_recipient, deliveries_delivery")
            cursor.execute("checkpoint")
        found = asyncio.run(measure(made, count // CLAIM))
        for name in ("one price", "200 prefixes"):
            step = RunStep.objects.get(run=made[name].run)
            assert step.accepted == count
            assert step.charged > 0 == step.held
        assert Account.objects.count() == 2
    figures = Figures()
    # The first turns prepare statements, and fill caches.
    kept = {name: turns[5:] for name, turns in found.items()}
    for name, turns in kept.items():
        own, its = (statistics.median(column) for column in zip(*turns, strict=True))
        more = [sum(mine) - sum(free) for mine, free in zip(turns, kept["free"], strict=True)]
        told = f"program {own:.1f} + PostgreSQL {its:.1f} µs"
        if name != "free":
            low, middle, high = statistics.quantiles(more, n=4)
            told += (
                f"; **{middle:+.1f} µs**, half of the turns {low:+.1f} to {high:+.1f}: "
                f"{middle / MAIL:+.1%} of a mail of {MAIL} µs"
            )
        figures.add(f"claiming and settling a message: {name}", told)


if __name__ == "__main__":
    main()
