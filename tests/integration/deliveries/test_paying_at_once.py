"""Money under many hands: sending processes, launches and bookings at once, each with a connection of its own."""

import asyncio
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction

from clarion.deliveries.models import Delivery, RunStep
from clarion.deliveries.money import checking, operations, tending
from clarion.deliveries.states import Stage
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.outcomes import Reason
from clarion.engine.plan import Settled, Settlement
from clarion.runtime.worker import conninfo
from clarion.senders.prices.tariff import Rate
from clarion.workspaces import actors
from clarion.workspaces.models import LedgerEntry
from clarion.workspaces.money import operations as accounts
from clarion.workspaces.money.errors import BalanceTooLow
from tests import paying
from tests.paying import UNIT, make_paid, spec_of
from tests.runs import MadeRun, add_run

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], None]) -> None:
    """Do all of it at the same time, each in a thread and on a connection of its own."""
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], None]) -> None:
        try:
            start.wait()
            deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        for done in [pool.submit(do, deed) for deed in deeds]:
            done.result()


def sending(made: MadeRun, number: int, *, units: int) -> Callable[[], None]:
    """Return a sending process that claims and settles until nothing is left or can be paid."""
    dice = random.Random(number)

    async def story() -> None:
        async with open_pool(conninfo()) as pool:
            store = PostgresStore(pool, workshop=Workshop(), worker_id=number)
            spec, empty = spec_of(made), 0
            for turn in range(1, 200):
                batch = await store.claim(spec, number * 1000 + turn, dice.randint(1, 7))
                settled = [
                    Settlement(
                        batch.claim_id, claim.delivery_id, stage, units=dice.randint(1, units), reason=why
                    )
                    for claim in batch.claims
                    for stage, why in [
                        dice.choice([(Settled.SENT, None)] * 4 + [(Settled.FAILED, Reason.MESSAGE_REFUSED)])
                    ]
                ]
                await store.settle(spec.key, settled, [batch.claim_id])
                empty = 0 if batch.claims else empty + 1
                if empty > 8:
                    return

    return lambda: asyncio.run(story())


def test_many_processes_spend_no_more_than_there_is() -> None:
    """Two campaigns of six processes share what is enough for half of one; others book and look on meanwhile."""
    first = make_paid(count=60, units=40, most=3)
    run = add_run(first.workspace, first.sender, count=60)
    paying.price(run.run, [Rate("", UNIT), Rate("person", 2 * UNIT)], most=3)
    is_over = threading.Event()
    lowest: list[int] = []

    def watching() -> None:
        while not is_over.is_set():
            account = paying.account_of(first.workspace)
            lowest.append(min(account.available, account.reserved))
            for step in RunStep.objects.filter(is_booked=False):
                operations.book(step.pk)

    def sends() -> None:
        try:
            at_once(*(sending(made, n, units=3) for n in range(1, 4) for made in [first]),
                    *(sending(run, n, units=3) for n in range(4, 7)))  # fmt: skip
        finally:
            is_over.set()

    at_once(watching, sends)
    for step in RunStep.objects.all():
        operations.book(step.pk, is_ending=True)

    account = paying.account_of(first.workspace)
    spent = sum(Delivery.objects.filter(stage=Stage.SENT).values_list("cost", flat=True))
    assert 0 < spent <= 40 * UNIT
    assert (account.balance, account.reserved) == (40 * UNIT - spent, 0)
    assert min(lowest) >= 0
    paying.assert_it_adds_up(first.workspace)


def test_of_launches_at_once_only_as_many_go_as_can_be_paid() -> None:
    made = make_paid(count=1, units=25)
    refused: list[BalanceTooLow] = []

    def launching(number: int) -> Callable[[], None]:
        def deed() -> None:
            try:
                accounts.hold(
                    workspace=made.workspace,
                    campaign_id=10_000 + number,
                    name="One",
                    amount=10 * UNIT,
                    by="Ana",
                )
            except BalanceTooLow as problem:
                refused.append(problem)

        return deed

    at_once(*(launching(number) for number in range(6)))

    assert len(refused) == 4
    assert str(refused[0]).endswith("5.00 EUR is available: 5.00 EUR is missing.")
    assert paying.account_of(made.workspace).available == 5 * UNIT
    paying.assert_it_adds_up(made.workspace)

    # None of these campaigns exists: what they set apart is free again, once, however many look at the same time.
    at_once(tending.free_holds, tending.free_holds, tending.free_holds)
    assert paying.account_of(made.workspace).available == 25 * UNIT
    paying.assert_it_adds_up(made.workspace)


def test_bookings_at_once_enter_a_charge_once() -> None:
    made = make_paid(count=10, units=10)
    sending(made, 1, units=1)()
    step = paying.step_of(made)

    at_once(*([lambda: bool(operations.book(step.pk)) and None] * 5))

    assert LedgerEntry.objects.filter(account__workspace=made.workspace, kind="CHARGE").count() == 1
    paying.assert_it_adds_up(made.workspace)


#: What a person, a launch and a run do to an account, with an amount in units.
DEEDS = ["top_up", "correct", "hold", "free", "take_over", "charge", "release"]


def do(what: str, amount: int, made: MadeRun) -> None:
    by, step = actors.operator(made.workspace), RunStep.objects.filter(run=made.run)
    now = step.get()
    if what == "top_up":
        accounts.top_up(by=by, amount=amount)
    elif what == "correct":
        accounts.correct(by=by, amount=-amount, note="Wrong.")
    elif what == "hold":
        accounts.hold(
            workspace=made.workspace, campaign_id=made.campaign.pk, name="", amount=amount, by="Ana"
        )
    elif what == "free":
        tending.free_holds()
    elif what == "take_over":
        with transaction.atomic():
            step.update(reserved=now.reserved + accounts.take_over(campaign_id=made.campaign.pk))
    elif what == "charge":
        step.update(charged=now.charged + min(amount, tending.room_of(now)))
    else:
        operations.book(now.pk, is_ending=amount % 2 == 0)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_the_account_is_never_overdrawn_and_adds_up(seed: int) -> None:
    dice, refused = random.Random(seed), 0
    made = make_paid(count=1, units=20)
    for _ in range(40):
        what, amount = dice.choice(DEEDS), dice.randint(1, 12 * UNIT)
        before = paying.account_of(made.workspace)
        try:
            do(what, amount, made)
        except BalanceTooLow as problem:
            refused += problem.needed > problem.available
        account = paying.account_of(made.workspace)
        assert account.balance >= account.reserved >= 0, (what, amount, before.balance, before.reserved)

    assert refused
    found = checking.check_account(paying.account_of(made.workspace)).findings
    charged = RunStep.objects.get(run=made.run)
    assert (found, charged.booked <= charged.charged <= charged.reserved) == ([], True)
