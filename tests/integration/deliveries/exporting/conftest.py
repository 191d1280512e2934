"""A run of which everything has happened to somebody, and a folder that is empty before and after."""

from collections.abc import Iterator

import pytest

from clarion.campaigns.models import Campaign
from clarion.deliveries.exporting import files
from clarion.deliveries.models import Run
from tests import ledgers
from tests.integration.deliveries.exporting.reading import KINDS


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people(zone="Europe/Berlin")


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    return ledgers.make_run(campaign, **KINDS)


@pytest.fixture(autouse=True)
def _clean_folder() -> Iterator[None]:
    _empty_folder()  # of what other tests of this process left
    yield
    _empty_folder()


def _empty_folder() -> None:
    for path in files.folder().iterdir():
        path.unlink()
