"""Two channels in Chromium: composed as primary and fallback, sent, and seen person by person."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Run
from clarion.engine.plan import Settled
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests import cascades, ledgers
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


def _send(run: Run) -> None:
    """Let the mail fail for two of three people, and the rest be sent."""
    try:
        cascades.run_through(
            run, lambda person, step, attempt: Settled.FAILED if step == 0 and person < 3 else Settled.SENT
        )
    finally:
        connection.close()


def test_a_fallback_is_composed_and_its_way_is_seen(
    page: Page, live_server: LiveServer, people: ledgers.People, axe_source: str
) -> None:
    for n in (1, 2, 3):
        Contact.objects.create(workspace=people.workspace, first_name="Ada", **cascades.both(n))
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = ledgers.make_campaign(people.alice, status=Status.DRAFT, source=source, started_at=None)
    Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
    Sender.objects.create(workspace=people.workspace, channel="sms", name="Texts", config={"source": "Shop"})
    base = f"{live_server.url}/w/{people.workspace.slug}/campaigns/{campaign.public_id}/"

    page.goto(f"{base}edit/")
    written_here = page.locator(".segmented", has_text="Written here").bounding_box()
    assert written_here is not None
    assert written_here["height"] >= 30, (
        "the choice between a template and one's own words is not folded away"
    )
    page.get_by_label("HTML", exact=True).check()
    page.locator("#id_source").fill("<p>Hello {{ first_name }}</p>")
    page.get_by_role("button", name="Add a channel").press("Enter")
    page.wait_for_url("**/edit/?step=1#message")
    channels = page.get_by_role("group", name="Channels")
    expect(channels).to_contain_text("→ SMS")
    expect(page.get_by_label("When SMS goes")).to_have_value("1")
    page.locator("#id_source").fill("Short for {{ first_name }}")
    page.locator("#id_receipt_wait").fill("30")
    page.get_by_role("button", name="Add a channel").focus()
    expect(channels).not_to_contain_text("not complete")
    expect(page.locator("#compose-review")).to_contain_text("The channels go like this")
    assert faults(page, axe_source) == []
    channels.get_by_role("link").first.click()
    expect(page.locator("#id_subject")).to_have_value("Hello {{ first_name }}")
    assert Campaign.objects.get(pk=campaign.pk).receipt_wait == 30

    Campaign.objects.filter(pk=campaign.pk).update(status=Status.BUILDING, receipt_wait=None)
    run = cascades.built(Campaign.objects.get(pk=campaign.pk))
    with ThreadPoolExecutor(1) as beside:  # this thread has Playwright's loop
        beside.submit(_send, run).result()
    page.goto(base)
    expect(page.get_by_text("Fallback 1").first).to_be_visible()
    assert faults(page, axe_source) == []
    page.goto(f"{base}recipients/?status=partly")
    expect(page.locator("[data-table] tbody tr")).to_have_count(2)
    assert faults(page, axe_source) == []
    page.goto(f"{base}recipients/1/")
    expect(page.get_by_text("+493000000001").first).to_be_visible()
    assert faults(page, axe_source) == []
