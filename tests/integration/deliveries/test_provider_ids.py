"""Providers' ids are kept where a channel's receipts need them, in the settling transaction, and nowhere else."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from clarion.channels import registry
from clarion.deliveries.models import ProviderMessage
from clarion.deliveries.store import PostgresStore, open_pool
from clarion.deliveries.workshop import Workshop
from clarion.engine.plan import RunSpec, Settled, Settlement
from tests.conftest import conninfo
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.CHANNELS, "bell", "tests.integration.hooks.bell")


def send(made: MadeRun, *provider_ids: str) -> None:
    """Claim and settle as many messages as there are ids."""

    async def story(store: PostgresStore) -> None:
        run = RunSpec(run_id=made.run.pk, step=0, campaign_id=made.campaign.pk)
        claim_id = made.run.pk * 1000
        batch = await store.claim(run, claim_id, len(provider_ids))
        await store.settle(
            run.key,
            [
                Settlement(claim_id, claim.delivery_id, Settled.SENT, code="OK", provider_id=one)
                for claim, one in zip(batch.claims, provider_ids, strict=True)
            ],
            [claim_id],
        )

    _do(story)


def _do(story: Callable[[PostgresStore], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_pool(conninfo()) as pool:
            await story(PostgresStore(pool, workshop=Workshop(), worker_id=1))

    asyncio.run(told())


def test_a_channel_that_needs_them_has_them() -> None:
    made = make_run(count=4, channel="bell")

    send(made, "a", "", "a", 'q"\\')

    rows = ProviderMessage.objects.filter(sender_id=made.sender.pk).order_by("provider_id")
    assert [row.provider_id for row in rows] == ["a", 'q"\\']
    assert rows[1].delivery_id == 64


def test_others_pay_nothing() -> None:
    made = make_run(count=1)

    send(made, "a")

    assert not ProviderMessage.objects.exists()
