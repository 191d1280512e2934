"""One person's way through a whole installation, from the printed password to everybody having got the mail."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from clarion.channels.email.tests.server import GOOD, Do, Server
from tests.acceptance.installation import Installation, new_home
from tests.acceptance.smtp import Running
from tests.browser.conftest import PATIENCE, watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

UP = (sys.executable, "-m", "clarion.cli", "up")
PEOPLE = 300
A_SECOND = 60
#: After so many mails the server is slow until it is told otherwise: there is time to look and to press.
SLOW_AFTER = 40
STRANGER = ("stranger@example.test", "a stranger's long password")
_MAKE_A_STRANGER = """
from clarion.cli import bootstrap
bootstrap.settings()
import django
django.setup()
from clarion.workspaces import operations
operations.create_user(email={0!r}, name="Stranger", password={1!r})
"""


class Site:
    """A supervised installation with a mail server beside it, and what its first start printed."""

    def __init__(self) -> None:
        home = new_home()
        home.parent.chmod(0o711)
        self.is_slow = True
        self.server = Server({"END": self._answer})
        self._mail = Running({"mx": self.server})
        self.installation = Installation(home)
        self.url = self.installation.start(*UP)
        self.password = self._printed_password()

    def _answer(self, _line: str) -> str | Do:
        if self.is_slow and len(self.server.received) > SLOW_AFTER:
            return Do(f"{GOOD['END']}\r\n".encode(), after=2.0)
        return GOOD["END"]

    def _printed_password(self) -> str:
        assert self.installation.process
        assert self.installation.process.stdout
        for line in self.installation.process.stdout:
            if found := re.search(r"Password\s+(\S+)", line):
                return found[1]
        raise AssertionError("no password was printed")

    def make_a_stranger(self) -> "subprocess.Popen[bytes]":
        """Begin to make a user who belongs to no workspace; wait for the process before signing in."""
        program = _MAKE_A_STRANGER.format(*STRANGER)
        return subprocess.Popen([sys.executable, "-c", program], env=self.installation.environment)

    def close(self) -> None:
        """Stop everything."""
        self.installation.remove()
        self._mail.close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(url)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda at: "/accounts/" not in at)


def window(browser: Browser, **options: Any) -> Page:
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(PATIENCE)
    return page


def blemishes(page: Page, axe_source: str) -> list[str]:
    """What axe finds on the page that is open, and whether it scrolls sideways."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": axe_source})
    found = session.send(
        "Runtime.evaluate",
        {
            "expression": "axe.run(document, {resultTypes: ['violations'], iframes: false}).then(r => "
            "JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' '))])))",
            "awaitPromise": True,
            "returnByValue": True,
        },
    )
    problems = [f"{page.url} {one}" for one in json.loads(found["result"]["value"])]
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        problems.append(f"{page.url} scrolls sideways")
    return problems


def connect_a_sender(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Connect a sender").click()
    page.locator("a[href$='/senders/new/email/']").click()
    page.get_by_label("Name", exact=True).fill("Shop mail")
    page.get_by_label("Host").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(site.server.port))
    page.get_by_label("Encryption").select_option("none")
    page.get_by_label("From address").fill("shop@example.test")
    page.get_by_label("A second").fill(str(A_SECOND))
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("The connection works.")).to_be_visible()


def write_a_campaign(page: Page, people: Path) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Campaigns", exact=True).click()
    page.locator("a[href$='/campaigns/new/']").first.click()
    page.get_by_label("Name").fill("Autumn newsletter")
    page.get_by_role("button", name="Create the draft").click()
    # A file is given to what is small as well, so that nobody might listen yet.
    expect(page.locator("#compose-estimate")).to_be_visible()
    page.locator("input[type=file]").set_input_files(people)
    expect(page.locator("#compose-estimate")).to_contain_text(
        re.compile(rf"Will receive it\s*{PEOPLE}"), timeout=PATIENCE
    )
    page.get_by_label("Sender").select_option(label="Shop mail")
    page.get_by_label("Subject").fill("Hello {{ first_name }}")
    page.get_by_label("HTML", exact=True).check()
    page.locator("#id_source").fill("<h1>Good morning, {{ first_name }}</h1>")
    page.locator("#id_source").press("End")
    page.locator("#compose-fields").get_by_role("button", name="unsubscribe_url").click()
    expect(page.locator("#compose-preview")).to_contain_text("Hello Person 0")
    expect(page.locator("#compose-review")).to_contain_text(f"{PEOPLE} people will get it.")


