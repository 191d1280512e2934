"""Passkeys and single sign-on in Chromium, with its own virtual authenticator, and how the pages of it look."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clarion.workspaces.access import operations
from clarion.workspaces.access.models import SystemEvent
from tests.browser.conftest import PATIENCE, watch
from tests.factories import PASSWORD, make_user, make_workspace
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider
from tests.oidc import provider as provider

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SHAPES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 1000}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 1000}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
PAGES = {
    "address": "/accounts/email/",
    "password": "/accounts/password/change/",
    "factors": "/accounts/2fa/",
    "passkey": "/accounts/2fa/webauthn/add/",
    "sessions": "/accounts/sessions/",
    "mail": "/system/mail/",
    "people": "/system/people/",
    "sso": "/system/sso/",
    "trail": "/system/access/",
}


@pytest.fixture
def site(live_server: LiveServer, provider: Provider) -> Iterator[str]:
    """The address by a name, as browsers want it for keys, of an installation with an administrator."""
    cache.clear()
    alice = make_user(name="Alice", email="alice@example.test", is_superuser=True)
    make_workspace(owner=alice, slug="acme")
    operations.save_provider(
        by=None, name="Work", slug="work", issuer=provider.url, client_id=CLIENT_ID, secret=CLIENT_SECRET
    )
    url = live_server.url.replace("127.0.0.1", "localhost")
    with override_settings(CLARION_PUBLIC_URL=url):
        yield url
    cache.clear()


def with_authenticator(page: Page) -> None:
    """Give the page a device that keeps keys and knows its owner's finger."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill("alice@example.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")


def problems(page: Page, axe_source: str) -> list[str]:
    """What the accessibility rules and a narrow screen say against the page."""
    page.evaluate(axe_source)
    found: list[str] = page.evaluate(
        "async () => (await axe.run()).violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' '))"
    )
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found


def test_a_passkey_is_made_and_lets_one_in_alone_and_as_second_factor_and_a_provider_does_too(
    browser: Browser, site: str, provider: Provider, axe_source: str
) -> None:
    page = browser.new_context(base_url=site, **SHAPES["light"]).new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    heard = watch(page)
    with_authenticator(page)
    sign_in(page)
    page.wait_for_url("**/w/acme/**")

    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("My laptop")
    expect(page.get_by_label("Sign in with it alone")).to_be_checked()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/2fa/")
    expect(page.get_by_text("Signs in alone")).to_be_visible()

    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/acme/**")

    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/acme/**")

    sign_out(page)
    page.get_by_role("button", name="Sign in with Work").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/w/acme/**")

    assert [one.detail for one in SystemEvent.objects.filter(action="signin.done").order_by("number")] == [
        "password",
        "passkey",
        "password, webauthn",
        "single sign-on work, webauthn",
    ]
    assert heard == []
    page.context.close()


def test_the_pages_are_accessible_in_light_in_dark_and_on_a_phone(
    browser: Browser, site: str, axe_source: str
) -> None:
    kept = os.environ.get("SCREENSHOTS")
    found: dict[str, list[str]] = {}
    for name, shape in SHAPES.items():
        page = browser.new_context(base_url=site, bypass_csp=True, **shape).new_page()
        page.set_default_timeout(PATIENCE)
        heard = watch(page)

        def look(what: str, page: Page = page, name: str = name) -> None:
            if wrong := problems(page, axe_source):
                found[f"{what} {name}"] = wrong
            if kept:
                page.screenshot(path=Path(kept) / f"{what}-{name}.png", full_page=True)

        for what, url in (("login", "/accounts/login/"), ("reset", "/accounts/password/reset/")):
            page.goto(url)
            look(what)
        sign_in(page)
        page.wait_for_url("**/w/acme/**")
        page.goto("/accounts/2fa/webauthn/add/")
        look("reauthenticate")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url("**/webauthn/add/")
        for what, url in PAGES.items():
            page.goto(url)
            look(what)
        if heard:
            found[f"console {name}"] = heard
        page.context.close()

    assert found == {}
