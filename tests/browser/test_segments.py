"""The segment builder in Chromium: by keyboard, with and without scripts, and accessible in every shape."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience import operations
from clarion.audience.models import Contact, List, Segment
from clarion.audience.queries import segments as counting
from clarion.workspaces.models import Membership
from tests import ledgers
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RULE = {"all": [
    {"field": "state", "op": "is", "value": "ACTIVE"},
    {"any": [
        {"field": "tag", "op": "has", "value": "vip"},
        {"field": "attribute:orders", "op": "ge", "value": "3"},
    ]},
    {"not": {"any": [{"field": "attribute:renewal", "op": "before", "value": {"days": -7}}]}},
]}  # fmt: skip


class Site:
    """A running site with contacts and a segment, and its owner's session."""

    def __init__(self, server: LiveServer) -> None:
        people = ledgers.make_people()
        Contact.objects.bulk_create(
            Contact(
                workspace=people.workspace, email=f"person{n}@shop.example", tags=["vip"] if n % 3 else []
            )
            for n in range(30)
        )
        List.objects.create(workspace=people.workspace, name="News")
        self.segment = operations.create_segment(
            by=ledgers.actor(people.alice), name="Best customers", rule=RULE
        )
        self.member = people.alice
        self.url = f"{server.url}/w/{people.workspace.slug}/segments/"


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


@pytest.fixture
def member(site: Site) -> Membership:
    return site.member


def test_a_rule_is_built_by_keyboard_and_its_count_follows(page: Page, site: Site) -> None:
    page.goto(f"{site.url}new/")
    page.get_by_label("Name", exact=True).fill("VIPs")
    page.get_by_label("Value").focus()
    page.keyboard.type("vip")
    page.keyboard.press("Tab")
    expect(page.get_by_text("has the tag “vip”")).to_be_visible()
    expect(page.locator(".segment__count")).to_have_text("20 contacts")
    page.locator("#add-0").press("Enter")
    expect(page.locator("#add-0")).to_be_focused()
    page.locator('[id="field-0.1"]').wait_for()
    page.wait_for_load_state("networkidle")
    page.locator('[id="field-0.1"]').select_option("attribute")
    expect(page.locator('[id="attribute-0.1"]')).to_be_visible()
    page.get_by_role("button", name="Remove condition 0.1").press("Enter")
    expect(page.locator('[id="field-0.1"]')).to_have_count(0)
    page.get_by_role("button", name="Save segment").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("VIPs")
    assert Segment.objects.filter(name="VIPs").exists()


def test_the_exact_number_and_the_newest_come_behind_an_estimate(
    page: Page, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, find = counting.count, counting.members

    def about(*given: Any, milliseconds: int = counting.COUNT_MS) -> counting.Count:
        is_waited_for = milliseconds > counting.COUNT_MS
        return (
            count(*given, milliseconds=milliseconds) if is_waited_for else counting.Count(0, is_exact=False)
        )

    def late(*given: Any, milliseconds: int = counting.MEMBERS_MS, **rest: Any) -> Any:
        return None if milliseconds <= counting.COUNT_MS else find(*given, **rest)

    monkeypatch.setattr(counting, "count", about)
    monkeypatch.setattr(counting, "members", late)

    page.goto(f"{site.url}new/")
    page.get_by_label("Value").fill("vip")
    page.keyboard.press("Tab")

    expect(page.locator(".segment__count")).to_have_text("20 contacts")
    expect(page.locator(".segment__people li")).to_have_count(10)
    expect(page.get_by_text("Estimated from a sample")).to_have_count(0)
    expect(page.locator("#segment-number")).to_have_count(1)
    page.goto(f"{site.url}{site.segment.public_id}/")
    expect(page.locator(".segment__people li").first).to_be_visible()


def test_it_is_built_without_scripts(open_page: Open) -> None:
    page = open_page("segments/new/", NARROW, java_script_enabled=False)
    page.get_by_label("Name", exact=True).fill("VIPs")
    page.get_by_label("Value").fill("vip")
    page.locator("#group-0").click()
    page.get_by_role("button", name="Remove group 0.1").click()
    page.get_by_role("button", name="Save segment").click()
    expect(page.locator(".segment__count")).to_have_text("20 contacts")


def test_every_page_is_accessible_and_fits(page: Page, site: Site, axe_source: str) -> None:
    for path in ("", "new/", f"{site.segment.public_id}/"):
        page.goto(site.url + path)
        expect(page.locator("main h1")).to_be_visible()
        assert faults(page, axe_source) == []
