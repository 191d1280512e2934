"""A contact's profile, merging, what a person may ask for, and the workspace's attributes on screen."""

import io
import re
import zipfile
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clarion.audience import operations
from clarion.audience.models import Attribute, Contact, Erasure
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent, Membership
from tests import ledgers
from tests.factories import Cast

pytestmark = pytest.mark.django_db


def visit(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


@pytest.fixture
def by(cast: Cast) -> actors.Actor:
    return actors.of_member(cast.alice)


@pytest.fixture
def ana(by: actors.Actor) -> Contact:
    return operations.create_contact(
        by=by, fields={"email": "ana.sol@shop.example", "first_name": "Ana", "phone": "+4930123456"}
    )


@pytest.fixture
def page(cast: Cast, ana: Contact) -> str:
    return f"/w/{cast.workspace.slug}/contacts/{ana.public_id}/"


class TestProfile:
    def test_addresses_are_added_preferred_and_removed(self, cast: Cast, ana: Contact, page: str) -> None:
        alice, post = visit(cast.alice), {"way-kind": "email", "way-address": "sol@home.example"}

        alice.post(f"{page}addresses/", post)
        way = {"kind": "email", "address": "sol@home.example"}
        alice.post(f"{page}addresses/", {**way, "act": "prefer"})
        ana.refresh_from_db()
        assert ana.email == "sol@home.example"
        assert "ana.sol@shop.example" in text(alice.get(page))
        alice.post(f"{page}addresses/", {"kind": "email", "address": "ana.sol@shop.example", "act": "remove"})

        assert "ana.sol@shop.example" not in text(alice.get(page))
        for member, status in ((cast.vera, 403), (cast.mallory, 404)):
            assert visit(member).post(f"{page}addresses/", post).status_code == status

    def test_a_wrong_address_is_told_beside_its_field(self, cast: Cast, ana: Contact, page: str) -> None:
        shown = text(visit(cast.alice).post(f"{page}addresses/", {"way-kind": "phone", "way-address": "12"}))

        assert "id_way-address_error" in shown

    def test_consent_is_noted_with_its_day_and_shown(self, cast: Cast, ana: Contact, page: str) -> None:
        alice = visit(cast.alice)
        said = {"said-channel": "email", "said-state": "GIVEN", "said-source": "FORM", "said-note": "Fair"}

        late = text(alice.post(f"{page}consent/", {**said, "said-at": "2999-01-01"}))
        alice.post(f"{page}consent/", {**said, "said-at": "2026-01-31"})

        assert "Nobody can have said it already then." in late
        ana.refresh_from_db()
        assert ana.consents == ["email"]
        change = ana.consent_changes.get()
        assert (change.at.date().isoformat(), change.source, change.by) == (
            "2026-01-31",
            "FORM",
            cast.alice.user,
        )
        assert "Fair" in text(alice.get(page))
        for member, status in ((cast.vera, 403), (cast.mallory, 404)):
            assert visit(member).post(f"{page}consent/", said).status_code == status

    def test_withdrawing_consent_stops_what_is_still_pending(
        self, cast: Cast, ana: Contact, page: str
    ) -> None:
        campaign = ledgers.make_campaign(cast.alice)
        run = ledgers.make_run(campaign, pending=2)
        ledgers.change("recipient", run, "id = 1", address=ana.email)

        said = {
            "said-channel": campaign.steps.get().channel,
            "said-state": "WITHDRAWN",
            "said-source": "PERSON",
        }
        visit(cast.alice).post(f"{page}consent/", said)

        run.refresh_from_db()
        assert (run.pending, run.skipped) == (1, 1)

    def test_defined_attributes_have_fields_of_their_kind(
        self, cast: Cast, by: actors.Actor, ana: Contact, page: str
    ) -> None:
        operations.define_attribute(by=by, label="Plan", kind="CHOICE", choices=["Free", "Paid"])
        operations.define_attribute(by=by, label="Since", kind="DATE")
        alice = visit(cast.alice)
        facts = {"email": ana.email, "state": "ACTIVE", "attributes": "city: Rome", "attribute_plan": "Paid"}

        wrong = text(alice.post(page, {**facts, "attribute_since": "12/31/2026"}))
        alice.post(page, {**facts, "attribute_since": "31.12.2026"})

        assert "Write the day like 2026-12-31" in wrong
        ana.refresh_from_db()
        assert ana.attributes == {"city": "Rome", "plan": "Paid", "since": "2026-12-31"}
        shown = text(alice.get(page))
        assert 'type="date" name="attribute_since" value="2026-12-31"' in shown


class TestMerging:
    def test_two_become_one_and_the_old_address_leads_there(
        self, cast: Cast, by: actors.Actor, ana: Contact, page: str
    ) -> None:
        other = operations.create_contact(
            by=by, fields={"email": "sol@home.example", "first_name": "Annie", "phone": "+4930123456"}
        )
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/"
        assert "Same phone number" in text(alice.get(page))
        assert "sol@home.example" in text(alice.get(f"{base}duplicates/"))
        shown = text(alice.get(f"{page}merge/?with={other.public_id}"))
        assert "Annie" in shown

        facts = {"with": str(other.public_id), "take-first_name": "theirs"}
        for member, status in ((cast.vera, 403), (cast.mallory, 404)):
            assert visit(member).get(f"{page}merge/?with={other.public_id}").status_code == status
            assert visit(member).post(f"{page}merge/", facts).status_code == status
        alice.post(f"{page}merge/", facts)

        ana.refresh_from_db()
        assert (ana.first_name, ana.email) == ("Annie", "ana.sol@shop.example")
        moved = alice.get(f"{base}{other.public_id}/")
        assert (moved.status_code, moved["Location"]) == (302, page)
        assert visit(cast.mallory).get(f"{base}{other.public_id}/").status_code == 404


class TestRights:
    def test_the_data_is_a_file_and_its_download_is_noted(self, cast: Cast, ana: Contact, page: str) -> None:
        answer = visit(cast.alice).post(f"{page}data/")

        with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:  # type: ignore[call-overload]
            assert archive.namelist() == ["person.json", "person.html"]
        assert AuditEvent.objects.latest("number").action == "contact.exported"
        for member, status in ((cast.vera, 403), (cast.mallory, 404)):
            assert visit(member).post(f"{page}data/").status_code == status

    def test_an_erasure_is_confirmed_by_typing_and_listed(self, cast: Cast, ana: Contact, page: str) -> None:
        alice = visit(cast.alice)
        for member, status in ((cast.vera, 403), (cast.mallory, 404)):
            answer = visit(member).post(f"{page}erase/", {"confirmed": "1", "typed": "erase"})
            assert answer.status_code == status

        assert "cannot be taken back" in text(alice.post(f"{page}erase/", {"confirmed": "1"}))
        assert Contact.objects.exists()
        answer = alice.post(f"{page}erase/", {"confirmed": "1", "typed": "erase"}, follow=True)

        assert not Contact.objects.exists()
        assert Erasure.objects.get().created_by == cast.alice.user
        assert "ana.sol" not in text(answer)
        again = {"kind": "email", "address": "ana.sol@shop.example"}
        erasures = f"/w/{cast.workspace.slug}/contacts/erasures/"
        assert visit(cast.bob).post(erasures, again).status_code == 403
        assert visit(cast.mallory).get(erasures).status_code == 404
        alice.post(erasures, again)
        assert alice.post(
            f"/w/{cast.workspace.slug}/contacts/new/", {"email": again["address"], "state": "ACTIVE"}
        )["Location"]


class TestAttributes:
    def test_are_defined_changed_and_forgotten(self, cast: Cast) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/attributes/"

        wrong = alice.post(base, {"label": "Plan", "kind": "CHOICE", "choices": ""})
        alice.post(base, {"label": "Plan", "kind": "CHOICE", "choices": "Free\nPaid"})
        alice.post(f"{base}?edit=plan", {"label": "Tariff", "kind": "LIST", "choices": "Free"})

        assert (wrong.status_code, "Write at least one choice." in text(wrong)) == (422, True)
        one = Attribute.objects.get()
        assert (one.name, one.label, one.kind, one.choices) == ("plan", "Tariff", "LIST", ["Free"])
        for member, status in ((cast.vera, 403), (cast.mallory, 404)):
            assert visit(member).post(base, {"label": "X", "kind": "TEXT"}).status_code == status
            assert visit(member).post(f"{base}forget/", {"name": "plan"}).status_code == status
        alice.post(f"{base}forget/", {"name": "plan", "confirmed": "1"})
        assert not Attribute.objects.exists()

    def test_consent_is_asked_for_where_an_administrator_says(self, cast: Cast) -> None:
        url = f"/w/{cast.workspace.slug}/contacts/attributes/consent/"

        assert visit(cast.bob).post(url, {"channels": ["email"]}).status_code == 403
        assert visit(cast.mallory).post(url, {"channels": ["email"]}).status_code == 404
        visit(cast.alice).post(url, {"channels": ["email", "sms"]})

        cast.workspace.refresh_from_db()
        assert cast.workspace.consent_channels == ["email", "sms"]
        assert AuditEvent.objects.latest("number").action == "workspace.consent_required"


def test_all_that_match_are_changed_beyond_the_page(cast: Cast, by: actors.Actor, ana: Contact) -> None:
    operations.create_contact(by=by, fields={"email": "bob@shop.example", "attributes": {"city": "Rome"}})
    alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/"
    grid = text(alice.get(f"{base}?attribute=city:Rome"))
    assert "bob@shop.example" in grid
    assert "ana.sol" not in grid
    (url,) = re.findall(r'href="([^"]+contacts/change/[^"]*)"', grid)

    assert "Change 1 contact" in text(alice.get(url))
    alice.post(url, {"action": "tag", "tag": "roman"})

    assert list(Contact.objects.filter(tags=["roman"]).values_list("email", flat=True)) == [
        "bob@shop.example"
    ]
    for member, status in ((cast.vera, 403), (cast.mallory, 404)):
        assert visit(member).post(url, {"action": "tag", "tag": "x"}).status_code == status


def test_the_tags_of_the_workspace_can_be_chosen_and_are_not_asked_for_with_the_results_alone(
    cast: Cast, by: actors.Actor, ana: Contact
) -> None:
    strangers = operations.create_contact(by=actors.of_member(cast.mallory), fields={"email": "m@x.example"})
    for one, tags in ((ana, ["vip", "berlin"]), (strangers, ["theirs"])):
        Contact.objects.filter(pk=one.pk).update(tags=tags)
    url, alice = f"/w/{cast.workspace.slug}/contacts/", visit(cast.alice)

    whole = text(alice.get(url))
    with CaptureQueriesContext(connection) as asked:
        part = text(alice.get(url, headers={"HX-Request": "true", "HX-Target": "results"}))

    assert re.findall(r'name="tag" value="([^"]*)"', whole) == ["", "berlin", "vip"]
    assert "ana.sol@shop.example" in part
    assert not any("unnest(tags)" in one["sql"] for one in asked)
