"""Every address inside a workspace, found by itself: who is kept out of it, and who may change nothing by it."""

import io
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter, UUIDConverter

from clarion.audience import operations as audience
from clarion.audience.models import LiveSheet, Suppression
from clarion.campaigns.operations import Addressee, Said, send_one_off
from clarion.campaigns.states import Status
from clarion.content import operations as content
from clarion.content.models import Template, TemplateVersion
from clarion.deliveries.exporting import operations as exporting
from clarion.deliveries.wanted import Wanted
from clarion.senders import operations as senders
from clarion.webhooks import operations as webhooks
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import Membership
from clarion.workspaces.money import operations as money
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.factories import Cast
from tests.pictures import png

pytestmark = pytest.mark.django_db

#: What stands for a slug in an address.
SLUGS = {"language": "en", "action": "cancel", "verb": "suspend", "part": "body", "channel": "email"}
#: Of these tables the pages write of their own accord: who was where last.
UNWATCHED = {"User", "Session"}
DOMAIN = ("workspaces", "audience", "content", "senders", "webhooks", "campaigns", "deliveries")
#: Without anything more to ask for, these show nothing.
GONE = {
    "source_rejected", "import_report", "campaigns:export_file", "moderation_review", "moderation_preview",
    "moderation_frame", "sender_link", "sender_link_code", "sender_names",
    "sender_templates",
}  # fmt: skip
#: What everybody may do with what is their own.
OWN = {"members_leave"}
#: In every address of a person in these tests, and in no other text.
SECRET = "hidden-person"


