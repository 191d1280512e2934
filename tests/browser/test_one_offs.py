"""One-offs in Chromium: written, sent, followed and cancelled, by keyboard too, accessible in every shape."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.workspaces.models import Membership
from tests.browser.conftest import Open
from tests.browser.looks import faults
from tests.integration.campaigns import making
from tests.integration.one_offs.test_pages import sent
from tests.integration.one_offs.writing import sandbox_of, written

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Site:
    """A running site with two senders and a contact, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        self.member = making.make_member()
        workspace = self.member.workspace
        self.sandbox = sandbox_of(self.member)
        self.sms = making.make_sender(workspace, channel="sms", name="Texts", config={})
        (self.contact,) = making.make_contacts(workspace, 1)
        self.base = f"{server.url}/w/{workspace.slug}/"


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_one_is_written_sent_and_followed_to_its_outcome(page: Page, site: Site) -> None:
    page.goto(site.base)
    page.get_by_role("link", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Send", level=1)).to_be_visible()

    page.get_by_label("Sender").select_option(label="Texts")
    expect(page.get_by_label("Subject")).to_have_count(0)
    page.locator("#id_source").fill("x" * 161)
    expect(page.locator("#send-preview")).to_contain_text("2 messages")
    page.get_by_label("Sender").select_option(label="Sandbox")
    expect(page.get_by_label("Subject")).to_be_visible()
    expect(page.locator("#id_source")).to_have_value("x" * 161)

    page.get_by_label("Subject").fill("Your order")
    page.locator("#id_source").fill("It is on its way.")
    expect(page.locator("#send-preview")).to_contain_text("It is on its way.")
    page.get_by_label("Address", exact=True).fill("ada@example.test")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_role("heading", name="ada@example.test", level=1)).to_be_visible()
    one = Campaign.objects.get()
    assert (one.status, one.to_address) == (Status.BUILDING, "ada@example.test")
    sent(one)
    expect(page.locator("#one-off")).to_contain_text("Accepted by the provider")  # by itself
    page.get_by_role("link", name="History", exact=True).first.click()
    expect(page.locator("#results")).to_contain_text("ada@example.test")
    page.get_by_label("Failed").check()
    expect(page.locator("#results")).to_contain_text("No message matches")


def test_one_to_a_contact_at_a_time_goes_by_the_keyboard_and_is_cancelled(page: Page, site: Site) -> None:
    page.goto(site.base + "send/")
    page.get_by_label("Sender").select_option(label="Texts")
    page.get_by_label("Sender").select_option(label="Sandbox")
    page.get_by_label("An address").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Find a contact")).to_be_visible()
    page.get_by_label("Find a contact").focus()
    page.keyboard.type(site.contact.email[:6])
    expect(page.locator("#send-found")).to_contain_text(site.contact.email)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_label("Subject").focus()
    page.keyboard.type("Your order")
    page.locator("#id_source").focus()
    page.keyboard.type("Dear {{ first_name }}")
    expect(page.locator("#send-preview")).to_contain_text("Dear Ada")
    page.get_by_label("Now", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".moment__zone")).to_contain_text("Europe/Berlin")
    page.get_by_label("Date", exact=True).fill("2099-01-10")
    page.get_by_label("Time", exact=True).fill("09:00")
    page.get_by_role("button", name="Send", exact=True).focus()
    page.keyboard.press("Enter")

    expect(page.locator("#one-off")).to_contain_text("Scheduled")
    page.get_by_role("button", name="Cancel it").click()
    page.locator("#confirm").get_by_role("button", name="Cancel it").click()
    expect(page.locator("#one-off")).to_contain_text("Cancelled")
    assert Campaign.objects.get().status == Status.CANCELLED


def test_the_pages_are_accessible_in_every_shape(page: Page, site: Site, axe_source: str) -> None:
    problems = []
    page.goto(site.base + "history/")
    problems += faults(page, axe_source)
    one = written(site.member)
    sent(one)
    written(site.member, "eve@example.test")
    for path in ("history/", f"history/{one.public_id}/", "send/"):
        page.goto(site.base + path)
        problems += faults(page, axe_source)

    assert problems == []


def test_mistakes_stand_at_their_fields_in_every_shape(open_page: Open, site: Site, axe_source: str) -> None:
    page = open_page("send/", may_complain=True)  # the answer is 422
    page.get_by_label("Sender").select_option(label="Sandbox")
    expect(page.get_by_label("Subject")).to_be_visible()
    page.get_by_label("A contact").check()
    expect(page.get_by_label("Find a contact")).to_be_visible()
    page.get_by_label("At a set time").check()
    expect(page.locator(".moment__zone")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".field__error")).to_have_count(3)
    assert faults(page, axe_source) == []
    assert not Campaign.objects.exists()
