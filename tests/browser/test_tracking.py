"""A link in a message is followed in Chromium, told by the analytics, and asked about in a segment."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience.models import Contact
from clarion.campaigns.models import Campaign
from clarion.deliveries.models import Link, Recipient
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.browser.looks import faults
from tests.following import CHROME, click_path, count_hits, make_followed, open_path
from tests.ledgers import make_member
from tests.runs import MadeRun

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Site:
    """A run whose links are followed, with contacts, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.made: MadeRun = make_followed(count=4)
        Link.objects.filter(run=self.made.run, number=1).update(target=f"{server.url}/-/live")
        for number in range(1, 5):
            one = Contact.objects.create(workspace=self.made.workspace, email=f"person{number}@example.test")
            Recipient.objects.filter(run_id=self.made.run.pk, id=number).update(contact_id=one.pk)
        self.member = make_member(self.made.workspace, "alice", Role.OWNER)
        self.url = f"{server.url}/w/{self.made.workspace.slug}"


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_a_click_is_shown_and_its_people_become_a_segment(browser: Browser, page: Page, site: Site) -> None:
    # A person's browser in their own context, and the owner's.
    with browser.new_context(user_agent=CHROME) as context:
        theirs = context.new_page()
        theirs.goto(site.server.url + click_path(site.made, 2, 1))
        assert theirs.url == f"{site.server.url}/-/live"
        theirs.goto(site.server.url + open_path(site.made, 3))
    count_hits()

    page.goto(f"{site.url}/campaigns/{site.made.campaign.public_id}/")
    page.get_by_role("link", name="Analytics").click()
    links = page.get_by_role("region", name="Table of links")
    expect(links.locator("tbody tr").first).to_contain_text("/-/live")
    expect(page.locator(".kpi", has_text="Clicked").locator(".kpi__figure").first).to_have_text("25.0%")
    expect(page.locator(".kpi", has_text="Opened").locator(".kpi__figure").first).to_have_text("50.0%")

    page.goto(f"{site.url}/segments/new/")
    page.get_by_label("Name", exact=True).fill("Clickers")
    page.locator('[id="field-0.0"]').focus()
    page.locator('[id="field-0.0"]').select_option("clicked")
    expect(page.locator('[id="op-0.0"]')).to_have_value("in_campaign")
    name = Campaign.objects.get(pk=site.made.campaign.pk).name
    expect(page.get_by_text(f"followed a link in campaign “{name}”")).to_be_visible()
    expect(page.locator(".segment__count")).to_have_text("1 contact")
    page.locator('[id="op-0.0"]').select_option("at_least")
    page.get_by_label("How many messages").fill("1")
    page.get_by_label("Days", exact=True).fill("30")
    page.keyboard.press("Tab")
    expect(page.get_by_text("followed a link at least 1 time in the last 30 days")).to_be_visible()
    expect(page.locator(".segment__count")).to_have_text("1 contact")
    page.get_by_role("button", name="Save segment").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Clickers")


def test_the_pages_are_accessible_and_fit(page: Page, site: Site, axe_source: str) -> None:
    for person, link in ((1, 1), (2, 3)):
        Client(headers={"user-agent": CHROME}).get(click_path(site.made, person, link))
    count_hits()
    for path in (f"/campaigns/{site.made.campaign.public_id}/analytics/", "/settings/"):
        page.goto(site.url + path)
        expect(page.locator("main h1")).to_be_visible()
        assert faults(page, axe_source) == []
