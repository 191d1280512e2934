"""When a campaign will have ended, on its page and before its launch."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.campaigns import preflight, windows
from clarion.campaigns.models import Launch
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries.models import Run
from tests import ledgers
from tests.factories import client_of
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import url, words

pytestmark = pytest.mark.django_db

ALWAYS = [{"days": list(range(7)), "from": "00:00", "to": "24:00"}]


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def seen(people: ledgers.People, *, pending: int = 600, **facts: Any) -> str:
    campaign = ledgers.make_campaign(people.alice, **{"windows": ALWAYS, "rate_limit": 1 / 60} | facts)
    ledgers.make_run(campaign, sent=2, pending=pending)
    Run.objects.update(released_id=facts.get("released_id"))
    return words(client_of(people.alice).get(url(campaign)))


def test_a_campaign_with_hours_tells_when_it_will_have_ended(people: ledgers.People) -> None:
    end = timezone.now() + timedelta(hours=10)
    page = seen(people)
    assert any(
        f"ends about {windows.told(end + timedelta(seconds=n), 'UTC')}" in page for n in (-60, 0, 60)
    ), page


def test_who_will_not_get_it_in_time_is_told(people: ledgers.People) -> None:
    end = timezone.now() + timedelta(hours=1)
    assert f"will not get it before {windows.told(end, 'UTC')}" in seen(people, ends_at=end)


def test_one_that_goes_on_by_itself_tells_and_one_that_a_person_paused_does_not(
    people: ledgers.People,
) -> None:
    paused = {"status": Status.PAUSED, "paused_from": Status.SENDING}
    at = timezone.now() + timedelta(hours=5)
    assert "ends about" in seen(people, **paused, pause_cause=PauseCause.WINDOW, resume_at=at)
    assert "ends about" not in seen(people, **paused, pause_cause=PauseCause.PERSON)


def test_a_spread_tells_its_last_day(people: ledgers.People) -> None:
    now = timezone.now()
    page = seen(people, launch=Launch.SPREAD, starts_at=now, ends_at=now + timedelta(days=3), rate_limit=None)
    assert "ends about" in page


def test_before_the_launch_the_checks_tell_the_end_and_who_is_late() -> None:
    workspace = making.make_workspace()
    making.make_contacts(workspace, 120)
    facts = {"windows": ALWAYS, "rate_limit": 1 / 60}
    now = timezone.now()
    fits = making.make_launchable(workspace, **facts)
    short = making.make_launchable(workspace, **facts, ends_at=now + timedelta(hours=1))

    told = {check.code: check for check in preflight.examine(fits).checks}
    assert told["forecast"].sentence.startswith("With its hours and limits it will have gone out by")
    late = {check.code: check for check in preflight.examine(short).checks}["too_late"]
    assert late.level is preflight.Level.WARN
    assert late.sentence.startswith(("About 60 people (50 %)", "About 61 people (51 %)"))
    never = making.make_launchable(workspace, windows=ALWAYS, rate_limit=1e-6)
    assert "cannot be foretold" in {c.code: c for c in preflight.examine(never).checks}["forecast"].sentence
