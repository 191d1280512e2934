"""The pages of senders, as people with each role see them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from clarion.campaigns.models import Campaign, Step
from clarion.channels import registry
from clarion.channels.exchanges import Exchange
from clarion.engine.outcomes import Reason
from clarion.senders import exchanges, operations, secrets
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.workspaces.actors import of_member, system
from tests.factories import Cast, client_of
from tests.ports import free_port

pytestmark = pytest.mark.django_db

LIST = "/w/acme/senders/"
PASSWORD = "hunter2-very-secret"


@pytest.fixture
def alice(cast: Cast) -> Client:
    return client_of(cast.alice)


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Shop", "host": "mail.example.test", "security": "starttls", "verify_certificate": "on", "auth": "auto",
        "username": "shop", "password": PASSWORD, "from_address": "shop@example.test", "connections": "10",
        "messages_per_connection": "0", "limit_second": "2.5", "limit_day": "1000", "lanes": "2", **changes,
    }  # fmt: skip


def given_a_sender(cast: Cast, channel: str = "email", name: str = "Shop", **config: Any) -> Sender:
    base = {
        "host": "mail.example.test",
        "username": "shop",
        "password": PASSWORD,
        "from_address": "shop@example.test",
    }
    return operations.create_sender(
        by=of_member(cast.alice),
        channel=channel,
        name=name,
        config={**(base if channel == "email" else {}), **config},
    )


def url_of(sender: Sender, verb: str = "") -> str:
    return f"{LIST}{sender.public_id}/{verb}"


class TestSetUp:
    def test_choosing_a_channel_leads_to_its_form(self, alice: Client) -> None:
        page = alice.get(LIST + "new/").content.decode()

        for channel in ("email", "sandbox"):
            assert f"{LIST}new/{channel}/" in page
            assert alice.get(f"{LIST}new/{channel}/").status_code == 200
        assert alice.get(f"{LIST}new/pigeon/").status_code == 404

    def test_makes_a_mail_sender(self, alice: Client) -> None:
        answer = alice.post(LIST + "new/email/", form())

        sender = Sender.objects.get()
        assert answer.headers["Location"] == url_of(sender)
        assert (sender.config["port"], sender.limit_second, sender.limit_day, sender.lanes) == (
            587,
            2.5,
            1000,
            2,
        )
        assert secrets.open_config(sender)["password"] == PASSWORD

    def test_makes_a_sandbox(self, alice: Client) -> None:
        alice.post(
            LIST + "new/sandbox/", {"name": "S", "lanes": "1", "connections": "5", "refuse_share": "0.1"}
        )

        assert Sender.objects.get().config["refuse_share"] == 0.1

    def test_says_at_each_field_what_is_wrong(self, alice: Client) -> None:
        answer = alice.post(
            LIST + "new/email/", form(host="no host!", security="none", limit_second="0", connections="x")
        )
        again = alice.post(LIST + "new/email/", form(host="no host!", security="none"))

        assert answer.status_code == again.status_code == 422
        assert "Enter a whole number." in answer.content.decode()
        page = again.content.decode()
        assert "This is not a host name or an IP address." in page
        assert "The password would go unencrypted" in page
        assert PASSWORD not in page
        assert not Sender.objects.exists()

    def test_makes_a_signing_key_and_shows_its_record(self, alice: Client) -> None:
        alice.post(LIST + "new/email/", form(dkim_selector="c1", dkim_make="ed25519"))

        page = alice.get(url_of(Sender.objects.get())).content.decode()
        assert "c1._domainkey.example.test" in page
        assert "v=DKIM1; k=ed25519; p=" in page
        assert "PRIVATE KEY" not in page

    def test_takes_a_signing_key_as_a_file(self, alice: Client) -> None:
        bad = SimpleUploadedFile("key.pem", b"not a key")

        page = alice.post(LIST + "new/email/", form(dkim_selector="c1", dkim_key=bad)).content.decode()

        assert "must be in PEM form" in page


class TestEdit:
    def test_never_shows_a_secret(self, cast: Cast, alice: Client) -> None:
        page = alice.get(url_of(given_a_sender(cast))).content.decode()

        assert PASSWORD not in page
        assert "never shown again" in page

    def test_an_empty_password_keeps_the_old(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast)

        alice.post(url_of(sender), form(password="", host="mail2.example.test"))

        sender.refresh_from_db()
        assert secrets.open_config(sender)["password"] == PASSWORD
        assert sender.config["host"] == "mail2.example.test"

    def test_a_password_is_forgotten_on_request(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast)

        alice.post(url_of(sender), form(password="", auth="none", username="", forget_password="on"))

        sender.refresh_from_db()
        assert secrets.set_names(sender) == []

    def test_settings_without_a_field_stay(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast, command_timeout=7)

        alice.post(url_of(sender), form(name="Other"))

        sender.refresh_from_db()
        assert (sender.name, sender.config["command_timeout"]) == ("Other", 7)

    def test_a_blocked_sender_says_why(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast)
        operations.block_sender(
            sender=sender, by=system(cast.workspace), reason="The provider refused the password."
        )

        assert "The provider refused the password." in alice.get(url_of(sender)).content.decode()
        assert "The provider refused the password." in alice.get(LIST).content.decode()

    def test_says_when_the_credentials_cannot_be_opened(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast)
        Sender.objects.filter(pk=sender.pk).update(sealed=b"something else entirely, but long enough")

        assert alice.get(url_of(sender)).status_code == 200
        assert "cannot be opened" in alice.post(url_of(sender, "check/")).content.decode()


class TestActions:
    def test_pauses_after_asking_and_activates(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast)

        assert "Pause “Shop”?" in alice.post(url_of(sender, "pause/")).content.decode()
        alice.post(url_of(sender, "pause/"), {"confirmed": "1"})
        sender.refresh_from_db()
        assert sender.status == SenderStatus.PAUSED

        alice.post(url_of(sender, "activate/"))
        sender.refresh_from_db()
        assert sender.status == SenderStatus.ACTIVE

    def test_deletes_what_no_campaign_uses(self, cast: Cast, alice: Client) -> None:
        free, used = given_a_sender(cast), given_a_sender(cast, name="Used")
        campaign = Campaign.objects.create(workspace=cast.workspace, name="Spring")
        Step.objects.create(campaign=campaign, channel="email", sender=used)

        for sender in (free, used):
            alice.post(url_of(sender, "delete/"), {"confirmed": "1"})

        assert [sender.name for sender in Sender.objects.all()] == ["Used"]
        assert "1 campaign" in alice.get(LIST).content.decode()


class TestTrying:
    def test_checks_and_shows_the_problem(self, cast: Cast, alice: Client) -> None:
        sender = given_a_sender(cast, host="127.0.0.1", port=free_port())

        fragment = alice.post(url_of(sender, "check/"), headers={"HX-Request": "true"}).content.decode()

        assert "could not be reached" in fragment
        assert "<html" not in fragment
        assert "<html" in alice.post(url_of(sender, "check/")).content.decode()

    def test_sends_a_test_through_the_sandbox(self, cast: Cast) -> None:
        sender = given_a_sender(cast, channel="sandbox")
        bob = client_of(cast.bob)

        taken = bob.post(url_of(sender, "test/"), {"address": "ana@example.test"}).content.decode()
        refused = bob.post(url_of(sender, "test/"), {"address": "refuse@example.test"}).content.decode()
        nonsense = bob.post(url_of(sender, "test/"), {"address": "nobody"}).content.decode()

        assert "The provider took it." in taken
        assert "There is no such recipient." in refused
        assert "550 5.1.1" in refused
        assert "This is not a mail address." in nonsense


class TestRights:
    def test_an_author_sees_and_cannot_change(self, cast: Cast) -> None:
        sender = given_a_sender(cast)
        bob = client_of(cast.bob)

        assert "Shop" in bob.get(LIST).content.decode()
        assert bob.get(url_of(sender)).status_code == 200
        assert bob.get(LIST + "new/").status_code == bob.get(LIST + "new/email/").status_code == 403
        for verb in ("", "pause/", "activate/", "delete/", "check/"):
            assert bob.post(url_of(sender, verb), form(confirmed="1")).status_code == 403, verb
        assert client_of(cast.vera).post(url_of(sender, "test/"), {"address": "a@b.test"}).status_code == 403
        sender.refresh_from_db()
        assert sender.status == SenderStatus.ACTIVE

    def test_a_stranger_finds_nothing(self, cast: Cast) -> None:
        sender = given_a_sender(cast)
        mallory = client_of(cast.mallory)

        assert mallory.get(LIST).status_code == mallory.get(url_of(sender)).status_code == 404
        theirs = f"/w/elsewhere/senders/{sender.public_id}/"
        assert mallory.get(theirs).status_code == 404
        for verb in ("", "pause/", "activate/", "delete/", "check/", "test/"):
            assert mallory.post(theirs + verb, form(confirmed="1")).status_code == 404, verb


class TestList:
    def test_filters_by_status_channel_and_name(self, cast: Cast, alice: Client) -> None:
        given_a_sender(cast, channel="sandbox", name="Rehearsal")
        operations.pause_sender(sender=given_a_sender(cast), by=of_member(cast.alice))

        def shown(query: str) -> str:
            return alice.get(
                LIST + query, headers={"HX-Request": "true", "HX-Target": "results"}
            ).content.decode()

        assert "Shop" in shown("?status=PAUSED")
        assert "Rehearsal" not in shown("?status=PAUSED")
        assert "Shop" not in shown("?channel=sandbox&status=ACTIVE")
        assert "No sender matches" in shown("?q=zzz")

    def test_says_that_there_is_none_yet(self, alice: Client) -> None:
        assert "No senders yet" in alice.get(LIST).content.decode()


def test_a_sender_on_the_web_is_chosen_set_up_and_edited_with_its_own_form(cast: Cast) -> None:
    alice = client_of(cast.alice)
    fields = {
        "name": "Web texts", "account_sid": "AC0001", "auth_token": "tell-nobody", "source": "+15005550006",
        "max_parts": "4", "connections": "5", "verify_certificate": "on", "lanes": "1",
    }  # fmt: skip
    assert "?protocol=twilio" in alice.get("/w/acme/senders/new/").content.decode()

    answer = alice.post("/w/acme/senders/new/sms/?protocol=twilio", fields, follow=True)

    sender = Sender.objects.get(name="Web texts")
    assert (sender.config["protocol"], sender.config["max_parts"]) == ("twilio", 4)
    assert "auth_token" not in sender.config
    page = answer.content.decode()
    assert "tell-nobody" not in page
    assert 'name="account_sid"' in page
    assert 'name="host"' not in page
    edited = alice.post(f"/w/acme/senders/{sender.public_id}/", fields | {"auth_token": "", "max_parts": "2"})
    assert edited.status_code == 302
    assert Sender.objects.get(pk=sender.pk).config["max_parts"] == 2
    gateway = alice.get("/w/acme/senders/new/sms/?protocol=http").content.decode()
    assert "dlr-url={callback}" in gateway
    assert alice.get("/w/acme/senders/new/sms/?protocol=fax").status_code == 404


class TestHealth:
    def test_tells_whether_the_provider_is_left_alone_the_speed_and_the_last_failure(
        self, cast: Cast, alice: Client
    ) -> None:
        sender = given_a_sender(cast, channel="waba", **WABA)
        well = alice.get(url_of(sender)).content.decode()
        SenderLane.objects.create(
            sender=sender, lane=0, rate=12.5, open_until=timezone.now() + timedelta(minutes=5),
            open_reason=Reason.THROTTLED, open_detail="slow down",
        )  # fmt: skip
        kept = exchanges.Log()
        recorder = kept.of(sender.pk, sender.channel, WABA)
        recorder.add(Exchange(is_ours=True, what="POST /messages", answer=f"no {WABA['access_token']}",
                              status="HTTP 400", code="131026", failed=True))  # fmt: skip
        kept.write()

        ill = alice.get(url_of(sender)).content.decode()

        assert "Is written to" in well
        assert "All failures" not in well
        for words in (
            "Left alone until",
            "slow down",
            "12.5 messages a second",
            "HTTP 400",
            "What 131026 means",
        ):
            assert words in ill
        assert f'href="{registry.get("waba").code_url("131026")}"' in ill
        assert WABA["access_token"] not in ill
        # Who may not read the provider log reads none of it here.
        assert "HTTP 400" not in client_of(cast.vera).get(url_of(sender)).content.decode()
        assert client_of(cast.mallory).get(url_of(sender)).status_code == 404


WABA = {
    "access_token": "EAA-very-secret-token-of-the-account", "phone_number_id": "1234567890",
    "business_account_id": "9876543210", "app_secret": "a" * 32, "verify_token": "v" * 20, "source": "Shop",
}  # fmt: skip
