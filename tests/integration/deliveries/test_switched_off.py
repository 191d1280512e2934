"""Where campaigns are switched off, or all is halted, no process plans or claims anything, nor by an older plan."""

from typing import Any

import pytest
from django.utils import timezone

from clarion.deliveries.models import Delivery
from clarion.deliveries.states import Stage
from clarion.deliveries.store import PostgresStore
from clarion.workspaces.models import Workspace
from tests.paying import spec_of, with_store
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db(transaction=True)


def seen(made: MadeRun) -> tuple[int, int]:
    """Return how many runs a process would send, and how many messages it gets by a plan of before."""
    found: list[int] = []

    async def story(store: PostgresStore) -> None:
        plan = await store.plan()
        batch = await store.claim(spec_of(made), 1, 5)
        found.extend((sum(len(lane.runs) for lane in plan), len(batch.claims)))

    with_store(story)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("off", "on"),
    [
        ({"campaigns_enabled": False}, {"campaigns_enabled": True}),
        ({"halted_at": timezone.now()}, {"halted_at": None}),
    ],
)
def test_nothing_is_sent_until_it_is_on_again(off: dict[str, Any], on: dict[str, Any]) -> None:
    made = make_run(count=3)
    workspace = Workspace.objects.filter(pk=made.run.workspace_id)

    workspace.update(**off)
    assert seen(made) == (0, 0)
    assert not Delivery.objects.exclude(stage=Stage.PENDING).exists()

    workspace.update(**on)
    assert seen(made) == (1, 3)
