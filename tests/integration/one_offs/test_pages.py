"""The pages Send and History, for each of the cast."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.content.models import Template, TemplateVersion
from clarion.deliveries import building
from clarion.deliveries.models import Delivery, Recipient, Run
from clarion.deliveries.states import Stage
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in
from tests.integration.one_offs.writing import WORDS, sandbox_of, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Membership:
    return making.make_member()


@pytest.fixture
def client(alice: Membership) -> Client:
    return signed_in(alice)


@pytest.fixture
def mallory() -> Client:
    return signed_in(making.make_member(name="Mallory"))


def at(member: Membership, path: str = "send/") -> str:
    return f"/w/{member.workspace.slug}/{path}"


def typed(member: Membership, **more: Any) -> dict[str, Any]:
    said = {
        "key": str(uuid.uuid4()), "sender": str(sandbox_of(member).public_id), "to": "address",
        "address": "ada@example.test", "content": "own", "mode": "text", "source": "It is on its way.",
        "subject": "Your order", "when": "now", "do": "send",
    }  # fmt: skip
    return said | more


def text(answer: Any) -> str:
    return str(answer.content.decode())


class TestSend:
    def test_what_is_written_goes_and_its_page_tells_of_it(self, alice: Membership, client: Client) -> None:
        assert client.get(at(alice)).status_code == 200

        answer = client.post(at(alice), typed(alice), follow=True)

        one = Campaign.objects.get()
        assert (one.status, one.to_address, one.is_one_off) == (Status.BUILDING, "ada@example.test", True)
        assert answer.request["PATH_INFO"] == at(alice, f"history/{one.public_id}/")
        assert "ada@example.test" in text(answer)
        assert "It is on its way." in text(answer)

    def test_two_clicks_send_one(self, alice: Membership, client: Client) -> None:
        said = typed(alice)

        client.post(at(alice), said)
        client.post(at(alice), said)

        assert Campaign.objects.count() == 1

    def test_one_contact_is_found_and_chosen(self, alice: Membership, client: Client) -> None:
        contact, other = making.make_contacts(alice.workspace)

        found = client.post(at(alice), typed(alice, to="contact", find=contact.email, do="look"))
        client.post(at(alice), typed(alice, to="contact", contact=str(contact.public_id)))

        assert contact.email in text(found)
        assert other.email not in text(found)
        assert Campaign.objects.get().to_address == contact.email

    def test_a_template_asks_for_its_values(self, alice: Membership, client: Client) -> None:
        template = Template.objects.create(workspace=alice.workspace, name="Order", channel="sandbox")
        content = {"text": "Order {{ number }}", "subject": "Order {{ number }}"}
        TemplateVersion.objects.create(
            template=template, number=1, source=WORDS, content=content, variables=["number"]
        )
        said = {"content": "template", "template": f"{template.public_id}:1"}

        asked = client.post(at(alice), typed(alice, **said, do="look"))
        lacking = client.post(at(alice), typed(alice, **said))
        seen = client.post(at(alice, "send/preview/"), typed(alice, **said, value_number="4711"))
        client.post(at(alice), typed(alice, **said, value_number="4711"))

        assert 'name="value_number"' in text(asked)
        assert (lacking.status_code, "needs a value" in text(lacking)) == (422, True)
        assert "Order 4711" in text(seen)
        assert Campaign.objects.count() == 1

    def test_a_time_by_the_workspaces_clocks(self, alice: Membership, client: Client) -> None:
        client.post(at(alice), typed(alice, when="later", date="2099-01-10", time="09:00"))

        one = Campaign.objects.get()
        assert (one.status, one.zone) == (Status.SCHEDULED, "Europe/Berlin")
        assert one.next_at is not None
        assert one.next_at.isoformat() == "2099-01-10T08:00:00+00:00"

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"address": "nobody"}, "address"),
            ({"address": ""}, "address"),
            ({"to": "contact"}, "contact"),
            ({"sender": "", "source": "x"}, "sender"),
            ({"source": ""}, "source"),
            ({"source": "{{ first"}, "source"),
            ({"content": "template"}, "template"),
            ({"when": "later"}, "date"),
            ({"when": "later", "date": "2020-01-01", "time": "09:00"}, "date"),
        ],
    )
    def test_each_mistake_stands_at_its_field(
        self, alice: Membership, client: Client, contexts: None, said: dict[str, str], field: str
    ) -> None:
        making.make_sender(alice.workspace)  # with one sender alone it is chosen

        answer = client.post(at(alice), typed(alice, **said))

        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert not Campaign.objects.exists()

    def test_a_short_message_counts_its_segments(self, alice: Membership, client: Client) -> None:
        sms = making.make_sender(alice.workspace, channel="sms", config={})

        seen = client.post(
            at(alice, "send/preview/"), typed(alice, sender=str(sms.public_id), source="x" * 161)
        )

        assert "GSM-7" in text(seen)
        assert "153" in text(seen)

    def test_where_approvals_are_wanted_it_waits_for_one(self, alice: Membership, client: Client) -> None:
        alice.workspace.moderation = True
        alice.workspace.save()
        bob = signed_in(making.make_member(alice.workspace, name="Bob"))

        client.post(at(alice), typed(alice))

        one = Campaign.objects.get()
        assert one.status == Status.IN_REVIEW
        review = at(alice, f"moderation/{one.public_id}/")
        seen = bob.get(review)
        assert "ada@example.test" in text(seen)
        assert one.name in text(bob.get(at(alice, "moderation/")))
        bob.post(f"{review}decide/", {"do": "approve", "digest": digest(seen), "extent": "all"})
        one.refresh_from_db()
        assert one.status == Status.BUILDING

    def test_without_a_sender_the_page_says_so(self, alice: Membership, client: Client) -> None:
        assert "There is no sender yet" in text(client.get(at(alice)))

    def test_a_strangers_sender_and_contact_are_not_there(
        self, alice: Membership, client: Client, mallory: Client
    ) -> None:
        (contact,) = making.make_contacts(alice.workspace, 1)
        theirs = Membership.objects.get(user__name="Mallory")
        said = typed(alice, to="contact", contact=str(contact.public_id))

        assert mallory.post(at(theirs), said).status_code == 422
        assert contact.email not in text(
            mallory.post(at(theirs), said | {"find": contact.email, "do": "look"})
        )
        for path in ("send/", "send/preview/", "send/preview/frame/"):
            assert mallory.post(at(alice, path), said).status_code == 404
        assert mallory.get(at(alice)).status_code == 404
        assert not Campaign.objects.exists()


def digest(answer: Any) -> str:
    """Return what the decision on a page of moderation is about."""
    return text(answer).split('name="digest" value="')[1].split('"')[0]


def sent(one: Campaign, stage: Stage = Stage.SENT) -> Run:
    """Have the one-off's message become what the stage says."""
    building.build(one.pk)
    run = one.runs.get()
    building.build_run(run)
    now = timezone.now()
    is_problem = stage is not Stage.SENT
    Delivery.objects.filter(run_id=run.pk).update(
        stage=int(stage), attempts=1, ended_at=now, claimed_at=now, problem=int(stage) if is_problem else None
    )
    Recipient.objects.filter(run_id=run.pk).update(stage=int(stage))
    Run.objects.filter(pk=run.pk).update(
        pending=0, **{stage.name.lower(): 1}, finished_at=None if stage is Stage.UNKNOWN else now
    )
    Campaign.objects.filter(pk=one.pk).update(status=Status.COMPLETED, finished_at=now)
    return run


