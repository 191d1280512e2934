"""The generated workspace: as large as asked for, and true to the last counter."""

import pytest
from django.db.models import Sum

from clarion.audience.models import Contact
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import ledger
from clarion.deliveries.models import Run
from clarion.runtime import demo
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace
from tests.factories import make_user

pytestmark = pytest.mark.django_db

SIZE = demo.Size(campaigns=100, deliveries=6_000, contacts=50)


def test_it_is_as_large_as_asked_for_and_every_ledger_is_whole() -> None:
    heard: list[tuple[int, int]] = []

    workspace = demo.load_large(make_user(), SIZE, lambda done, of: heard.append((done, of)))

    runs = list(Run.objects.filter(workspace=workspace))
    assert Campaign.objects.filter(workspace=workspace, is_demo=True).count() == 100
    assert Contact.objects.filter(workspace=workspace).count() == 50
    assert sum(run.total for run in runs) == pytest.approx(6_000, rel=0.05)
    assert heard[-1] == (len(runs), len(runs))
    found = set(Campaign.objects.values_list("status", flat=True))
    assert found >= {Status.DRAFT, Status.SCHEDULED, Status.PAUSED, Status.COMPLETED, Status.FAILED}
    largest = sorted(runs, key=lambda run: -run.total)[:5]
    paused = [run for run in runs if run.finished_at is None]
    assert [finding for run in [*largest, *paused] for finding in ledger.check(run).findings] == []


def test_it_is_removed_like_the_small_one_and_does_not_stand_in_its_way() -> None:
    workspace = demo.load_large(make_user(), demo.Size(campaigns=20, deliveries=100, contacts=5))

    small = demo.load(make_user())
    gone = demo.remove(actors.system(workspace))

    assert small != workspace
    assert gone.campaigns == 20
    assert not Run.objects.filter(workspace=workspace.pk).aggregate(n=Sum("total"))["n"]
    assert list(Workspace.objects.filter(is_demo=True)) == [small]
