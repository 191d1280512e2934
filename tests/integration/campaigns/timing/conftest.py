"""The moment at which starts are chosen and the calendar is looked at, and campaigns to put into it."""

from typing import Any

import pytest

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.timing.march import NOW, Schedule, berlin


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def schedule(member: Membership) -> Schedule:
    """Return a function that makes a scheduled campaign, by default for 09:00 in Berlin."""

    def make(month: int, day: int, hour: int = 9, minute: int = 0, **values: Any) -> Campaign:
        at = berlin(month, day, hour, minute)
        facts = {"status": Status.SCHEDULED, "zone": "Europe/Berlin", "starts_at": at, "next_at": at}
        return making.make_launchable(member.workspace, **{**facts, **values})

    return make
