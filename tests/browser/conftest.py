"""A server that serves the gallery without a database, and the system's Chromium."""

import os
import shutil
import threading
from collections.abc import Iterator
from importlib.resources import files
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from playwright.sync_api import Browser, Page, sync_playwright

#: Milliseconds; the machine may be busy.
PATIENCE = 60_000


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


def chromium_path() -> str | None:
    """Return where the system's Chromium is; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system; the tests are skipped where there is none."""
    path = chromium_path()
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    # Playwright's loop runs in this thread, and Django would take our database calls for calls from it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The accessibility rules. The trailing 0 keeps Playwright from returning the whole library."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8") + ";0"


def watch(page: Page) -> list[str]:
    """Everything the page complains of: console messages (violations of the policy too), errors, bad answers."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "response",
        lambda answer: heard.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
    )
    return heard
