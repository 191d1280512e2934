"""The page of a sender's approved templates: what is there, who may ask for more, and taking one into the library."""

import pytest

from clarion.channels.base import ProviderAccount
from clarion.channels.base import ProviderTemplate as Listed
from clarion.channels.waba import CHANNEL
from clarion.channels.waba.tests.making import make_settings, make_shape
from clarion.channels.waba.tests.server import ACCOUNT_ID, APP_SECRET, TOKEN
from clarion.content.models import Approval, Template
from clarion.content.queries import latest_version
from clarion.senders import operations as senders
from clarion.senders.models import Sender
from clarion.senders.provided import operations
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def listed(name: str, language: str = "en_US", status: str = "APPROVED", **facts: str) -> Listed:
    shape = make_shape(name=name, language=language)
    return Listed(name=name, language=language, status=status, category="UTILITY", shape=shape, **facts)


@pytest.fixture
def sender(cast: Cast) -> Sender:
    by = of_member(cast.alice)
    made = senders.create_sender(by=by, channel="waba", name="Shop", config=make_settings())
    templates = [
        listed("order_shipped", quality="GREEN"),
        listed("order_shipped", "de", quality="YELLOW"),
        listed("order_shipped", "fr", "REJECTED", note="INVALID_FORMAT"),
        listed("sale", status="PAUSED"),
        listed("cards", problem="It has a part that cannot be filled in here: carousel."),
    ]
    operations.keep(sender=made, account=ProviderAccount(templates=templates, per_day=2000), by=by)
    return made


def url(sender: Sender, rest: str = "") -> str:
    return f"/w/acme/senders/{sender.public_id}/templates/{rest}"


class TestTheList:
    def test_it_shows_what_the_provider_says_of_each(self, cast: Cast, sender: Sender) -> None:
        shown = client_of(cast.alice).get(url(sender)).content.decode()

        for words in (
            "order_shipped",
            "Rejected",
            "INVALID_FORMAT",
            "Paused",
            "Utility",
            "Yellow",
            "carousel",
            "2,000",
        ):
            assert words in shown
        assert TOKEN not in shown
        found = client_of(cast.alice).get(url(sender) + "?q=sal").content.decode()
        assert "sale" in found
        assert "order_shipped" not in found
        assert "None has that" in client_of(cast.alice).get(url(sender) + "?q=nowhere").content.decode()
        assert client_of(cast.mallory).get(url(sender)).status_code == 404

    def test_a_viewer_reads_it_and_changes_nothing(self, cast: Cast, sender: Sender) -> None:
        vera = client_of(cast.vera)

        shown = vera.get(url(sender)).content.decode()

        assert "Refresh</span>" not in shown
        assert 'name="name" value=' not in shown
        assert vera.post(url(sender, "refresh/")).status_code == 403
        assert vera.post(url(sender, "use/"), {"name": "order_shipped"}).status_code == 403
        assert client_of(cast.mallory).post(url(sender, "refresh/")).status_code == 404
        assert client_of(cast.mallory).post(url(sender, "use/"), {"name": "order_shipped"}).status_code == 404

    def test_other_channels_have_none(self, cast: Cast) -> None:
        other = senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Own", config={})

        assert client_of(cast.alice).get(url(other)).status_code == 404
        assert (
            url(other)
            not in client_of(cast.alice).get(f"/w/acme/senders/{other.public_id}/").content.decode()
        )

    def test_a_provider_that_does_not_answer_is_told_and_remembered(self, cast: Cast, sender: Sender) -> None:
        # Nobody listens on this port.
        by = of_member(cast.alice)
        senders.update_sender(
            sender=sender, by=by, config={**sender.config, "api_url": "http://127.0.0.1:1"}, name="Shop"
        )

        shown = client_of(cast.alice).post(url(sender, "refresh/"), follow=True).content.decode()

        assert "could not be reached" in shown
        assert "could not be asked last time" in shown
        assert "order_shipped" in shown


class TestUsingOne:
    def test_it_comes_into_the_library_in_its_approved_languages(self, cast: Cast, sender: Sender) -> None:
        answer = client_of(cast.bob).post(url(sender, "use/"), {"name": "order_shipped"})

        template = Template.objects.get()
        version = latest_version(template)
        assert answer["Location"].endswith(f"/templates/{template.public_id}/")
        assert (template.name, template.channel, version.approval) == (
            "order_shipped",
            "waba",
            Approval.APPROVED,
        )
        assert (version.source["language"], list(version.source["languages"])) == ("de", ["en-US"])
        assert version.source["source"] == "Hi {{ value_1 }}, your order is on its way to {{ value_2 }}."
        assert CHANNEL.template_key(version.content["languages"]["en-US"]) is not None

        client_of(cast.bob).post(url(sender, "use/"), {"name": "order_shipped"})
        assert sorted(Template.objects.values_list("name", flat=True)) == [
            "order_shipped",
            "order_shipped (2)",
        ]

    def test_saving_values_keeps_what_the_provider_approved_and_shows_the_message(
        self, cast: Cast, sender: Sender
    ) -> None:
        bob = client_of(cast.bob)
        bob.post(url(sender, "use/"), {"name": "order_shipped"})
        template = Template.objects.get()
        source = latest_version(template).source
        data = {
            "name": "Shipped", "channel": "waba", "mode": "text", "language": "de", "edited": "",
            "source": "Hi {{ first_name }}, your order is on its way to {{ city }}.", "subject": "Order {{ order }}",
            "provider_template": source["extras"]["provider_template"], "buttons": "{{ order }}",
        }  # fmt: skip

        saved = bob.post(f"/w/acme/templates/{template.public_id}/", data)
        previewed = bob.post("/w/acme/templates/check/", data).content.decode()
        wrong = bob.post(
            f"/w/acme/templates/{template.public_id}/", data | {"source": "Hello {{ first_name }}!"}
        )

        assert saved.status_code == 302
        version = latest_version(template)
        assert (version.number, version.approval) == (2, Approval.APPROVED)
        assert {"city", "first_name", "order"} <= set(version.variables)
        for words in ("[first_name]", "Follow it", "Reply STOP to hear no more.", "Order [order]"):
            assert words in previewed
        assert wrong.status_code == 422
        assert "is not where it was" in wrong.content.decode()

    @pytest.mark.parametrize("name", ["cards", "nothing", ""])
    def test_what_cannot_be_filled_in_is_not_there(self, cast: Cast, sender: Sender, name: str) -> None:
        assert client_of(cast.alice).post(url(sender, "use/"), {"name": name}).status_code == 404


class TestSettingOneUp:
    def test_the_page_tells_where_whatsapp_calls_and_never_the_secrets(self, cast: Cast) -> None:
        data = {
            "name": "Shop", "lanes": "1", "access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": "word",
            "phone_number_id": "106540352242922", "business_account_id": ACCOUNT_ID, "source": "+1 555 0100",
            "connections": "20", "response_timeout": "30",
        }  # fmt: skip
        alice = client_of(cast.alice)
        assert 'name="limit_second" value="80"' in alice.get("/w/acme/senders/new/waba/").content.decode()

        answer = alice.post("/w/acme/senders/new/waba/", data)

        assert answer.status_code == 302, answer.content.decode()
        sender = Sender.objects.get()
        shown = alice.get(f"/w/acme/senders/{sender.public_id}/").content.decode()
        assert f"/hooks/{sender.public_id}/" in shown
        assert "message_template_status_update" in shown
        assert url(sender) in shown
        assert TOKEN not in shown
        assert APP_SECRET not in shown