def unsubscribe_link(site: Site, address: str) -> str:
    """Return the link in the mail that this address got."""
    (mail,) = [mail for mail in site.server.received if mail.recipients == [address]]
    body = message_from_bytes(mail.octets, policy=policy.default).get_body(("html",))
    assert body is not None
    found = re.search(r'href="https?://[^/]+(/u/[^"]+)"', body.get_content())
    assert found is not None
    return site.url + found[1]


def test_from_the_printed_password_to_everybody_having_got_it(
    browser: Browser, axe_source: str, tmp_path: Path, site: Site
) -> None:
    people = tmp_path / "people.csv"
    rows = [f"person{n}@example.test,Person {n}" for n in range(PEOPLE)]
    people.write_text("\n".join(["email,first_name", *rows, "nonsense,Nobody", rows[0]]))
    stranger = site.make_a_stranger()
    page = window(browser, viewport={"width": 1440, "height": 1000})
    heard = watch(page)
    problems = []

    sign_in(page, site.url, "owner@example.com", site.password)
    page.goto(f"{site.url}/w/main/")
    problems += blemishes(page, axe_source)
    connect_a_sender(page, site)
    problems += blemishes(page, axe_source)
    write_a_campaign(page, people)
    problems += blemishes(page, axe_source)

    page.get_by_role("button", name="Start sending").click()
    page.locator("#confirm").get_by_role("button", name="Start sending").click()
    page.wait_for_url(lambda at: "/edit/" not in at)
    campaign = page.url
    badge = page.locator(".page-head .badge")
    sent = page.locator("[data-live=sent]").first
    expect(sent).to_have_text(re.compile("[1-9]"))
    expect(sent).not_to_have_text(sent.inner_text())
    page.get_by_role("button", name="Pause").click()
    expect(badge).to_have_text("Paused")
    expect(page.locator(".why")).to_contain_text("Paused by Owner")
    assert 0 < len(site.server.received) < PEOPLE
    site.is_slow = False
    problems += blemishes(page, axe_source)
    page.get_by_role("button", name="Continue").click()
    expect(badge).to_have_text("Completed")
    expect(sent).to_have_text(str(PEOPLE))
    expect(page.locator(".reconciles")).to_contain_text(
        f"Totals reconcile: {PEOPLE + 2} = {PEOPLE} sent + 2 skipped", use_inner_text=True
    )
    reached = [recipient for mail in site.server.received for recipient in mail.recipients]
    assert sorted(reached) == sorted(f"person{n}@example.test" for n in range(PEOPLE))

    page.get_by_role("link", name="Recipients").click()
    page.locator("tr", has_text="person7@example.test").locator(".table__link").click()
    expect(page.locator("#drawer")).to_contain_text("Hello Person 7")
    copy = page.frame_locator("#drawer iframe")
    expect(copy.get_by_role("heading", name="Good morning, Person 7")).to_be_visible()
    problems += blemishes(page, axe_source)

    page.goto(unsubscribe_link(site, "person7@example.test"))
    page.get_by_role("button").first.click()
    page.goto(f"{site.url}/w/main/suppressions/")
    expect(page.get_by_role("row").filter(has_text="person7@example.test")).to_contain_text("Unsubscribed")

    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("", "recipients/", "errors/", "audit/", "../", "../../senders/", "../../"):
        page.goto(campaign + path)
        problems += blemishes(page, axe_source)
    assert problems + heard == []

    assert stranger.wait(PATIENCE / 1000) == 0
    other = window(browser)
    sign_in(other, site.url, *STRANGER)
    for path in ("", "recipients/", "now/", "../"):
        answer = other.goto(campaign + path)
        assert answer is not None
        assert answer.status == 404
    for opened in (page, other):
        opened.context.close()
