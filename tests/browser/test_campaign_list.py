"""The list of campaigns at work: filters and the back button, many at once, the drawer, columns, comparing."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.workspaces.models import Membership
from tests.browser.conftest import Open
from tests.browser.looks import NARROW, WIDE, accessible, settle
from tests.integration.campaigns import making

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member(live_server: Any) -> Membership:
    return making.make_member()


@pytest.fixture(autouse=True)
def _campaigns(member: Membership) -> None:
    for name, status, launch, tags in (
        ("Autumn", "DRAFT", Launch.MANUAL, []),
        ("Black Friday", "COMPLETED", Launch.NOW, ["retail"]),
        ("Christmas", "COMPLETED", Launch.NOW, ["retail", "de"]),
        ("Diwali", "PAUSED", Launch.SPREAD, ["de"]),
    ):
        campaign = making.make_launchable(
            member.workspace, status=Status(status), name=name, launch=launch, tags=tags
        )
        if status != "DRAFT":
            making.make_run(campaign, total=1_000, sent=900, failed=100, accepted=900, bounced=9)


def names(page: Page, expected: list[str]) -> None:
    expect(page.locator(".table__link")).to_have_text(expected)


class TestFilters:
    def test_a_tag_a_launch_type_and_their_chips_follow_back_and_forth(self, open_page: Open) -> None:
        page = open_page("campaigns/?sort=name")

        page.locator("input[name=tag][value=de]").check()
        names(page, ["Christmas", "Diwali"])
        page.locator("input[name=launch][value=SPREAD]").check()
        names(page, ["Diwali"])
        assert "sort=name" in page.url
        page.get_by_role("link", name="Remove the filter de").click()
        expect(page.locator(".chip:not(.chip--clear)")).to_have_text(["Spread over days"])
        expect(page.locator("input[name=tag][value=de]")).not_to_be_checked()
        # A page of the past comes whole from the server; its chips tell that it is there.
        page.go_back()
        expect(page.locator(".chip:not(.chip--clear)")).to_have_text(["Spread over days", "de"])
        expect(page.locator("input[name=tag][value=de]")).to_be_checked()
        page.go_back()
        expect(page.locator(".chip:not(.chip--clear)")).to_have_text(["de"])
        names(page, ["Christmas", "Diwali"])
        page.get_by_role("link", name="Clear all").click()
        names(page, ["Autumn", "Black Friday", "Christmas", "Diwali"])

    def test_sorting_by_a_head_stays_when_a_filter_is_set_after_it(self, open_page: Open) -> None:
        page = open_page("campaigns/")

        page.locator("th").get_by_role("link", name="Campaign").click()
        names(page, ["Autumn", "Black Friday", "Christmas", "Diwali"])
        page.locator("input[name=tag][value=retail]").check()

        names(page, ["Black Friday", "Christmas"])
        assert "sort=name" in page.url


class TestBulk:
    def test_all_on_the_page_are_archived_what_stays_is_told_and_it_is_taken_back(
        self, open_page: Open, axe_source: str
    ) -> None:
        page = open_page("campaigns/?sort=name")
        expect(page.locator("[data-bulk]")).to_be_hidden()

        page.get_by_label("Select all on this page").check()
        expect(page.locator("[data-bulk]")).to_contain_text("4 selected")
        accessible(page, axe_source)
        page.locator("[data-bulk]").get_by_role("button", name="Archive").click()

        names(page, ["Diwali"])
        expect(page.locator("#toasts")).to_contain_text("3 campaigns archived.")
        expect(page.locator("#toasts")).to_contain_text("1 is at work and stays")
        accessible(page, axe_source)
        page.locator("#toasts").get_by_role("button", name="Undo").click()
        names(page, ["Autumn", "Black Friday", "Christmas", "Diwali"])

    def test_deleting_asks_in_a_dialog_with_numbers_and_reasons(self, open_page: Open) -> None:
        page = open_page("campaigns/?sort=name")

        page.get_by_label("Select Autumn").focus()
        page.keyboard.press("Space")
        page.get_by_label("Select Diwali").check()
        page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
        dialog = page.locator("#confirm")
        expect(dialog).to_contain_text("1 campaign will be deleted.")
        expect(dialog).to_contain_text("1 is at work and stays")
        dialog.get_by_role("button", name="Delete").click()

        names(page, ["Black Friday", "Christmas", "Diwali"])
        expect(page.locator("#toasts")).to_contain_text("1 campaign deleted.")

    def test_deleting_for_good_wants_the_name_typed(self, open_page: Open, member: Membership) -> None:
        making.make_campaign(
            member.workspace, name="Old", status=Status.COMPLETED, archived_at="2026-01-01T00:00:00Z"
        )
        page = open_page("archive/")

        page.get_by_role("button", name="Actions for Old").click()
        page.locator("#row-menu").get_by_role("button", name="Delete for good").click()
        dialog = page.locator("#confirm")
        expect(dialog.get_by_role("button", name="Delete for good")).to_be_disabled()
        dialog.get_by_role("textbox").fill("Old")
        dialog.get_by_role("button", name="Delete for good").click()

        expect(page.locator("#toasts")).to_contain_text("“Old” is deleted for good.")
        assert not Campaign.objects.filter(name="Old").exists()

    def test_works_without_scripts(self, open_page: Open) -> None:
        page = open_page("campaigns/?sort=name", java_script_enabled=False)

        page.get_by_label("Select Autumn").check()
        page.locator("[data-bulk]").get_by_role("button", name="Delete").click()
        expect(page.get_by_role("heading", name="Delete the chosen campaigns?")).to_be_visible()
        page.get_by_role("button", name="Delete").click()

        names(page, ["Black Friday", "Christmas", "Diwali"])
        page.get_by_role("link", name="Actions for Diwali").click()
        expect(page.get_by_role("button", name="Continue")).to_be_visible()


class TestDrawer:
    def test_opens_from_the_row_closes_with_escape_and_gives_the_focus_back(
        self, open_page: Open, axe_source: str
    ) -> None:
        page = open_page("campaigns/?sort=name")
        shown = page.locator("tr", has_text="Christmas").locator("[data-drawer]")

        shown.click()
        drawer = page.locator("#drawer")
        expect(drawer.get_by_role("heading", name="Christmas")).to_be_visible()
        # Colours are judged once it has slid in: half transparent they are others.
        settle(page)
        accessible(page, axe_source)
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
        expect(shown).to_be_focused()

    def test_opens_from_the_menu_by_the_keyboard_and_gives_the_focus_back(self, open_page: Open) -> None:
        page = open_page("campaigns/?sort=name")
        button = page.get_by_role("button", name="Actions for Diwali")

        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#row-menu").get_by_role("link", name="Open")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#drawer").get_by_role("heading", name="Diwali")).to_be_visible()
        page.keyboard.press("Escape")
        expect(button).to_be_focused()


class TestColumns:
    def test_chosen_columns_come_and_stay(self, open_page: Open, axe_source: str) -> None:
        page = open_page("campaigns/?sort=name")

        page.get_by_role("button", name="Columns").click()
        page.locator("#list-columns").get_by_label("Sent", exact=True).check()
        page.locator("#list-columns").get_by_label("Progress").uncheck()
        accessible(page, axe_source)
        page.get_by_role("button", name="Apply").click()

        expect(page.get_by_role("columnheader", name="Sent")).to_be_visible()
        expect(page.get_by_role("columnheader", name="Progress")).to_have_count(0)
        assert "sort=name" in page.url


class TestPhone:
    def test_rows_are_cards_that_can_be_chosen_opened_and_acted_on(
        self, open_page: Open, axe_source: str
    ) -> None:
        page = open_page("campaigns/?sort=name", NARROW, color_scheme="dark")
        accessible(page, axe_source)

        page.get_by_label("Select Black Friday").check()
        expect(page.locator("[data-bulk]").get_by_role("button", name="Compare")).to_be_visible()
        page.get_by_role("button", name="Actions for Christmas").click()
        expect(page.locator("#row-menu").get_by_role("button", name="Archive")).to_be_visible()
        accessible(page, axe_source)

    def test_right_to_left_fits_as_well(self, open_page: Open, axe_source: str) -> None:
        for size in (WIDE, NARROW):
            page = open_page("campaigns/", size)
            page.evaluate("document.documentElement.dir = 'rtl'")
            accessible(page, axe_source)


class TestStatistics:
    @pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
    def test_from_the_selection_to_the_comparison_and_one_more(
        self, open_page: Open, axe_source: str, size: ViewportSize
    ) -> None:
        page = open_page("campaigns/?sort=name", size)

        page.get_by_label("Select Black Friday").check()
        page.get_by_label("Select Christmas").check()
        page.locator("[data-bulk]").get_by_role("button", name="Compare").click()
        expect(page.get_by_role("columnheader", name=re.compile("Black Friday"))).to_be_visible()
        accessible(page, axe_source)
        page.get_by_label("Name, ID, sender").press_sequentially("diw")
        expect(page.locator(".candidates__item")).to_have_count(1)
        page.locator(".candidates__item").click()

        expect(page.locator(".compared__head")).to_have_count(3)
        page.get_by_role("link", name="Take Black Friday out").click()
        expect(page.locator(".compared__head")).to_have_count(2)
        page.go_back()
        expect(page.locator(".compared__head")).to_have_count(3)

    def test_is_accessible_when_dark_and_while_choosing(self, open_page: Open, axe_source: str) -> None:
        page = open_page("statistics/", color_scheme="dark")

        accessible(page, axe_source)
