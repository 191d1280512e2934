"""Where a workspace masks everybody, one person's data are shown on request, and the trail says to whom."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from clarion.audience import operations as audience
from clarion.audience.models import Contact
from clarion.campaigns.states import Status
from clarion.deliveries.models import RunStep
from clarion.senders.models import Sender
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import AuditEvent, PiiPolicy
from tests import ledgers
from tests.factories import Cast, client_of

pytestmark = pytest.mark.django_db

WHO = "hidden-person@shop.example"


@pytest.fixture
def contact(cast: Cast) -> Contact:
    cast.workspace.pii_policy = PiiPolicy.ON_REQUEST
    cast.workspace.save()
    fields = {"email": WHO, "last_name": "Secretperson"}
    return audience.create_contact(by=of_member(cast.alice), fields=fields)


def test_whoever_may_see_them_has_to_ask_and_searching_by_the_whole_value_works(
    cast: Cast, contact: Contact
) -> None:
    bob = client_of(cast.bob)
    root = f"/w/{cast.workspace.slug}/contacts/"
    own = f"{root}{contact.public_id}/"
    masked = [bob.get(url).content.decode() for url in (root, own, f"{root}?q={WHO}")]
    assert [("hidden-person" in page.replace(f'"{WHO}"', "").replace(f"“{WHO}”", ""), "Secretperson" in page)
            for page in masked[:2]] == [(False, False)] * 2  # fmt: skip
    assert str(contact.public_id) in masked[2]

    answer = bob.post(f"{own}reveal/")
    shown = bob.get(answer["Location"]).content.decode()

    assert WHO in shown
    assert "Secretperson" in shown
    assert WHO not in bob.get(own).content.decode()
    event = AuditEvent.objects.get(action="contact.revealed")
    assert (event.actor, event.object_id) == (cast.bob.user, str(contact.public_id))
    assert WHO not in event.object_name
    with time_machine.travel(timezone.now() + timedelta(minutes=9)):
        assert WHO in bob.get(answer["Location"]).content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert WHO not in bob.get(answer["Location"]).content.decode()


def test_a_ticket_is_good_for_one_person_and_whoever_asked(cast: Cast, contact: Contact) -> None:
    other = audience.create_contact(by=of_member(cast.alice), fields={"email": "else-where@shop.example"})
    root = f"/w/{cast.workspace.slug}/contacts/"
    location = client_of(cast.bob).post(f"{root}{contact.public_id}/reveal/")["Location"]
    seen = location.partition("?")[2]

    assert WHO not in client_of(cast.alice).get(location).content.decode()
    page = client_of(cast.bob).get(f"{root}{other.public_id}/?{seen}").content.decode()
    assert "else-where@" not in page
    assert client_of(cast.vera).post(f"{root}{contact.public_id}/reveal/").status_code == 403
    assert WHO not in client_of(cast.vera).get(location).content.decode()
    assert client_of(cast.mallory).post(f"{root}{contact.public_id}/reveal/").status_code == 404


def test_a_recipient_and_their_message_are_shown_on_request(cast: Cast, contact: Contact) -> None:
    campaign = ledgers.make_campaign(cast.alice, status=Status.COMPLETED)
    ledgers.make_run(campaign, finished=True, sent=2)
    RunStep.objects.update(content={"subject": "Hi", "text": "Dear {{ first_name }}", "html": ""})
    Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
    bob, root = client_of(cast.bob), f"/w/{cast.workspace.slug}/campaigns/{campaign.public_id}/recipients/"
    for url in (root, f"{root}1/"):
        assert "person00000" not in bob.get(url).content.decode()
    assert bob.get(f"{root}1/message/0/").status_code == 404

    location = bob.post(f"{root}1/reveal/")["Location"]
    page = bob.get(location).content.decode()

    assert "person0000001@example.test" in page
    (frame,) = re.findall(r'<iframe[^>]* src="([^"]+)"', page)
    assert bob.get(frame.replace("&amp;", "&")).status_code == 200
    assert bob.get(f"{root}2/?{location.partition('?')[2]}").content.decode().count("person00000") == 0
    assert AuditEvent.objects.get(action="campaign.revealed").changes == {
        "run": [None, 1],
        "recipient": [None, 1],
    }
    assert client_of(cast.vera).post(f"{root}1/reveal/").status_code == 403
    assert client_of(cast.mallory).post(f"{root}1/reveal/").status_code == 404
