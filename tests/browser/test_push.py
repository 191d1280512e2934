"""The scripts that sites embed, in Chromium: a visitor subscribes, a notification is shown and reported.

Chromium without a profile has no push service, so its part in subscribing is played; the rest is its own.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from clarion import public
from clarion.channels.webpush import subscription, vapid
from clarion.channels.webpush.tests.server import AUTH, BROWSER
from tests.browser.conftest import PATIENCE

pytestmark = pytest.mark.browser

SCRIPTS = Path(public.__file__).parent / "push"
KEY = vapid.public_of(vapid.new_key())
#: What the maker's part of the browser would give.
PLAYED = """
const keys = {p256dh: '%s', auth: '%s'};
PushManager.prototype.subscribe = async function (options) {
  window.asked = {visible: options.userVisibleOnly, octets: options.applicationServerKey.length};
  return {options, toJSON: () => ({endpoint: 'https://fcm.googleapis.com/fcm/send/x', keys})};
};
""" % (vapid.encode(BROWSER.public), vapid.encode(AUTH))  # noqa: UP031  # braces are the language's own


@dataclass
class Site:
    """A site that embeds the scripts, and the doors at which they knock."""

    url: str = ""
    knocks: list[tuple[str, str]] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def page(self) -> str:
        return (
            f'<!doctype html><title>Shop</title><script src="/push/1/page.js" data-sender="{self.url}/push/one" '
            f'data-key="{KEY}" data-worker="/worker.js" data-email="ada@example.test" data-signature="abc" defer>'
            "</script><button data-clarion-push hidden>Notify me</button>"
        )


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            kind = "text/javascript" if name.endswith(".js") else "text/html"
            body = site.page().encode()
            if self.path == "/worker.js":
                body = b'importScripts("/push/1/worker.js");'
            elif self.path.startswith("/push/1/"):
                body = (SCRIPTS / name).read_bytes()
            self._answer(200, kind, body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            site.knocks.append((self.path, body))
            self._answer(204, "text/plain", b"")
            site.came.set()

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(whole_browser: Browser, site: Site) -> Iterator[Page]:
    context = whole_browser.new_context()
    context.grant_permissions(["notifications"], origin=site.url)
    context.add_init_script(PLAYED)
    page = context.new_page()
    page.goto(site.url)
    yield page
    context.close()


def test_a_visitor_presses_the_button_and_is_subscribed(page: Page, site: Site) -> None:
    button = page.get_by_role("button", name="Notify me")
    button.click()
    assert site.came.wait(PATIENCE / 1000)

    ((path, body),) = site.knocks
    said = json.loads(body)
    assert path == "/push/one/subscribe"
    assert subscription.read(json.dumps(said["subscription"])).keys.auth == AUTH
    assert (said["email"], said["signature"]) == ("ada@example.test", "abc")
    assert page.evaluate("window.asked") == {"visible": True, "octets": 65}
    button.wait_for(state="hidden")


def test_a_notification_is_shown_with_what_it_says_and_reported(page: Page, site: Site) -> None:
    page.evaluate(
        "navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready).then(() => 1)"
    )
    devtools = page.context.new_cdp_session(page)
    found: list[Any] = []
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(told["registrations"]))
    devtools.send("ServiceWorker.enable")
    while not found:
        page.wait_for_timeout(20)
    note = {
        "v": 1,
        "title": "Sale",
        "body": "Today",
        "link": f"{site.url}/sale",
        "tag": "sale",
        "seen": f"{site.url}/seen",
    }

    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": site.url, "registrationId": found[-1]["registrationId"], "data": json.dumps(note)},
    )
    assert site.came.wait(PATIENCE / 1000)

    shown = page.evaluate(
        "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
        ".then((all) => all.map((one) => [one.title, one.body, one.tag, one.data.link]))"
    )
    assert shown == [["Sale", "Today", "sale", f"{site.url}/sale"]]
    assert site.knocks == [("/seen", "shown")]
