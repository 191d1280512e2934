"""Subscribing in a browser: from a site that is named, to a contact that is written to by it."""

import hmac
import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clarion.audience import addresses, operations
from clarion.audience.models import Address, Contact, Suppression, SuppressionReason
from clarion.channels.webpush import CHANNEL, vapid
from clarion.channels.webpush.tests.server import AUTH, BROWSER
from clarion.deliveries.inbox import applying
from clarion.deliveries.models import Delivery, RunStep
from clarion.deliveries.states import Result
from clarion.lib import keys, tokens
from clarion.public.push import views
from clarion.public.push.pace import Pace
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.workspaces import actors
from tests.factories import make_cast
from tests.runs import make_run

pytestmark = pytest.mark.django_db

SITE = "https://shop.example"
KEYS = {"p256dh": vapid.encode(BROWSER.public), "auth": vapid.encode(AUTH)}
ENDPOINT = "https://fcm.googleapis.com/fcm/send/one"
ADDRESS = f"{ENDPOINT} {KEYS['p256dh']} {KEYS['auth']}"
IDENTITY = "the site's own key"


@pytest.fixture(autouse=True)
def _fresh_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_pace", Pace())


def make_sender(**changes: Any) -> Sender:
    config = {"subject": "ops@shop.example", "origins": SITE, "identity_key": IDENTITY} | changes
    cast = make_cast()
    return senders.create_sender(
        by=actors.of_member(cast.alice), channel="webpush", name="Site", config=config
    )


def knock(
    sender: Sender, said: Any = None, *, origin: str = SITE, door: str = "subscribe", **more: Any
) -> Any:
    body = said if said is not None else {"subscription": {"endpoint": ENDPOINT, "keys": KEYS}, **more}
    return Client(enforce_csrf_checks=True).post(
        f"/push/{sender.public_id}/{door}", json.dumps(body), content_type="application/json",
        headers={"origin": origin},
    )  # fmt: skip


def signed(email: str, key: str = IDENTITY) -> str:
    return hmac.new(key.encode(), email.encode(), "sha256").hexdigest()


class TestSubscribe:
    def test_a_stranger_becomes_a_contact_who_has_agreed(self) -> None:
        sender = make_sender()

        for _again in range(2):
            answer = knock(sender, language="de-AT")
            assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, SITE)

        contact = Contact.objects.get()
        assert addresses.all_of(contact) == {"webpush": [ADDRESS]}
        assert (contact.language, contact.consents) == ("de", ["webpush"])

    def test_a_site_that_signs_gives_the_browser_to_whom_it_knows(self) -> None:
        sender = make_sender()
        by = actors.system(sender.workspace)
        ada = operations.create_contact(by=by, fields={"email": "ada@example.test"})
        knock(sender)  # before she signed in she was nobody

        answer = knock(sender, email="ada@example.test", signature=signed("ada@example.test"))

        assert answer.status_code == 204
        assert list(Contact.objects.all()) == [ada]
        assert addresses.all_of(ada) == {"email": ["ada@example.test"], "webpush": [ADDRESS]}

    def test_nobody_becomes_somebody_else_without_the_key(self) -> None:
        sender = make_sender()
        operations.create_contact(by=actors.system(sender.workspace), fields={"email": "ada@example.test"})

        forged = knock(
            sender, email="ada@example.test", signature=signed("ada@example.test", "another key, guessed")
        )
        bare = knock(sender, email="ada@example.test")

        assert (forged.status_code, bare.status_code) == (400, 204)
        assert Address.objects.get().contact.email == ""

    def test_the_newest_browser_is_written_to_and_old_ones_are_forgotten(self) -> None:
        sender = make_sender()
        who = {"email": "ada@example.test", "signature": signed("ada@example.test")}
        for n in range(12):
            knock(sender, {"subscription": {"endpoint": f"{ENDPOINT}{n}", "keys": KEYS}, **who})

        found = addresses.all_of(Contact.objects.get())["webpush"]
        assert len(found) == 10
        assert found[0].startswith(f"{ENDPOINT}11 ")

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
    def test_another_site_is_refused(self, origin: str) -> None:
        answer = knock(make_sender(), origin=origin)

        assert answer.status_code == 403
        assert not answer.has_header("Access-Control-Allow-Origin")
        assert not Contact.objects.exists()

    def test_strangers_are_left_out_where_the_sender_says_so(self) -> None:
        assert knock(make_sender(newcomers="ignore")).status_code == 403
        assert not Contact.objects.exists()

    @pytest.mark.parametrize(
        "said",
        [
            [], {}, {"subscription": None}, {"subscription": {"endpoint": "https://10.0.0.1/x", "keys": KEYS}},
            {"subscription": {"endpoint": "http://127.0.0.1:5432/", "keys": KEYS}},
            {"subscription": {"endpoint": ENDPOINT, "keys": {"p256dh": "AAAA", "auth": KEYS["auth"]}}},
        ],
    )  # fmt: skip
    def test_what_is_no_subscription_of_a_push_service_is_refused(self, said: Any) -> None:
        assert knock(make_sender(), said).status_code == 400
        assert not Contact.objects.exists()

    def test_a_large_body_is_not_read(self) -> None:
        assert knock(make_sender(), {"x": "y" * 9000}).status_code == 413

    def test_whoever_knocks_too_often_waits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Within one minute: the process's own may end between two knocks.
        monkeypatch.setattr(views, "_pace", Pace(clock=lambda: 0.0))
        sender = make_sender()

        codes = [knock(sender, {}).status_code for _ in range(views.MOST_OF_CALLER + 1)]

        assert codes[-2:] == [400, 429]

    def test_a_browser_may_ask_first(self) -> None:
        sender = make_sender()
        answer = Client().options(f"/push/{sender.public_id}/subscribe", headers={"origin": SITE})

        assert answer.status_code == 204
        assert answer["Access-Control-Allow-Methods"] == "POST"
        assert answer["Access-Control-Allow-Headers"] == "Content-Type"

    def test_there_is_no_door_at_other_senders(self) -> None:
        made = make_run(count=1)

        assert knock(made.sender).status_code == 404


