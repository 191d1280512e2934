"""Each role signs in and looks around: what the main screens offer it, and what its own browser is refused."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from clarion.campaigns.states import Status
from clarion.workspaces import operations
from clarion.workspaces.models import Membership, User, Workspace
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.browser.conftest import watch
from tests.factories import PASSWORD, make_user, make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: In everybody's navigation.
EVERYBODY = {
    "Dashboard", "Campaigns", "History", "Calendar", "Statistics", "Archive", "Contacts", "Lists", "Segments",
    "Imports", "Live sources", "Suppressions", "Templates", "Media", "Channels & senders", "Members", "Tokens",
}  # fmt: skip
LOOKS = ["Open", "Info", "Analytics"]
PACE = ["Continue", "Stop", "Cancel campaign"]
ALL = [*LOOKS, *PACE, "Change the timing", "Retry failed", "Refresh targets", "Duplicate"]
#: Below /w/acme/, and elsewhere: every address of which somebody of this table is refused.
PLACES = (
    "campaigns/new/", "send/", "moderation/", "audit/", "settings/", "senders/new/", "/w/elsewhere/", "/system/people/",
)  # fmt: skip


@dataclass(frozen=True)
class Sight:
    """What a role sees of Acme, and which places open."""

    menu: list[str]
    navigation: set[str] = field(default_factory=set)
    opens: set[str] = field(default_factory=set)


SIGHTS: dict[Role | None, Sight] = {
    Role.VIEWER: Sight(LOOKS),
    Role.AUTHOR: Sight(ALL, {"Moderation", "Send"}, {"campaigns/new/", "send/", "moderation/"}),
    Role.MODERATOR: Sight(
        [*LOOKS, *PACE, "Retry failed"], {"Moderation", "Audit log"}, {"moderation/", "audit/"}
    ),
    Role.ADMIN: Sight(ALL, {"Moderation", "Send", "Audit log", "Webhooks", "Settings"}, set(PLACES[:6])),
    # Who administers the installation sees every workspace, and changes nothing in it.
    None: Sight(LOOKS, set(), {"/w/elsewhere/", "/system/people/"}),
}


@pytest.fixture
def acme() -> Iterator[Workspace]:
    cache.clear()
    acme = make_workspace(owner=make_user(name="Alice"), name="Acme", slug="acme")
    make_workspace(name="Elsewhere", slug="elsewhere")
    yield acme
    cache.clear()


def person(acme: Workspace, role: Role | None) -> User:
    user = make_user(name="Kim", email="kim@example.test", is_superuser=role is None)
    if role is not None:
        operations.add_member(workspace=acme, user=user, role=role)
    return user


@pytest.mark.parametrize("role", SIGHTS, ids=lambda role: role.value.lower() if role else "super-admin")
def test_a_role_is_offered_what_it_may_do_and_refused_the_rest(
    browser: Browser, live_server: LiveServer, acme: Workspace, role: Role | None
) -> None:
    sight, user = SIGHTS[role], person(acme, role)
    campaign = ledgers.make_campaign(
        Membership.objects.get(workspace=acme, role=Role.OWNER), status=Status.PAUSED
    )
    ledgers.make_run(campaign, sent=3, failed=1, pending=5)
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    heard = watch(page)

    page.goto("/accounts/login/?next=/w/acme/campaigns/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/w/acme/campaigns/")

    shown = page.locator(".side .nav__link > span:not(.count)").all_inner_texts()
    assert set(shown) == EVERYBODY | sight.navigation
    new = page.get_by_role("link", name="New campaign")
    assert new.count() == ("campaigns/new/" in sight.opens)
    page.get_by_role("button", name="Actions for Autumn offer").click()
    items = page.locator("#row-menu .menu__item")
    expect(items).to_have_text(sight.menu)

    items.first.click()
    expect(page.locator("h1")).to_have_text("Autumn offer")
    for name in ("Continue", "Cancel campaign"):
        assert page.locator(".campaign-head").get_by_text(name, exact=True).count() == (name in sight.menu)

    assert heard == []
    statuses = {
        place: context.request.get(place if place[0] == "/" else f"/w/acme/{place}").status
        for place in PLACES
    }
    closed = {place: 404 if place[0] == "/" else 403 for place in PLACES}
    assert statuses == closed | dict.fromkeys(sight.opens, 200)
    context.close()
