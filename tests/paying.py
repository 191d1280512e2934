"""Runs that cost something, for tests of the money, and the whole proof that it adds up."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from django.db import connection

from clarion.deliveries import ledger
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.money import checking
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.plan import RunSpec
from clarion.runtime.worker import conninfo
from clarion.senders.prices.tariff import Rate, Tariff
from clarion.workspaces import actors
from clarion.workspaces.models import Account, Workspace
from clarion.workspaces.money import operations
from tests.runs import MadeRun, make_run

#: A unit of the currency, in millionths.
UNIT = 1_000_000


def open_account(workspace: Workspace, units: int = 0) -> Account:
    """Let the workspace pay from a balance of so many units."""
    by = actors.operator(workspace)
    operations.switch_on(by=by, currency="EUR")
    if units:
        operations.top_up(by=by, amount=units * UNIT)
    return account_of(workspace)


def account_of(workspace: Workspace) -> Account:
    return Account.objects.get(workspace=workspace)


def make_paid(
    *, count: int, units: int, rates: Sequence[Rate] = (Rate("", UNIT),), most: int = 1, **facts: Any
) -> MadeRun:
    """Return a run whose messages cost a unit each, of a workspace that has so many."""
    made = make_run(count=count, **facts)
    open_account(made.workspace, units)
    price(made.run, rates, most=most)
    return made


def price(run: Run, rates: Sequence[Rate] = (Rate("", UNIT),), *, most: int = 1) -> None:
    RunStep.objects.filter(run=run).update(tariff=Tariff(rates, most=most).dump(), is_booked=False)


def spec_of(made: MadeRun) -> RunSpec:
    return RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)


def with_store(story: Callable[[PostgresStore], Awaitable[None]]) -> None:
    """Tell a story of a sending process."""

    async def told() -> None:
        async with open_pool(conninfo()) as pool:
            await story(PostgresStore(pool, workshop=Workshop(), worker_id=1))

    asyncio.run(told())


def step_of(made: MadeRun) -> RunStep:
    return RunStep.objects.get(run=made.run)


def assert_it_adds_up(workspace: Workspace) -> None:
    """Count all of a workspace's money again."""
    for run in Run.objects.filter(workspace=workspace):
        assert ledger.check(run).findings == []
    assert checking.check_account(account_of(workspace)).findings == []


def set_addresses(made: MadeRun, addresses: Sequence[str]) -> None:
    """Give the run's first people these addresses."""
    with connection.cursor() as cursor:
        for number, address in enumerate(addresses, start=1):
            cursor.execute(
                "update deliveries_recipient set address = %s where run_id = %s and id = %s",
                [address, made.run.pk, number],
            )
