"""Exports, the audit log, runs and the page of statuses in Chromium: a file from the filter to the disk, and every page
accessible in every shape."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.campaigns import operations
from clarion.campaigns.models import Campaign
from clarion.deliveries.exporting import operations as exporting
from clarion.deliveries.exporting import working
from clarion.deliveries.models import Export, Run
from clarion.deliveries.wanted import Wanted
from clarion.workspaces import operations as workspaces
from clarion.workspaces.models import Membership
from tests import ledgers
from tests.browser.looks import faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Site:
    """A running site with a campaign of two runs, exports in every state, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        people = ledgers.make_people()
        by = ledgers.actor(people.alice)
        self.campaign: Campaign = ledgers.make_campaign(people.alice)
        ledgers.make_run(self.campaign, sent=50, finished=True)
        self.run: Run = ledgers.make_run(self.campaign, number=2, skipped=4, sent=60, failed=7, pending=40)
        Run.objects.filter(pk=self.run.pk).update(difference={"added": 12, "removed": 3, "same": 98})
        operations.pause(campaign=self.campaign, by=ledgers.actor(people.bob), reason="Wrong price.")
        operations.add_note(campaign=self.campaign, text="Agreed with legal.", by=by)
        self.exports = [
            exporting.create_export(run=self.run, wanted=Wanted.read(query), kind=kind, by=by)
            for kind, query in (("CSV", {}), ("XLSX", {"status": "failed"}), ("TXT", {"q": "person"}))
        ]
        working.run_export_job(self.exports[0].pk)
        Export.objects.filter(pk=self.exports[1].pk).update(status="FAILED", failure="The disk is full.")
        Export.objects.filter(pk=self.exports[2].pk).update(status="RUNNING", done_count=40)
        workspaces.check_audit(workspace=people.workspace)
        self.member = people.alice
        self.base = f"{server.url}/w/{people.workspace.slug}/"
        self.url = f"{self.base}campaigns/{self.campaign.public_id}/"
        self.pages = {
            "exports": self.url + "exports/?status=failed",
            "audit": self.base + "audit/",
            "audit-narrow": self.base + "audit/?kind=campaign&q=autumn",
            "runs": self.url + "runs/",
            "trail": self.url + "audit/",
            "statuses": f"{server.url}/help/statuses/",
        }


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_every_page_fits_complains_of_nothing_and_is_accessible(
    page: Page, site: Site, axe_source: str
) -> None:
    problems = []
    for url in site.pages.values():
        page.goto(url)
        expect(page.locator("main h1")).to_be_visible()
        problems += faults(page, axe_source)

    assert problems == []


def test_a_filter_becomes_a_file_on_the_disk(page: Page, site: Site, tmp_path: Path) -> None:
    page.goto(site.url + "recipients/?status=failed")

    page.get_by_role("link", name="Export these").click()
    expect(page.locator("form.card")).to_contain_text("7 people")
    page.get_by_text("CSV: a table as text").click()
    page.get_by_role("button", name="Make the file").click()
    expect(page.locator("#toasts")).to_contain_text("The file is being made.")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Queued")
    working.run_export_job(Export.objects.latest("pk").pk)
    expect(row).to_contain_text("Done")
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "file.csv")

    assert download.value.suggested_filename == "autumn-offer-run-2.csv"
    assert (tmp_path / "file.csv").read_text("utf-8-sig").count("@example.test") == 7
    row.get_by_role("button", name="Delete").click()
    page.locator("#confirm").get_by_role("button", name="Delete export").click()
    expect(page.locator("#toasts")).to_contain_text("The export is deleted.")


def test_the_log_narrows_without_leaving_the_page_and_goes_back(page: Page, site: Site) -> None:
    page.goto(site.pages["audit"])
    everything = page.locator("tbody tr").count()

    page.get_by_label("Kind").select_option(label="Campaign")
    expect(page.get_by_label("Action")).to_be_visible()
    page.get_by_label("Action").select_option(label="Paused")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Wrong price.")
    page.evaluate("history.back()")
    expect(page.locator("tbody tr")).to_have_count(everything)
    page.evaluate("history.back()")
    expect(page.get_by_label("Action")).to_have_count(0)

    expect(page.locator("tbody tr")).to_have_count(everything)