@dataclass(frozen=True, slots=True)
class Address:
    """An address inside a workspace with the names and kinds of what it is made of."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def is_of_object(self) -> bool:
        return any(isinstance(kind, UUIDConverter | IntConverter) for kind in self.parameters.values())

    def url(self, slug: str, things: Mapping[str, uuid.UUID]) -> str:
        """Return it with the thing that it is about, which its name tells."""
        values: dict[str, Any] = {"workspace": slug}
        for name, kind in self.parameters.items():
            if isinstance(kind, UUIDConverter):
                named = things.get(name) if name != "id" else None
                values[name] = named or next(
                    thing for word, thing in things.items() if self.name.startswith(word)
                )
            elif isinstance(kind, IntConverter):
                values[name] = self._number(name)
            else:
                values[name] = SLUGS[name]
        return reverse(self.name, kwargs=values)

    def _number(self, name: str) -> int:
        suppression = Suppression.objects.order_by("pk").first()
        return suppression.pk if name == "id" and suppression else (0 if name == "step" else 1)


def addresses() -> list[Address]:
    """Return every named address with a workspace in it."""
    found: list[Address] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str, parameters: dict[str, Any]) -> None:
        for one in patterns:
            kinds = parameters | dict(one.pattern.converters)
            if isinstance(one, URLResolver):
                inner = f"{prefix}{one.namespace}:" if one.namespace else prefix
                walk(one.url_patterns, inner, kinds)
            elif "workspace" in kinds and one.name:
                rest = {name: kind for name, kind in kinds.items() if name != "workspace"}
                found.append(Address(f"{prefix}{one.name}", rest))

    walk(get_resolver().url_patterns, "", {})
    return found


@pytest.fixture
def things(cast: Cast) -> dict[str, uuid.UUID]:
    """Return the public ids of one of everything in Acme, by how the names of their pages begin."""
    by = of_member(cast.alice)
    ana = audience.create_contact(
        by=by, fields={"email": f"{SECRET}@shop.example", "phone": "+493012345678", "last_name": SECRET}
    )
    news = audience.create_list(by=by, name="News")
    audience.add_to_list(by=by, the_list=news, contact_ids=[ana.pk])
    reachable = audience.create_segment(
        by=by, name="Reachable", rule={"all": [{"field": "email", "op": "filled"}]}
    )
    audience.add_suppression(by=by, channel="email", address=f"{SECRET}-2@shop.example")
    rows = io.BytesIO(f"email,name\n{SECRET}-3@shop.example,Eve\nnobody,{SECRET}\n".encode())
    made = audience.create_import(by=by, file=rows, file_name="people.csv")
    sender = senders.create_sender(by=by, channel="sandbox", name="Own", config={})
    campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
    run = ledgers.make_run(campaign, skipped=1, sent=2, failed=1, unknown=1, waiting=1, pending=1)
    to, words = Addressee(address=f"{SECRET}-5@shop.example"), {"mode": "text", "source": SECRET}
    one_off = send_one_off(by=by, sender=sender, to=to, said=Said(body=words))
    with connection.cursor() as cursor:
        cursor.execute(
            "update deliveries_recipient set address = %s || id || '@shop.example',"
            " variables = jsonb_build_object('last_name', %s::text) where run_id = any(%s)",
            [SECRET, SECRET, [run.pk, ledgers.make_run(one_off, unknown=1).pk]],
        )
    template = Template.objects.create(workspace=cast.workspace, channel="email", name="Letter")
    TemplateVersion.objects.create(template=template, number=1, source={}, content={})
    assert campaign.source is not None
    money.switch_on(by=by, currency="EUR")
    invitation, _secret = workspaces.invite(by=by, email=f"{SECRET}-4@shop.example", role=Role.VIEWER)
    token, _secret = workspaces.create_token(by=by, member=cast.alice, name="Shop", scopes=[])
    export = exporting.create_export(run=run, wanted=Wanted(), kind="CSV", by=by)
    picture = content.store_media(by=by, file=io.BytesIO(png()), name="Logo.png")
    sheet = LiveSheet.objects.create(
        workspace=cast.workspace, name="Orders", url="https://sheets.example.test/orders.csv", channel="email"
    )
    webhook, _secret = webhooks.create_endpoint(by=by, url="https://shop.example/hook", kinds=["campaign"])
    told = webhooks.queue_test(by=by, endpoint=webhook)
    named = {
        "webhook": webhook, "request_id": told,
        "sheet": sheet,
        "export": export, "media": picture,
        "contact": ana, "list": news, "segment": reachable, "import": made, "campaigns:": campaign,
        "moderation": campaign, "history": one_off, "template": template, "sender": sender,
        "source": campaign.source, "member": cast.bob, "invitation": invitation, "token": token,
    }  # fmt: skip
    return {word: thing.public_id for word, thing in named.items()}


def visiting(member: Membership, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(member.user)
    return client


def everything() -> dict[str, list[Any]]:
    """Return every row of the domain."""
    models = [model for label in DOMAIN for model in apps.get_app_config(label).get_models()]
    return {
        m.__name__: sorted(map(repr, m.objects.values_list())) for m in models if m.__name__ not in UNWATCHED
    }


def said(answer: Any) -> str:
    body: bytes = b"".join(answer) if answer.streaming else answer.content
    return body.decode()


def test_whoever_may_finds_everything(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    """So that the tests below ask for what there is."""
    alice = visiting(cast.alice)
    answers = {one.name: alice.get(one.url(cast.workspace.slug, things)) for one in addresses()}

    assert len(answers) > 60
    assert {name for name, answer in answers.items() if answer.status_code not in (200, 302, 405)} <= GONE
    open_pages = {name for name, answer in answers.items() if SECRET in said(answer)}
    assert {"contacts", "suppressions", "campaigns:recipients", "campaigns:recipient"} <= open_pages


def test_a_stranger_finds_nothing_of_another_workspace(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    mallory = visiting(cast.mallory)
    before = everything()
    wrong = []
    for address in addresses():
        url = address.url(cast.workspace.slug, things)
        wrong += [url for answer in (mallory.get(url), mallory.post(url)) if answer.status_code != 404]
        if address.is_of_object:
            url = address.url(cast.elsewhere.slug, things)
            answers = (mallory.get(url), mallory.post(url))
            wrong += [url for answer in answers if answer.status_code not in (404, 405)]

    assert wrong == []
    assert everything() == before


def test_whoever_is_not_signed_in_is_asked_to(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    nobody = Client()
    wrong = []
    for address in addresses():
        url = address.url(cast.workspace.slug, things)
        for answer in (nobody.get(url), nobody.post(url)):
            if answer.status_code != 302 or not answer["Location"].startswith("/accounts/login/"):
                wrong.append(url)

    assert wrong == []


def test_nothing_is_changed_without_the_token_of_the_form(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    alice = visiting(cast.alice, enforce_csrf_checks=True)
    before = everything()
    wrong = [
        url
        for address in addresses()
        if (url := address.url(cast.workspace.slug, things))
        and alice.post(url, {"confirmed": "1"}).status_code not in (403, 404, 405)
    ]

    assert wrong == []
    assert everything() == before


def test_a_viewer_changes_nothing_and_sees_nobodys_address(cast: Cast, things: dict[str, uuid.UUID]) -> None:
    vera = visiting(cast.vera)
    before = everything()
    facts = {
        "confirmed": "1", "name": "Mine now", "address": "new@x.example", "channel": "email", "action": "delete",
        "ids": [str(one) for one in things.values()], "choice": "sent", "email": "new@x.example", "reason": "why",
    }  # fmt: skip
    told, failed = [], []
    for address in addresses():
        if address.name in OWN:
            continue
        url = address.url(cast.workspace.slug, things)
        for answer in (vera.get(url), vera.post(url, facts)):
            if answer.status_code >= 500:
                failed.append(url)
            if SECRET in said(answer):
                told.append(url)

    assert (told, failed) == ([], [])
    assert everything() == before