class TestHistory:
    def test_it_lists_one_offs_and_no_campaigns(self, alice: Membership, client: Client) -> None:
        making.make_campaign(alice.workspace, name="Autumn offer")
        assert "Nothing was sent yet" in text(client.get(at(alice, "history/")))
        sent(written(alice, "ada@example.test"))
        written(alice, "eve@example.test", starts_at=timezone.now() + timedelta(hours=1))

        seen = text(client.get(at(alice, "history/")))

        assert seen.index("eve@example.test") < seen.index("ada@example.test")
        assert "Autumn offer" not in seen
        assert "ada@example.test" not in text(client.get(at(alice, "campaigns/")))
        assert "eve@" not in text(client.get(at(alice, "history/?state=sent")))
        assert "ada@" not in text(client.get(at(alice, "history/?q=eve@")))
        assert "No message matches" in text(client.get(at(alice, "history/?channel=sms")))

    def test_a_row_opens_every_attempt_and_what_was_said(self, alice: Membership, client: Client) -> None:
        one = written(alice)
        sent(one)

        page = client.get(at(alice, f"history/{one.public_id}/"))
        document = client.get(at(alice, f"campaigns/{one.public_id}/recipients/1/message/0/"))

        assert "Accepted by the provider" in text(page)
        assert "It is on its way." in text(document)

    def test_pages_of_campaigns_lead_on_to_it(self, alice: Membership, client: Client) -> None:
        one = written(alice)
        here = at(alice, f"history/{one.public_id}/")

        for path in ("", "recipients/", "recipients/1/", "errors/", "audit/"):
            answer = client.get(at(alice, f"campaigns/{one.public_id}/{path}"))
            assert (answer.status_code, answer.headers["Location"]) == (302, here)
        assert client.get(at(alice, f"campaigns/{one.public_id}/edit/")).status_code == 404

    def test_one_that_waits_is_cancelled_and_deleted(
        self, alice: Membership, client: Client, mallory: Client
    ) -> None:
        one = written(alice, starts_at=timezone.now() + timedelta(hours=1))
        act = at(alice, f"campaigns/{one.public_id}/do/")

        assert mallory.post(f"{act}cancel/", {"confirmed": "1"}).status_code == 404
        for other in ("edit", "stop", "duplicate", "archive", "withdraw"):
            assert client.post(f"{act}{other}/", {"confirmed": "1"}).status_code == 404
        assert client.post(f"{act}cancel/").status_code == 200  # asks first
        client.post(f"{act}cancel/", {"confirmed": "1"})
        one.refresh_from_db()
        assert one.status == Status.CANCELLED
        client.post(f"{act}delete/", {"confirmed": "1"})
        assert not Campaign.objects.exists()

    def test_an_unknown_one_is_settled_on_its_page(self, alice: Membership, client: Client) -> None:
        one = written(alice)
        run = sent(one, Stage.UNKNOWN)

        page = text(client.get(at(alice, f"history/{one.public_id}/")))
        settle = at(alice, f"campaigns/{one.public_id}/unknowns/")
        client.post(settle, {"ids": "1", "choice": "sent", "confirmed": "1"})

        assert settle in page
        run.refresh_from_db()
        assert (run.unknown, run.sent) == (0, 1)

    def test_who_may_not_see_people_sees_neither_address_nor_words(self, alice: Membership) -> None:
        vera = signed_in(making.make_member(alice.workspace, Role.VIEWER, name="Vera"))
        waits = written(alice, starts_at=timezone.now() + timedelta(hours=1))
        one = written(alice)
        sent(one)

        for path in ("history/", f"history/{one.public_id}/", f"history/{waits.public_id}/"):
            seen = text(vera.get(at(alice, path)))
            assert "ada@example.test" not in seen
            assert "It is on its way." not in seen
        assert vera.get(at(alice)).status_code == 403
        assert "/send/" not in text(vera.get(at(alice, "history/")))
        assert "No message matches" in text(vera.get(at(alice, "history/?q=ada@ex")))
        assert f"{one.public_id}" in text(vera.get(at(alice, "history/?q=ada@example.test")))

    def test_a_stranger_finds_nothing(self, alice: Membership, mallory: Client) -> None:
        one = written(alice)
        sent(one)

        for path in (
            "history/", f"history/{one.public_id}/", f"campaigns/{one.public_id}/",
            f"campaigns/{one.public_id}/recipients/1/message/0/",
        ):  # fmt: skip
            assert mallory.get(at(alice, path)).status_code == 404
        theirs = Membership.objects.get(user__name="Mallory")
        assert mallory.get(at(theirs, f"history/{one.public_id}/")).status_code == 404
        assert mallory.get(at(theirs, f"campaigns/{one.public_id}/")).status_code == 404

    def test_without_campaigns_there_is_neither_page(self, alice: Membership, client: Client) -> None:
        one = written(alice)
        alice.workspace.campaigns_enabled = False
        alice.workspace.save()

        for path in ("send/", "history/", f"history/{one.public_id}/"):
            assert client.get(at(alice, path)).status_code == 404
