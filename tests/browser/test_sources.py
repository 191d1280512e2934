"""A live source in Chromium: kept, read, refreshed with its difference, chosen for a campaign; in every shape."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience import operations
from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.lib.reach import Reach
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, faults
from tests.factories import Cast, make_cast
from tests.webfiles import WebFile, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

GUESTS = b"E-Mail,First name,Table\nada@example.test,Ada,4\nbo@example.test,Bo,7\nnobody,No,1\n"


@pytest.fixture
def member(live_server: LiveServer) -> Membership:
    cast: Cast = make_cast()
    by = actors.of_member(cast.alice)
    campaigns.create_campaign(by=by, name="Invitation")
    operations.create_list(by=by, name="Team")
    return cast.alice


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page(viewport=NARROW)


def test_a_spreadsheet_on_the_web_is_followed_and_sent_to(page: Page, settings: Any, axe_source: str) -> None:
    settings.CLARION_FETCH_ALLOW = Reach.of("127.0.0.1")
    problems: list[str] = []
    with served(WebFile(GUESTS)) as web:
        page.goto("sources/")
        problems += faults(page, axe_source)
        page.get_by_role("link", name="New live source").first.click()
        page.locator("#id_name").fill("Guests")
        page.locator("#id_url").fill(web.url)
        problems += faults(page, axe_source)
        page.get_by_role("button", name="Save and read it").click()
        expect(page.locator("[data-live-version=state]")).to_contain_text("Reading")
        rereading.read_sheet_job(LiveSheet.objects.get().pk)
        expect(page.locator("[data-live-version=state]")).to_contain_text("ada@example.test")
        problems += faults(page, axe_source)

        web.body = GUESTS.replace(b"bo@", b"cy@")
        page.get_by_role("button", name="Refresh now").click()
        expect(page.locator("[data-live-version=state]")).to_contain_text("Reading")
        rereading.read_sheet_job(LiveSheet.objects.get().pk)
        expect(page.locator("[data-live-version=state]")).to_contain_text("cy@example.test")
        page.goto("sources/")
        expect(page.locator("table")).to_contain_text("Guests")
        expect(page.locator("table")).to_contain_text("+1")
        problems += faults(page, axe_source)

    page.goto(f"campaigns/{Campaign.objects.get().public_id}/edit/")
    page.locator("input[name=audience][value=SHEET]").check()
    page.locator("#id_live").select_option("Guests")
    expect(page.locator("#compose-estimate")).to_contain_text("Invalid")
    problems += faults(page, axe_source)
    assert problems == []
