"""Ending messages by the link in one, without scripts, and the pages where a workspace settles who is written to."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from clarion.audience import operations
from clarion.audience.models import Contact, FrequencyCap, List, ListMember, Source, SourceKind, Suppression
from clarion.campaigns.states import Status
from clarion.lib import keys, tokens
from clarion.senders.models import Sender
from tests import ledgers
from tests.browser.conftest import PATIENCE, watch
from tests.browser.looks import WIDE, faults

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ADDRESS = "person0000001@example.test"


class Site:
    """A workspace whose first person is a contact with a phone, on a list that may be seen."""

    def __init__(self, server: LiveServer) -> None:
        people = ledgers.make_people()
        self.run = ledgers.make_run(ledgers.make_campaign(people.alice), sent=3, finished=True)
        Sender.objects.create(workspace=people.workspace, channel="sms", name="Short")
        mine = {"workspace": people.workspace}
        contact = Contact.objects.create(**mine, email=ADDRESS, phone="+4930123456", first_name="Ada")
        Contact.objects.bulk_create(Contact(**mine, email=f"p{n}@example.test") for n in range(60))
        self.news = List.objects.create(**mine, name="News", description="Once a month.", is_public=True)
        ListMember.objects.create(list=self.news, contact=contact)
        List.objects.create(**mine, name="Sales", is_public=True)
        FrequencyCap.objects.create(**mine, messages=3, days=7)
        operations.suppress(
            **mine, channel="email", address="p7@example.test", reason="BOUNCED", origin="run 1"
        )
        source = Source.objects.create(**mine, kind=SourceKind.CONTACTS)
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, source=source)
        token = tokens.make("unsubscribe", keys.derive(settings.SECRET_KEY, keys.TOKENS), self.run.pk, 16)
        base = f"{server.url}/w/{people.workspace.slug}/"
        self.link = f"{server.url}/u/{token}"
        self.pages = {
            "unsubscribe": self.link,
            "preferences": f"{server.url}/p/{token}",
            "who": f"{base}campaigns/{draft.public_id}/who/",
            "who-suppressed": f"{base}campaigns/{draft.public_id}/who/?step=suppressed",
            "compose": f"{base}campaigns/{draft.public_id}/edit/",
            "rules": f"{base}opt-out/",
            "words": f"{base}opt-out/words/ar/",
            "suppressions": f"{base}suppressions/",
            "suppressions-narrow": f"{base}suppressions/?reason=BOUNCED&days=7",
        }
        client = Client()
        client.force_login(people.alice.user)
        self.cookies: Any = [
            {"name": name, "value": morsel.value, "url": server.url}
            for name, morsel in client.cookies.items()
        ]


@pytest.fixture
def site(live_server: LiveServer) -> Site:
    return Site(live_server)


def test_somebody_ends_messages_changes_their_mind_and_keeps_one_topic(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    heard = watch(page)
    page.goto(site.link)

    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    page.get_by_role("button", name="I clicked by mistake").click()
    page.get_by_role("link", name="Choose what you get").click()
    page.get_by_role("button", name="Unsubscribe from everything").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert Suppression.objects.filter(reason="UNSUBSCRIBED").count() == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("News")).to_be_checked()
    page.get_by_label("SMS").uncheck()
    page.get_by_label("Sales").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Your choice is saved")).to_be_visible()

    assert list(Suppression.objects.filter(reason="UNSUBSCRIBED").values_list("channel", flat=True)) == [
        "sms"
    ]
    assert ListMember.objects.count() == 2
    assert heard == []
    context.close()


def test_every_page_fits_complains_of_nothing_and_is_accessible(
    browser: Browser, site: Site, axe_source: str
) -> None:
    context = browser.new_context(viewport=WIDE)
    context.set_default_timeout(PATIENCE)
    context.add_cookies(site.cookies)
    page = context.new_page()
    heard = watch(page)
    problems = []
    for url in site.pages.values():
        page.goto(url)
        expect(page.locator("main h1")).to_be_visible()
        problems += faults(page, axe_source)
    context.close()

    assert problems + heard == []
