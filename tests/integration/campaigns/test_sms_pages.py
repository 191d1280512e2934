"""A campaign of short messages on the pages: from its sender to the message as a recipient gets it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clarion.audience import reading
from clarion.audience.models import Source
from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign
from clarion.senders import secrets
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, url, words

pytestmark = pytest.mark.django_db

SENDER = {
    "name": "Texts", "host": "127.0.0.1", "security": "none", "verify_certificate": "on", "system_id": "clarion",
    "password": "s3cret", "bind": "transmitter", "source": "Shop", "source_ton": "-1", "source_npi": "-1",
    "long_messages": "udh", "max_parts": "3", "validity_minutes": "0", "connections": "1", "window": "10",
    "enquire_seconds": "30", "lanes": "1",
}  # fmt: skip
PEOPLE = "Mobile,first_name\n+49 151 12345678,Ana\n+49 151 12345679,Bob\n"


def make_sender(client: Client, member: Membership, **changes: Any) -> Sender:
    answer = client.post(f"{base(member)}senders/new/sms/", SENDER | changes)
    assert answer.status_code == 302, words(answer)
    return Sender.objects.get(channel="sms")


def written(sender: Sender, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Autumn", "tags": "", "notes": "", "audience": "UPLOAD", "sender": str(sender.public_id),
        "content": "own", "subject": "", "preheader": "", "mode": "text", "source": "Hello {{ first_name }}’s",
        "text": "", "launch": "NOW", "zone": "Europe/Berlin", "delay_min": "0", "delay_max": "0", "rate_limit": "",
        "file": SimpleUploadedFile("people.csv", PEOPLE.encode()),
    } | changes  # fmt: skip


def read_sources() -> None:
    for source in Source.objects.all():
        reading.read_source(source)


def test_a_sender_is_set_up_and_its_password_is_sealed_and_not_shown(
    client: Client, member: Membership
) -> None:
    sender = make_sender(client, member)

    assert secrets.open_config(sender)["password"] == "s3cret"
    assert "password" not in sender.config
    page = client.get(f"{base(member)}senders/{sender.public_id}/edit/")
    assert "s3cret" not in page.content.decode()
    assert "s3cret" not in client.get(f"{base(member)}senders/{sender.public_id}/").content.decode()


def test_what_does_not_fit_is_told_at_its_field(client: Client, member: Membership) -> None:
    page = client.post(
        f"{base(member)}senders/new/sms/", SENDER | {"source": "Grüße aus Köln", "host": "smpp.example.test"}
    )

    assert "Write a number with + and the country code, a short code, or a name" in words(page)
    assert "The password would go unencrypted" in words(page)
    assert not Sender.objects.exists()


def test_a_campaign_is_composed_from_a_file_of_numbers_and_previewed_with_its_size(
    client: Client, member: Membership
) -> None:
    sender = make_sender(client, member)
    campaign = making.make_campaign(member.workspace)

    answer = client.post(url(campaign, "edit/"), written(sender))
    read_sources()

    assert answer.status_code == 302, words(answer)
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert preflight.blockers(campaign) == []
    pane = words(client.get(url(campaign, "preview/"), headers={"HX-Request": "true"}))
    assert "1 message · 59 characters left" in pane
    assert "Only 70 characters fit into a message because of “’” (write “&#x27;”)" in pane
    assert "Hello Ana’s" in client.get(url(campaign, "preview/frame/")).content.decode()


def test_the_longest_among_the_people_is_measured_and_who_cannot_get_it_is_counted(
    client: Client, member: Membership
) -> None:
    sender = make_sender(client, member)
    campaign = making.make_campaign(member.workspace)
    people = f"{PEOPLE}+49 151 12345670,{'Wolfeschlegelsteinhausen' * 8}\n+49 151 12345671,{'x' * 500}\n"
    file = SimpleUploadedFile("people.csv", people.encode())

    client.post(url(campaign, "edit/"), written(sender, source="Hello {{ first_name }}", file=file))
    read_sources()

    pane = words(client.get(url(campaign, "preview/"), headers={"HX-Request": "true"}))
    assert "1 to 2 messages a person among the first 3; Wolfeschlegelsteinhausen" in pane
    assert "1 person cannot get it: a value is missing, or the text becomes too long." in pane


def test_html_is_refused_with_a_sentence(client: Client, member: Membership) -> None:
    sender = make_sender(client, member)
    campaign = making.make_campaign(member.workspace)

    page = client.post(url(campaign, "edit/"), written(sender, mode="html", source="<p>Hello</p>"))

    assert "An SMS is plain text: choose “Text only”." in words(page)


def test_a_file_of_mail_addresses_blocks_a_sender_of_short_messages(
    client: Client, member: Membership
) -> None:
    campaign = making.make_campaign(member.workspace)
    mails = SimpleUploadedFile("people.csv", b"email,first_name\nana@example.test,Ana\n")
    mail = making.make_sender(member.workspace)
    client.post(url(campaign, "edit/"), written(mail, file=mails, subject="Hi"))
    read_sources()

    again = written(make_sender(client, member), audience="")
    del again["file"]
    client.post(url(campaign, "edit/"), again)

    campaign = Campaign.objects.get(pk=campaign.pk)
    assert [one.code for one in preflight.blockers(campaign)] == ["audience_kind"]


def test_a_template_of_short_messages_needs_no_subject(client: Client, member: Membership) -> None:
    fields = {
        "channel": "sms",
        "name": "Hi",
        "subject": "",
        "preheader": "",
        "mode": "text",
        "source": "Hi {{ first_name }}",
    }

    assert client.post(f"{base(member)}templates/new/", fields).status_code == 302
    mail = client.post(f"{base(member)}templates/new/", fields | {"channel": "email", "name": "Mail"})
    assert "A mail needs a subject." in words(mail)


def test_a_stranger_finds_nothing(client: Client, member: Membership) -> None:
    sender = make_sender(client, member)
    campaign = making.make_campaign(member.workspace)
    client.post(url(campaign, "edit/"), written(sender))
    stranger = signed_in(making.make_member(name="Mallory"))

    for path in (
        f"{base(member)}senders/{sender.public_id}/",
        f"{base(member)}senders/new/sms/",
        url(campaign, "preview/"),
    ):
        assert stranger.get(path).status_code == 404
