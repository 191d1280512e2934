"""One campaign's whole life in Chromium, through a whole installation: written, submitted, approved, watched,
paused, continued, completed and compared; by two people, to a real SMTP server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.installation import Installation, running, wait_for
from tests.acceptance.sending import Beside, Mailbox
from tests.browser.conftest import PATIENCE, watch
from tests.browser.looks import accessible
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = 300
#: Messages a second until it has been paused: slow enough to be watched.
SPEED = 20


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with running(CLARION_LOG_LEVEL="warning") as made:
        yield made


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()
    yield made
    made.close()


def signed_in(browser: Browser, url: str, email: str) -> tuple[Page, list[str]]:
    """Return a page of somebody who has signed in, and what it complains of."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=url).new_page()
    page.set_default_timeout(PATIENCE)
    heard = watch(page)
    page.goto("/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    return page, heard


def compose(page: Page) -> None:
    """Write the campaign until it can be submitted."""
    page.goto("/w/acme/campaigns/new/")
    page.get_by_label("Name").fill("Winter boots")
    page.get_by_role("button", name="Create the draft").click()
    page.get_by_role("radio", name="Contacts", exact=True).check()
    expect(page.locator("#compose-estimate")).to_contain_text(f"{PEOPLE}")
    page.get_by_label("Sender").select_option(label="Shop")
    page.get_by_label("Subject").fill("{{ first_name }}, your boots are back")
    page.get_by_label("HTML", exact=True).check()
    page.locator("#id_source").fill('<p>Hi {{ first_name }}</p><a href="{{ unsubscribe_url }}">out</a>')
    page.get_by_label("Speed limit").fill(str(SPEED))
    expect(page.locator("#compose-review")).to_contain_text(f"{PEOPLE} people will get it.")
    expect(page.locator("[data-saved]")).to_have_text("All changes saved")


def submit(page: Page) -> None:
    page.get_by_label("Note for the moderators").fill("For Friday.")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator(".badge").first).to_have_text("In review")


def approve(page: Page) -> None:
    page.goto("/w/acme/moderation/")
    page.get_by_role("link", name="Winter boots").first.click()
    expect(page.get_by_text("For Friday.")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("“Winter boots” is approved and has started.")).to_be_visible()


def watched_to_the_end(page: Page, mailbox: Mailbox, beside: Beside) -> None:
    """Pause it on its way, see that it stands, and continue it; the page follows without being loaded again."""
    badge = page.locator(".badge").first
    expect(badge).to_have_text("Sending")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(badge).to_have_text("Paused")
    campaign = beside.do("number_of", campaign="Winter boots")
    wait_for(
        30, lambda: not beside.do("state_of_campaign", campaign=campaign)["in_flight"], "nothing on its way"
    )
    standing = mailbox.count()
    page.wait_for_timeout(1_500)
    assert 0 < standing == mailbox.count() < PEOPLE
    beside.do(
        "act", campaign=campaign, name="change_speed", rate_limit=4.0 * SPEED, delay_min=0.0, delay_max=0.0
    )
    page.get_by_role("button", name="Continue").click()
    expect(badge).to_have_text("Sending")
    expect(badge).to_have_text("Completed")


def test_a_campaign_lives_from_its_first_word_to_the_comparison(
    browser: Browser, axe_source: str, installation: Installation, mailbox: Mailbox
) -> None:
    beside = Beside(installation)
    beside.do("found_acme", people=PEOPLE, config=mailbox.config)
    author, heard = signed_in(browser, installation.url, "bob@example.test")
    moderator, heard_too = signed_in(browser, installation.url, "alice@example.test")

    compose(author)
    submit(author)
    approve(moderator)
    author.reload()
    watched_to_the_end(author, mailbox, beside)
    moderator.goto("/w/acme/campaigns/")
    moderator.get_by_label("Select Winter boots").check()
    moderator.get_by_label("Select Autumn boots").check()
    moderator.locator("[data-bulk]").get_by_role("button", name="Compare").click()

    compared = moderator.get_by_role("table")
    expect(compared).to_contain_text("Winter boots")
    expect(compared).to_contain_text("Autumn boots")
    accessible(moderator, axe_source)
    got = {who: count for who, count in mailbox.received().items() if who.startswith("reader")}
    assert got == {f"reader{n}@example.test": 1 for n in range(1, PEOPLE + 1)}
    assert [line for line in heard + heard_too if "was preloaded using link preload" not in line] == []
    for page in (author, moderator):
        page.context.close()
    beside.close()
