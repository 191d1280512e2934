"""A contact's page in Chromium: addresses, consent, attributes and merging by hand, accessible in every shape."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience import operations
from clarion.audience.models import Contact
from clarion.workspaces.models import Membership
from tests import ledgers
from tests.browser.looks import faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Site:
    """A running site with two contacts that are one person, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        people = ledgers.make_people()
        by = ledgers.actor(people.alice)
        operations.define_attribute(by=by, label="Plan", kind="CHOICE", choices=["Free", "Paid"])
        self.ana, self.other = (
            operations.create_contact(
                by=by,
                fields={"email": email, "phone": "+4930123456", "first_name": name, "tags": ["vip"]},
            )
            for email, name in (("ana.sol@shop.example", "Ana"), ("sol@home.example", "Annie"))
        )
        operations.set_consent(by=by, contact=self.ana, channel="sms", state="GIVEN", note="At the fair")
        self.member = people.alice
        self.url = f"{server.url}/w/{people.workspace.slug}/contacts/"


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_a_profile_is_kept_by_hand_and_two_contacts_become_one(page: Page, site: Site) -> None:
    page.goto(f"{site.url}{site.ana.public_id}/")

    page.get_by_label("Kind").select_option(label="E-mail address")
    page.get_by_label("Address", exact=True).fill("ana@work.example")
    page.get_by_role("button", name="Add address").click()
    addresses = page.locator("#addresses")
    expect(addresses).to_contain_text("ana@work.example")
    addresses.get_by_role("button", name="Prefer").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ana@work.example")

    page.get_by_text("Note what the person said").click()
    page.get_by_label("Channel").select_option("email")
    page.get_by_label("Consent", exact=True).select_option("WITHDRAWN")
    page.locator("#id_said-note").fill("By telephone")
    page.get_by_role("button", name="Note it").click()
    expect(page.locator("#consent")).to_contain_text("By telephone")

    page.get_by_label("Plan").select_option("Paid")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Merge").click()
    page.get_by_label("Annie").check()
    page.get_by_role("button", name="Merge").click()
    expect(addresses).to_contain_text("sol@home.example")

    site.ana.refresh_from_db()
    assert (site.ana.first_name, site.ana.email, site.ana.refusals) == (
        "Annie",
        "ana@work.example",
        ["email"],
    )
    assert site.ana.attributes == {"plan": "Paid"}
    assert Contact.objects.count() == 1


def test_the_pages_fit_and_are_accessible(page: Page, site: Site, axe_source: str) -> None:
    paths = (
        f"{site.ana.public_id}/", f"{site.ana.public_id}/merge/?with={site.other.public_id}", "attributes/",
        "duplicates/", "change/", "", "edits/", "erasures/",
    )  # fmt: skip
    for path in paths:
        page.goto(site.url + path)
        expect(page.locator("main h1")).to_be_visible()
        assert faults(page, axe_source) == []
