"""The people of old runs are forgotten where their workspace asks for it, and only there and then."""

from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import retention, tasks
from clarion.deliveries.errors import RetryRefused
from clarion.deliveries.models import Answer, Attempt, Delivery, Push, Receipt, Recipient, Run, RunProblem
from clarion.deliveries.retrying import retry_failed
from clarion.deliveries.states import Result
from clarion.workspaces.models import Workspace
from tests import ledgers

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice, status=Status.COMPLETED)


def ended(campaign: Campaign, days: int) -> Run:
    """Return a run that ended so many days ago and names its people wherever a run can."""
    run = ledgers.make_run(campaign, finished=True, sent=3, failed=2)
    at = timezone.now() - days * DAY
    Run.objects.filter(pk=run.pk).update(finished_at=at, folded_at=at)
    ledgers.add_receipts(run, [1], Result.DELIVERED)
    for model in (Attempt, Receipt):
        model.objects.filter(run_id=run.pk).update(detail="<person0000001@example.test> said no")
    Push.objects.create(run_id=run.pk, key="person0000001@example.test", recipient_id=1)
    RunProblem.objects.filter(run_id=run.pk).update(sample="person0000004@example.test refused")
    Answer.objects.create(
        workspace_id=campaign.workspace_id, channel="email", sender_id=1, address="person0000001@example.test",
        meaning="NONE", event_key="1", run_id=run.pk, delivery_id=16,
    )  # fmt: skip
    return run


def keep(workspace: Workspace, days: int) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(retention_days=days)


def every_word() -> str:
    """Return all that is known of runs, as text."""
    models = (Recipient, Delivery, Attempt, Receipt, Push, Answer, RunProblem)
    return " ".join(str(list(model.objects.values_list())) for model in models)


def test_nobody_of_an_old_run_is_named_and_its_numbers_stay(campaign: Campaign) -> None:
    run = ended(campaign, days=31)
    assert "person00000" in every_word()
    keep(campaign.workspace, 30)

    assert (retention.forget_old(), retention.forget_old()) == (1, 0)

    assert "person00000" not in every_word()
    assert "Number 1" not in every_word()
    run.refresh_from_db()
    assert (run.sent, run.failed, Recipient.objects.filter(run_id=run.pk).count()) == (3, 2, 5)
    assert Attempt.objects.filter(run_id=run.pk).exists()


@pytest.mark.parametrize(("kept", "ago"), [(30, 29), (0, 5000)])
def test_younger_runs_and_those_of_other_workspaces_stay(campaign: Campaign, kept: int, ago: int) -> None:
    ended(campaign, days=ago)
    keep(campaign.workspace, kept)

    assert retention.forget_old() == 0
    assert "person0000001@example.test" in every_word()


def test_a_run_that_goes_on_or_whose_activity_is_not_noted_yet_is_let_be(campaign: Campaign) -> None:
    run = ended(campaign, days=31)
    keep(campaign.workspace, 30)
    Run.objects.filter(pk=run.pk).update(folded_at=None)
    assert retention.forget_old() == 0
    Run.objects.filter(pk=run.pk).update(finished_at=None)

    assert retention.forget(run.pk) is False
    assert "person0000001@example.test" in every_word()


def test_nobody_forgotten_is_sent_to_again(people: ledgers.People, campaign: Campaign) -> None:
    ended(campaign, days=31)
    keep(campaign.workspace, 30)
    retention.forget_old()

    with pytest.raises(RetryRefused):
        retry_failed(campaign=campaign, by=ledgers.actor(people.alice))


def test_a_job_of_every_night_does_it(campaign: Campaign) -> None:
    ended(campaign, days=31)
    keep(campaign.workspace, 30)

    tasks.forget_people(timestamp=0)

    assert "person00000" not in every_word()
    (planned,) = [
        one
        for (name, _id), one in app.periodic_registry.periodic_tasks.items()
        if name == tasks.forget_people.name
    ]
    assert planned.croniter.expressions[2:] == ["*", "*", "*"], "every day"
