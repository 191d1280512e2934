"""A campaign of calls on the pages: its sender, what a call has beside its text, and the recording that is fetched."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign, Step
from clarion.channels.voice.twilio import config as twilio
from clarion.senders import secrets
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests.integration.campaigns.reading import base, words
from tests.integration.campaigns.test_sms_pages import written

pytestmark = pytest.mark.django_db

SENDER = {
    "name": "Calls", "url": "http://127.0.0.1:8088", "username": "clarion", "password": "s3cret-of-ari",
    "verify_certificate": "on", "endpoint": "PJSIP/{number}@trunk", "caller_id": "+493012345", "connections": "2",
    "ring_seconds": "20", "max_seconds": "60", "audio": "web", "greeting_seconds": "30", "lanes": "1",
}  # fmt: skip


def make_sender(client: Client, member: Membership) -> Sender:
    answer = client.post(f"{base(member)}senders/new/voice/", SENDER)
    assert answer.status_code == 302, words(answer)
    return Sender.objects.get(channel="voice")


def composed(client: Client, member: Membership, **changes: Any) -> tuple[Any, Campaign]:
    campaign = Campaign.objects.filter(workspace=member.workspace).first()
    if campaign is None:
        client.post(f"{base(member)}campaigns/new/", {"name": "Autumn"})
        campaign = Campaign.objects.get(workspace=member.workspace)
    fields = written(Sender.objects.get(channel="voice"), **changes)
    del fields["file"]
    return client.post(f"{base(member)}campaigns/{campaign.public_id}/edit/", fields), campaign


def test_a_sender_is_set_up_by_its_form_and_shows_what_asterisk_needs(
    client: Client, member: Membership
) -> None:
    sender = make_sender(client, member)

    page = client.get(f"{base(member)}senders/{sender.public_id}/").content.decode()
    assert "s3cret-of-ari" not in page
    assert "[clarion-amd]<br>" in page
    assert secrets.open_config(sender)["password"] == "s3cret-of-ari"
    assert sender.config["protocol"] == "ari"


def test_what_a_call_has_beside_its_text_is_written_in_the_campaign(
    client: Client, member: Membership
) -> None:
    make_sender(client, member)
    composed(client, member)
    answer, campaign = composed(
        client, member, extras_of="voice", extra_keys="1 | Yes", extra_retries="2", extra_retry_busy="300",
        extra_at_once="3",
    )  # fmt: skip

    assert answer.status_code == 302, words(answer)
    content = Step.objects.get(campaign=campaign).body_content
    assert (content["keys"], content["retries"], content["retry_busy"]) == ("1 | Yes", 2, 300)
    assert content["at_once"] == 3
    page = client.get(f"{base(member)}campaigns/{campaign.public_id}/edit/").content.decode()
    assert re.search(r'name="extra_retries" value="2"', page)
    test_to = page.partition('id="test-addresses"')[2].partition(">")[0]
    assert 'inputmode="tel"' in test_to
    assert 'value=""' in test_to, "nobody can be called at a mail address"


def test_a_field_that_cannot_be_is_said_at_its_place_and_one_that_is_not_asked_stays(
    client: Client, member: Membership
) -> None:
    make_sender(client, member)
    composed(client, member)
    composed(client, member, extras_of="voice", extra_retries="2")
    kept, campaign = composed(client, member)
    source = Step.objects.get(campaign=campaign).body_source
    refused, _ = composed(client, member, extras_of="voice", extra_retries="2", extra_keys="A | Yes")

    assert kept.status_code == 302
    assert source["extras"]["retries"] == "2"
    assert refused.status_code == 422
    assert "Line 1: write a key" in words(refused)


def test_a_recording_is_given_to_whoever_knows_its_name(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.CLARION_HOME = str(tmp_path)
    folder = secrets.channel_folder("voice")
    folder.mkdir(parents=True)
    name = "0123456789abcdef0123456789abcdef01234567"
    (folder / f"{name}.wav").write_bytes(b"RIFF")
    stranger = Client()

    found = stranger.get(f"/s/{name}.wav")
    assert b"".join(found.streaming_content) == b"RIFF"  # type: ignore[attr-defined]
    assert found["Content-Type"] == "audio/wav"
    assert stranger.get(f"/s/{name[::-1]}.wav").status_code == 404
    assert stranger.get("/s/..%2F..%2Fetc.wav").status_code == 404


def test_calls_without_hours_are_warned_of_and_pass_with_them(client: Client, member: Membership) -> None:
    make_sender(client, member)
    _, campaign = composed(client, member)

    def level() -> str:
        checks = preflight.examine(Campaign.objects.get(pk=campaign.pk), is_counted=False).checks
        return next(one.level for one in checks if one.code == "calling_hours")

    assert level() == "warn"
    Campaign.objects.filter(pk=campaign.pk).update(
        windows=[{"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "20:00"}], window_zone="Europe/Berlin"
    )
    assert level() == "pass"


def test_a_sender_at_a_provider_on_the_web_has_a_form_of_its_own(client: Client, member: Membership) -> None:
    fields = {
        "name": "Calls", "account_sid": "AC1", "auth_token": "s3cret-of-calls", "caller_id": "+493012345",
        "verify_certificate": "on", "connections": "2", "ring_seconds": "20", "max_seconds": "60", "lanes": "1",
    }  # fmt: skip
    answer = client.post(f"{base(member)}senders/new/voice/?protocol=twilio", fields)
    assert answer.status_code == 302, words(answer)

    sender = Sender.objects.get(channel="voice")
    page = client.get(f"{base(member)}senders/{sender.public_id}/").content.decode()
    assert "s3cret-of-calls" not in page
    assert "clarion-amd" not in page
    assert (sender.config["protocol"], sender.config["base_url"]) == ("twilio", twilio.BASE)


def test_a_call_is_asked_nothing_about_links_and_opens_and_keeps_what_was_chosen_before(
    client: Client, member: Membership
) -> None:
    make_sender(client, member)
    _answer, campaign = composed(client, member, track_links="yes", track_opens="no")
    url = f"{base(member)}campaigns/{campaign.public_id}/edit/"
    Campaign.objects.filter(pk=campaign.pk).update(track_links=True)

    asked = client.get(url).content.decode()
    composed(client, member, track_links="no")

    campaign.refresh_from_db()
    assert 'id="tracking"' not in asked
    assert campaign.track_links is True
    Step.objects.filter(campaign=campaign).update(channel="sms", sender=None)
    text = client.get(url).content.decode()
    assert ('name="track_links"' in text, 'name="track_opens"' in text) == (True, False)
