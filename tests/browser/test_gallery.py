"""The gallery in Chromium: it stands in every shape, is accessible, and its behaviours behave."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHAPES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 1000}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 1000}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_fits_and_complains_of_nothing(browser: Browser, gallery_url: str, shape: str, language: str) -> None:
    context = browser.new_context(**SHAPES[shape])
    page = context.new_page()
    heard = watch(page)

    page.goto(f"{gallery_url}/ui/?language={language}&toasts", timeout=PATIENCE)
    expect(page.locator("#toasts .toast")).to_have_count(3)

    assert heard == []
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    context.close()


@pytest.mark.parametrize("shape", SHAPES)
def test_is_accessible(browser: Browser, gallery_url: str, axe_source: str, shape: str) -> None:
    context = browser.new_context(**SHAPES[shape], bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{gallery_url}/ui/", timeout=PATIENCE)
    page.evaluate(axe_source)

    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")

    problems = [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    assert problems == []
    context.close()


def test_confirm_names_the_numbers_and_sends_only_after_yes(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/ui/")
    dialog = page.locator("#confirm")

    page.locator("#detail .actions .button--danger").click()
    expect(dialog).to_contain_text("17,936 people will not be messaged.")
    dialog.get_by_role("button", name="Go back").click()
    expect(dialog).to_be_hidden()
    page.locator("#detail .actions .button--danger").click()
    dialog.get_by_role("button", name="Cancel the campaign").click()

    expect(page.locator("#toasts")).to_contain_text("confirmed=1")


def test_a_dangerous_deletion_wants_the_name_typed(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/ui/")
    page.locator("#list .table__actions .button").nth(5).click()
    page.locator(".menu:popover-open").get_by_role("button", name="Delete").click()
    yes = page.locator("#confirm").get_by_role("button", name="Delete for good")

    expect(yes).to_be_disabled()
    page.locator("#confirm input").fill("App 4.2")

    expect(yes).to_be_enabled()


def test_the_drawer_opens_with_the_page_it_was_given_and_escape_closes_it(
    page: Page, gallery_url: str
) -> None:
    page.goto(f"{gallery_url}/ui/")

    page.locator("#detail .actions").get_by_role("link", name="Details").click()
    expect(page.locator("#drawer")).to_contain_text("Priya Lindqvist")
    page.keyboard.press("Escape")

    expect(page.locator("#drawer")).to_be_hidden()


def test_numbers_and_bars_move_by_themselves(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/ui/")
    done = page.locator('#detail [data-live="progress_done"]')
    expect(done).to_have_text("30,274")
    width = page.locator('#detail [data-live-bar="progress"] [data-part="sent"]').get_attribute("width")

    expect(done).not_to_have_text("30,274")

    assert re.fullmatch(r"[\d,]+", done.inner_text())
    assert (
        page.locator('#detail [data-live-bar="progress"] [data-part="sent"]').get_attribute("width") != width
    )


def test_keys_reach_search_rows_selection_and_help(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/ui/")

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "Autumn newsletter No. 11"
    page.keyboard.press("x")
    expect(page.locator("[data-bulk]")).to_contain_text("1 selected")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")

    assert page.evaluate("document.activeElement.type") == "search"


def test_select_all_counts_the_rows(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/ui/")

    page.locator("[data-select-all]").check()

    expect(page.locator("[data-bulk]")).to_contain_text("12 selected")


def test_the_theme_is_there_at_once_and_on_the_next_page(page: Page, gallery_url: str) -> None:
    page.goto(f"{gallery_url}/ui/")
    page.locator(".me__button").click()
    with page.expect_response("**/-/theme/"):
        page.locator("#user-menu [data-theme-form]").get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 15, 19)"

    page.goto(f"{gallery_url}/ui/")

    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_on_a_phone_the_navigation_is_a_drawer(browser: Browser, gallery_url: str) -> None:
    context = browser.new_context(**SHAPES["phone"])
    page = context.new_page()
    page.goto(f"{gallery_url}/ui/", timeout=PATIENCE)
    expect(page.locator("#side")).to_be_hidden()

    page.get_by_role("button", name="Open menu").click()
    expect(page.locator("#side")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#side")).to_be_hidden()
    context.close()


def test_everything_works_without_scripts(browser: Browser, gallery_url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{gallery_url}/ui/", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Apply")).to_be_visible()

    page.locator("#detail .actions").get_by_role("button", name="Pause").click()
    expect(page.locator("#toasts")).to_contain_text("verb=pause")
    page.locator("#detail .actions").get_by_role("link", name="Details").click()

    expect(page.get_by_role("heading", name="Priya Lindqvist")).to_be_visible()
    context.close()
