"""A window pause, a retry and a refresh in Chromium: on wide, dark and narrow screens, and to their end."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import building
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests import ledgers
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member(people: ledgers.People) -> Membership:
    return people.alice


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page(viewport=NARROW)


@pytest.fixture
def people(transactional_db: None) -> ledgers.People:
    return ledgers.make_people()


def test_refresh_retry_and_keep_paused(
    page: Page, live_server: LiveServer, people: ledgers.People, axe_source: str
) -> None:
    for name in ("ada", "eve"):
        Contact.objects.create(workspace=people.workspace, email=f"{name}@example.test")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
    Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
    building.build(campaign.pk)
    at = timezone.now() + timedelta(hours=9)
    shut = {
        "status": Status.PAUSED,
        "pause_cause": PauseCause.WINDOW,
        "paused_from": Status.SENDING,
        "resume_at": at,
    }
    Campaign.objects.filter(pk=campaign.pk).update(
        **shut, status_reason="Outside its sending hours until Tue 24 Nov, 09:00 (UTC).", rate_limit=0.01,
        windows=[{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}],
    )  # fmt: skip
    Contact.objects.filter(email="eve@example.test").delete()
    Contact.objects.create(workspace=people.workspace, email="ida@example.test")
    url = f"{live_server.url}/w/{people.workspace.slug}/campaigns/{campaign.public_id}/"

    page.goto(url)
    expect(page.locator("main")).to_contain_text("ends about")
    assert faults(page, axe_source) == []
    page.goto(url + "refresh/")
    expect(page.locator("main")).to_contain_text("Removed people are skipped")
    assert faults(page, axe_source) == []
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("body")).to_contain_text("Added 1, removed 1, changed 0.")

    page.get_by_label("More actions").click()
    page.locator("#campaign-menu").get_by_text("Keep paused").click()
    expect(page.locator("body")).to_contain_text("stays paused until somebody continues it")

    done = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
    ledgers.make_run(done, finished=True, sent=5, failed=3)
    page.goto(url.replace(str(campaign.public_id), str(done.public_id)))
    page.evaluate("document.querySelector('form[action$=\"/retry/\"]').requestSubmit()")
    expect(page.locator("main")).to_contain_text("3 messages are sent again.")
    assert faults(page, axe_source) == []
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("body")).to_contain_text("3 messages are sent again.")
    done.refresh_from_db()
    assert done.status == Status.SENDING
