"""A server that serves the gallery without a database, and the system's Chromium."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib.resources import files
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, override_settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from clarion.workspaces.models import Membership
from tests.browser.looks import WIDE

#: Milliseconds; the machine may be busy.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def gallery_url() -> Iterator[str]:
    """The address of a server with the gallery at /ui/."""
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(
        ROOT_URLCONF="tests.browser.urls",
        STORAGES=settings.STORAGES | plain,
        WHITENOISE_AUTOREFRESH=True,
        WHITENOISE_USE_FINDERS=True,
    ):
        server = _Server(("127.0.0.1", 0), _Quiet)
        server.set_app(WSGIHandler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


#: Chromium without windows takes half the CPU; where there is none, the other does as well.
LIGHT = "chromium-headless-shell"
WHOLE = ("chromium", "chromium-browser", "google-chrome")
#: All pages are of one site that we trust: they share a process, and none is kept ready for a next one.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--renderer-process-limit=1",
    "--disable-features=SpareRendererForSitePerProcess",
]  # fmt: skip


#: A page has no size until its scripts have run: Playwright acts on what it sees, and would press buttons and keys that
#: nobody listens to yet. What is merely small takes the focus all the same. Frames hold messages, which run no scripts.
UNSEEN = """
if (window === top && location.protocol !== "about:") {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("body { scale: 0 }");
  document.adoptedStyleSheets = [sheet];
  document.addEventListener("DOMContentLoaded", () => { document.adoptedStyleSheets = []; });
}
"""


def _launched(playwright: Playwright, *names: str) -> Browser:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    started.new_context = partial(_patient, started.new_context)  # type: ignore[method-assign]
    return started


def _patient(new_context: Callable[..., BrowserContext], **options: Any) -> BrowserContext:
    """Return a context that waits as long as a busy machine and a page's scripts may take, and in which nothing moves.

    Without a graphics card, what moves takes a core; Playwright asks for movement unless told.
    """
    made = new_context(**{"reduced_motion": "reduce", **options})
    made.set_default_timeout(PATIENCE)
    if options.get("java_script_enabled", True):
        made.add_init_script(UNSEEN)
    return made


@pytest.fixture(scope="session")
def _playwright() -> Iterator[Playwright]:
    # Playwright's loop runs in this thread, and Django would take our database calls for calls from it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        yield playwright
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def browser(_playwright: Playwright) -> Iterator[Browser]:
    """Chromium of the system; the tests are skipped where there is none."""
    with _launched(_playwright, LIGHT, *WHOLE) as started:
        yield started


@pytest.fixture(scope="module")
def whole_browser(_playwright: Playwright) -> Iterator[Browser]:
    """The same with all that comes with windows, such as notifications."""
    with _launched(_playwright, *WHOLE) as started:
        yield started


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The accessibility rules. The trailing 0 keeps Playwright from returning the whole library."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8") + ";0"


def watch(page: Page) -> list[str]:
    """Everything the page complains of: console messages (violations of the policy too), errors, bad answers."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # htmx says so of a question that a newer one has made needless; failures have words of their own. Chromium says
        # so of a sprite whose icons come a little late; it is not about the page.
        harmless = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if message.type != "log" and not harmless and "was preloaded using link preload" not in message.text:
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "response",
        lambda answer: heard.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )
    return heard


#: Opens a page of the workspace as one of its members: `open_as(member, "campaigns/", NARROW, **options)`.
OpenAs = Callable[..., Page]
#: The same as the test's `member`.
Open = Callable[..., Page]


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer) -> Iterator[OpenAs]:
    """Open pages, each in a window of its own; addresses are relative to the workspace, and None opens nothing yet.

    In the end every window is closed, so that no poll outlives its test, and no page may have complained of anything.
    """
    opened: list[tuple[Page, list[str]]] = []

    def open_(
        who: Membership, path: str | None = None, viewport: ViewportSize = WIDE, *,
        may_complain: bool = False, **options: Any,
    ) -> Page:  # fmt: skip
        client = Client()
        client.force_login(who.user)
        base = f"{live_server.url}/w/{who.workspace.slug}/"
        context = browser.new_context(base_url=base, viewport=viewport, **options)
        context.add_cookies(
            [{"name": n, "value": one.value, "url": live_server.url} for n, one in client.cookies.items()]
        )
        page = context.new_page()
        opened.append((page, [] if may_complain else watch(page)))
        if path is not None:
            page.goto(path)
        return page

    yield open_
    for page, _heard in opened:
        page.context.close()
    assert [line for _page, heard in opened for line in heard] == []


@pytest.fixture
def open_page(open_as: OpenAs, member: Membership) -> Open:
    """Open pages as the test's member."""
    return partial(open_as, member)


@pytest.fixture
def page(open_page: Open) -> Page:
    """A window of the test's member, in which nothing is open yet."""
    return open_page()