class TestUnsubscribe:
    def test_it_ends_and_coming_back_begins_anew(self) -> None:
        sender = make_sender()
        knock(sender)

        assert knock(sender, door="unsubscribe").status_code == 204
        assert Suppression.objects.get().address == ADDRESS
        assert Contact.objects.get().refusals == ["webpush"]

        knock(sender)
        assert not Suppression.objects.exists()
        assert Contact.objects.get().consents == ["webpush"]


class TestExpired:
    def test_a_browser_that_is_gone_is_dropped_and_the_next_one_is_written_to(self) -> None:
        sender = make_sender()
        who = {"email": "ada@example.test", "signature": signed("ada@example.test")}
        for n in (1, 2):
            knock(sender, {"subscription": {"endpoint": f"{ENDPOINT}{n}", "keys": KEYS}, **who})
        operations.suppress(
            workspace=sender.workspace, channel="webpush", address=ADDRESS.replace("one ", "one2 "),
            reason=SuppressionReason.BOUNCED, origin="run 1",
        )  # fmt: skip

        assert operations.drop_expired(channel="webpush") == 1

        (left,) = Address.objects.all()
        assert (left.address, left.is_preferred) == (ADDRESS.replace("one ", "one1 "), True)
        assert operations.drop_expired(channel="webpush") == 0


class TestSeen:
    def test_what_the_worker_reports_is_kept_once(self) -> None:
        made = make_run(count=1)
        Delivery.objects.filter(run_id=made.run.pk).update(attempts=1)
        key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
        token = tokens.make("push-shown", key, made.run.pk, 16)
        client = Client(enforce_csrf_checks=True)

        for what in ("clicked", "shown", "shown"):
            assert client.post(f"/push/seen/{token}", what, content_type="text/plain").status_code == 204
        applying.apply_due()

        assert Delivery.objects.get(run_id=made.run.pk).result == Result.CLICKED
        step = RunStep.objects.get(run=made.run)
        assert (step.delivered, step.clicked) == (1, 1)

    def test_nobody_can_make_one_up(self) -> None:
        made = make_run(count=1)
        token = tokens.make("unsubscribe", keys.derive(settings.SECRET_KEY, keys.TOKENS), made.run.pk, 16)

        for path, what in ((f"1.16.{'0' * 20}", "shown"), (token, "shown")):
            assert Client().post(f"/push/seen/{path}", what, content_type="text/plain").status_code == 404


class TestScripts:
    @pytest.mark.parametrize("name", ["page.js", "worker.js"])
    def test_any_site_may_embed_them(self, client: Client, name: str) -> None:
        answer = client.get(f"/push/1/{name}")

        assert answer["Content-Type"].startswith("text/javascript")
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "max-age" in answer["Cache-Control"]
        assert not answer.cookies
        assert client.get("/push/1/views.py").status_code == 404


def test_a_subscription_fits_into_the_address_of_a_contact() -> None:
    longest = f"https://wns2-par02p.notify.windows.com/w/?token={'x' * 650} {KEYS['p256dh']} {KEYS['auth']}"

    assert len(CHANNEL.normalise_address(longest)) <= Address._meta.get_field("address").max_length
