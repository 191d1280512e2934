"""Stops and what holds a campaign, in Chromium: told live, halted and lifted, accessible in every shape."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Outage, Run, Waiting, Worker
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import operations
from clarion.workspaces.models import Membership, Workspace
from tests import ledgers
from tests.browser.looks import faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Site:
    """A running site with a campaign of which a part waits, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        self.people = ledgers.make_people()
        self.campaign: Campaign = ledgers.make_campaign(self.people.alice)
        Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
        self.sender = Sender.objects.get()
        self.run: Run = ledgers.make_run(self.campaign, sent=60, waiting=40, pending=100)
        now = timezone.now()
        Waiting.objects.update(not_before=now + timedelta(minutes=9))
        Worker.objects.create(name="w", host="h", pid=1, heartbeat_at=now + timedelta(hours=1))
        self.member = self.people.alice
        self.base = f"{server.url}/w/{self.people.workspace.slug}/"
        self.url = f"{self.base}campaigns/{self.campaign.public_id}/"


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_what_holds_a_campaign_is_told_live(page: Page, site: Site) -> None:
    page.goto(site.url)
    card = page.locator(".why")
    expect(card).to_contain_text("Put off, and tried again later")
    expect(card.locator(".why__count b")).to_have_text("40")

    Sender.objects.update(status=SenderStatus.PAUSED, status_reason="The bank called.")
    expect(card).to_contain_text("is paused")
    expect(card.locator(".why__count b")).to_have_text("140")
    Run.objects.filter(pk=site.run.pk).update(pending=120, sent=80)

    expect(card.locator(".why__count b")).to_have_text("120")
    card.get_by_role("link", name="Open the sender").click()
    expect(page.locator("#stop")).to_contain_text("120 messages, 1 campaign")


def test_everything_is_halted_in_two_clicks_and_lifted_again(page: Page, site: Site) -> None:
    page.goto(site.base + "contacts/")

    page.get_by_role("link", name="Kill switch").click()
    page.get_by_label("Why? Everybody here can read it.").fill("Wrong prices.")
    page.get_by_role("button", name="Halt everything").click()
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text("140 messages have not left yet.")
    dialog.get_by_role("button", name="Halt everything").click()

    expect(page.locator("main")).to_contain_text("Nothing leaves")
    page.goto(site.base)
    expect(page.locator(".banner")).to_contain_text("Wrong prices.")
    expect(page.locator("#attention")).to_contain_text("The workspace is halted")
    page.locator(".banner").get_by_role("link", name="Look at the halt").click()
    page.get_by_role("button", name="Lift the halt").click()
    expect(dialog).to_contain_text("140 messages go out from now on.")
    dialog.get_by_role("button", name="Lift the halt").click()
    expect(page.locator("main")).to_contain_text("Sending is on")
    assert Workspace.objects.get(pk=site.people.workspace.pk).halted_at is None


def test_what_needs_attention_appears_and_goes_by_itself(page: Page, site: Site) -> None:
    page.goto(site.base)
    attention = page.locator("#attention")
    expect(attention).to_contain_text("All is well")

    missed = ledgers.make_campaign(
        site.people.alice, status=Status.SCHEDULED, name="Late newsletter", started_at=None,
        starts_at=timezone.now(), missed_at=timezone.now(),
    )  # fmt: skip

    expect(attention).to_contain_text("Late newsletter")
    expect(attention.get_by_role("button", name="Start now")).to_be_visible()
    Campaign.objects.filter(pk=missed.pk).update(missed_at=None, next_at=timezone.now() + timedelta(days=1))
    expect(attention).to_contain_text("All is well")


def test_another_speed_is_taken_on_the_page(page: Page, site: Site) -> None:
    page.goto(site.url)

    page.get_by_label("Speed limit (a second)").fill("2.5")
    page.get_by_role("button", name="Change the speed").click()

    expect(page.locator("#toasts")).to_contain_text("The new speed holds from now on.")
    site.campaign.refresh_from_db()
    assert site.campaign.rate_limit == 2.5


def test_every_page_of_it_fits_complains_of_nothing_and_is_accessible(
    page: Page, site: Site, axe_source: str
) -> None:
    now = timezone.now()
    Outage.objects.create(
        sender=site.sender, lane=0, run_ids=[site.run.pk], began_at=now, seen_at=now, until=now,
        reason=Reason.CONNECTION_FAILED, detail="Connection refused",
    )  # fmt: skip
    operations.halt(by=ledgers.actor(site.people.alice), reason="Wrong prices.")
    problems = []
    for url in (
        site.base,
        site.url,
        site.url + "errors/?type=job",
        site.base + "halt/",
        f"{site.base}senders/{site.sender.public_id}/",
    ):
        page.goto(url)
        expect(page.locator("main h1")).to_be_visible()
        problems += faults(page, axe_source)

    assert problems == []
