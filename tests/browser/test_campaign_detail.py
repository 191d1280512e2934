"""A campaign's page in Chromium: it stands in every shape, is accessible, refreshes itself and opens its drawer."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Run
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests import ledgers
from tests.browser.looks import faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TABS = [
    "",
    "recipients/",
    "recipients/?status=unknown",
    "recipients/12/",
    "errors/",
    "errors/?type=job",
    "audit/",
]


class Site:
    """A running site with one campaign that is being sent, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        people = ledgers.make_people()
        self.campaign: Campaign = ledgers.make_campaign(people.alice)
        Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
        self.run: Run = ledgers.make_run(
            self.campaign, skipped=4, sent=60, failed=7, unknown=3, waiting=5, in_flight=4, pending=40
        )
        self.member = people.alice
        self.url = f"{server.url}/w/{people.workspace.slug}/campaigns/{self.campaign.public_id}/"


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_every_tab_fits_complains_of_nothing_under_its_policy_and_is_accessible(
    page: Page, site: Site, axe_source: str
) -> None:
    problems = []
    for tab in TABS:
        page.goto(site.url + tab)
        expect(page.locator("main h1")).to_be_visible()
        problems += faults(page, axe_source)

    assert problems == []


def test_the_numbers_and_the_state_refresh_by_themselves(page: Page, site: Site) -> None:
    page.goto(site.url)
    sent = page.locator('[data-live="sent"]')
    expect(sent).to_have_text("60")

    Run.objects.filter(pk=site.run.pk).update(sent=75, pending=30)
    expect(sent).to_have_text("75")
    Campaign.objects.filter(pk=site.campaign.pk).update(status="PAUSED", pause_cause="PERSON")

    expect(page.locator(".page-head .badge")).to_have_text("Paused")
    expect(page.get_by_role("button", name="Continue")).to_be_visible()


def test_a_row_opens_the_drawer_with_the_message(page: Page, site: Site) -> None:
    page.goto(site.url + "recipients/?status=sent")

    page.get_by_role("link", name="Ada Number 12").click()

    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("Accepted by the provider")
    expect(drawer.locator("iframe").content_frame.locator("body")).to_contain_text("Only today.")


def test_filters_and_search_apply_without_leaving_the_page(page: Page, site: Site) -> None:
    page.goto(site.url + "recipients/")

    page.get_by_label("Reason").select_option(label="There is no such recipient.")
    expect(page.locator("tbody tr")).to_have_count(7)
    page.get_by_role("searchbox", name="Search", exact=True).fill("person0000066")
    page.keyboard.press("Enter")

    expect(page.locator("tbody tr")).to_have_count(1)
    assert "q=person0000066" in page.url
    page.get_by_role("link", name="Remove the filter There is no such recipient.").click()
    page.get_by_role("link", name="Remove the filter “person0000066”").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_settling_asks_with_the_number_and_then_does_it(page: Page, site: Site) -> None:
    page.goto(site.url + "recipients/?status=unknown")

    page.locator(".unknown").get_by_role("button", name="Mark as sent").click()
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text("3 messages are taken for delivered")
    dialog.get_by_role("button", name="Mark as sent").click()

    expect(page.locator("#toasts")).to_contain_text("3 messages are marked as sent.")
    site.run.refresh_from_db()
    assert (site.run.sent, site.run.unknown) == (63, 0)
