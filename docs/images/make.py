"""Take the pictures of the documentation: a campaign while it is being sent, light and dark, and the compose page.

Run `python docs/images/make.py` in the development environment; it needs Chromium. A whole installation is started
in a temporary home, sends invented mails to a mail server of its own on the loopback interface, and is removed.
"""

import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from clarion.channels.email.tests.server import Server
from tests.acceptance.installation import Installation, new_home
from tests.acceptance.smtp import Running
from tests.browser.conftest import LIGHT, WHOLE

PEOPLE = 24_000
A_SECOND = 150
#: Octets that a picture may have.
LARGEST = 250_000
FIRST = "Amira Jonas Lena Nadia Tom Ines Karl Maya Omar Paula Rosa Sven Tara Uma Viktor Yusuf Zoe".split()
LAST = "Weber Haddad Novak Rossi Jansen Okafor Silva Berg Yilmaz Costa Meyer Dubois".split()
CITIES = "Leipzig Hamburg Wien Basel Köln Graz Bremen".split()
MESSAGE = """<!doctype html>
<html>
<body style="font-family: sans-serif; color: #23252f; padding: 12px">
  <h1 style="font-size: 22px">Winter boots are back, {{ first_name }}</h1>
  <p>The pair you liked is in {{ city }} again. Until Sunday we keep one for you,
     with <b>{{ discount }} % off</b>.</p>
  <p><a href="https://shop.example.test/boots"
        style="background: #4a3fd4; color: #fff; padding: 10px 18px; border-radius: 8px">Reserve mine</a></p>
  <p style="font-size: 12px; color: #676977"><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>
</body>
</html>
"""


def refuse_some(line: str) -> str:
    """Answer RCPT: a few addresses do not exist."""
    number = int(re.search(r"(\d+)@", line)[1])  # type: ignore[index]
    return "550 5.1.1 No such user here" if number % 41 == 7 else "250 2.1.5 Ok"


def people() -> Path:
    """Return a CSV file of invented people, some of them wrong or named twice."""
    rows = ["Email,First name,Last name,City,Discount"]
    for n in range(PEOPLE):
        first, last = FIRST[n * 7 % len(FIRST)], LAST[n * 5 % len(LAST)]
        address = f"{first}.{last}.{n}@example.test".lower()
        rows.append(f"{address},{first},{last},{CITIES[n % len(CITIES)]},{10 + n % 3 * 5}")
    rows += [f"no address {n},A,B,C,10" for n in range(84)] + rows[1:212]
    file = Path(tempfile.mkdtemp(prefix="clarion-images-")) / "boots-2026.csv"
    file.write_text("\n".join(rows), "utf-8")
    return file


@contextmanager
def installation() -> Iterator[tuple[str, str]]:
    """A whole installation; yields its address and the first password."""
    home = new_home()
    home.parent.chmod(0o711)
    made = Installation(home)
    try:
        url = made.start(sys.executable, "-m", "clarion.cli", "up", seconds=120)
        assert made.process
        assert made.process.stdout
        found = next(filter(None, (re.search(r"Password\s+(\S+)", line) for line in made.process.stdout)))
        threading.Thread(target=made.process.stdout.read, daemon=True).start()
        yield url, found[1]
    finally:
        made.remove()


def connect(page: Page, url: str, port: int) -> None:
    """Set up a mail sender."""
    page.goto(f"{url}/w/main/senders/new/email/")
    page.get_by_label("Name", exact=True).fill("Northwind Shop")
    page.get_by_label("Host").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(port))
    page.get_by_label("Encryption").select_option("none")
    page.get_by_label("From address").fill("shop@example.test")
    page.get_by_label("From name").fill("Northwind Shop")
    page.get_by_label("A second").fill(str(A_SECOND))
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(lambda at: not at.endswith("/email/"))


def compose(page: Page, url: str) -> None:
    """Write the campaign until it can be started."""
    page.goto(f"{url}/w/main/campaigns/new/")
    page.get_by_label("Name").fill("Winter boots restock")
    page.get_by_role("button", name="Create the draft").click()
    page.get_by_label("Tags").fill("retail, q4")
    page.locator("input[type=file]").set_input_files(people())
    expect(page.locator("#compose-estimate")).to_contain_text(f"{PEOPLE:,}")
    page.get_by_label("Sender").select_option(label="Northwind Shop")
    page.get_by_label("HTML", exact=True).check()
    page.get_by_label("Subject").fill("{{ first_name }}, your boots are back in {{ city }}")
    page.get_by_label("Preview text").fill("One pair is kept for you until Sunday.")
    page.locator("#id_source").fill(MESSAGE)
    expect(page.locator("#compose-review")).to_contain_text(f"{PEOPLE:,} people will get it.")
    expect(page.locator("#compose-preview")).to_contain_text("your boots are back in")
    page.frame_locator("#compose-preview iframe").get_by_text("Reserve mine").wait_for()
    expect(page.locator("[data-saved]")).to_have_text("All changes saved")


def picture(page: Page, name: str) -> None:
    """Write one picture and say how large it is."""
    page.mouse.move(0, 0)
    file = HERE / name
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file}: {size:,} bytes")
    assert size < LARGEST, f"{name} is too large"


def take(browser: Browser, url: str, password: str, port: int) -> None:
    """Go through the program and take every picture."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 1000}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Email").fill("owner@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/w/**")
    connect(page, url, port)
    compose(page, url)
    page.evaluate("document.querySelector('#message').scrollIntoView()")
    page.wait_for_timeout(1_000)
    picture(page, "compose.png")
    page.get_by_role("button", name="Start sending").click()
    page.locator("#confirm").get_by_role("button", name="Start sending").click()
    page.wait_for_url(lambda at: "/edit/" not in at)
    page.wait_for_timeout(100_000)
    page.reload()
    page.wait_for_timeout(3_000)
    picture(page, "campaign.png")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(500)
    picture(page, "campaign-dark.png")
    context.close()


def main() -> None:
    """Take all pictures."""
    expect.set_options(timeout=60_000)
    server = Server(answers={"RCPT": refuse_some})
    mail = Running({"mx": server})
    try:
        with installation() as (url, password), sync_playwright() as playwright:
            path = next(filter(None, map(shutil.which, (LIGHT, *WHOLE))), None)
            assert path, "Chromium is not installed"
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            )
            take(browser, url, password, server.port)
            browser.close()
    finally:
        mail.close()


if __name__ == "__main__":
    main()
