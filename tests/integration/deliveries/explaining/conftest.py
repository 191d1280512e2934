"""A campaign that is being sent, and a process that sends."""

import pytest

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Run, Worker
from tests import ledgers


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def worker() -> Worker:
    return Worker.objects.create(name="w", host="h", pid=1)


@pytest.fixture
def campaign(people: ledgers.People, worker: Worker) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    return ledgers.make_run(campaign, sent=10, pending=100)
