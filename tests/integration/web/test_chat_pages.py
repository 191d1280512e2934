"""The pages of chat and push: senders are set up and tried, and templates say all that a channel can."""

from typing import Any

import pytest
from django.test import Client

from clarion.audience import operations
from clarion.channels.telegram.tests.server import TOKEN
from clarion.channels.webpush import vapid
from clarion.content.models import Template
from clarion.content.queries import latest_version
from clarion.senders import invitations, secrets
from clarion.senders.models import Sender
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of, make_cast

pytestmark = pytest.mark.django_db

BASE = {"name": "Mine", "lanes": "1"}
TELEGRAM = BASE | {"token": TOKEN, "username": "my_shop_bot", "connections": "20", "response_timeout": "30"}
WEBPUSH = BASE | {
    "subject": "ops@shop.example", "origins": "https://shop.example", "connections": "20", "response_timeout": "30",
}  # fmt: skip


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def created(cast: Cast, channel: str, data: dict[str, Any]) -> Sender:
    answer = client_of(cast.alice).post(f"/w/acme/senders/new/{channel}/", data)
    assert answer.status_code == 302, answer.content.decode()
    return Sender.objects.get()


def page(client: Client, sender: Sender) -> str:
    return client.get(f"/w/acme/senders/{sender.public_id}/").content.decode()


class TestSenders:
    def test_a_bot_is_set_up_and_its_link_is_shown_but_never_its_token(self, cast: Cast) -> None:
        sender = created(cast, "telegram", TELEGRAM)

        shown = page(client_of(cast.alice), sender)
        assert "https://t.me/my_shop_bot" in shown
        assert TOKEN.partition(":")[2] not in shown
        assert secrets.open_config(sender)["token"] == TOKEN
        assert client_of(cast.mallory).get(f"/w/acme/senders/{sender.public_id}/").status_code == 404

    def test_a_new_bot_starts_with_the_limit_that_telegram_has(self, cast: Cast) -> None:
        shown = client_of(cast.alice).get("/w/acme/senders/new/telegram/").content.decode()

        assert 'name="limit_second" value="30"' in shown

    def test_a_site_gets_what_it_is_to_embed(self, cast: Cast) -> None:
        sender = created(cast, "webpush", WEBPUSH)

        shown = page(client_of(cast.alice), sender)
        private = secrets.open_config(sender)["private_key"]
        assert sender.config["public_key"] == vapid.public_of(private)
        assert sender.config["public_key"] in shown
        assert f"/push/{sender.public_id}" in shown
        assert "/push/1/page.js" in shown
        assert private not in shown
        assert client_of(cast.mallory).get(f"/w/acme/senders/{sender.public_id}/").status_code == 404

    def test_saving_again_keeps_the_key_pair(self, cast: Cast) -> None:
        sender = created(cast, "webpush", WEBPUSH)
        before = secrets.open_config(sender)

        client_of(cast.alice).post(
            f"/w/acme/senders/{sender.public_id}/", WEBPUSH | {"origins": "https://b.example"}
        )

        after = secrets.open_config(Sender.objects.get())
        assert (after["private_key"], after["origins"]) == (before["private_key"], ["https://b.example"])

    def test_a_bad_setting_is_said_at_its_field(self, cast: Cast) -> None:
        answer = client_of(cast.alice).post("/w/acme/senders/new/webpush/", WEBPUSH | {"origins": "shop"})

        assert answer.status_code == 422
        assert "without a path" in answer.content.decode()


class TestTemplates:
    def test_a_message_says_all_that_telegram_can(self, cast: Cast) -> None:
        data = {
            "channel": "telegram", "name": "Sale", "mode": "text", "source": "*Hi* {{ first_name }}",
            "format": "markdown", "attachment": "photo", "media_url": "https://shop.example/{{ id }}.png",
            "buttons": "Shop | https://shop.example\r\nStop | {{ unsubscribe_url }}", "silent": "on",
        }  # fmt: skip
        assert client_of(cast.alice).post("/w/acme/templates/new/", data).status_code == 302

        template = Template.objects.get()
        content = latest_version(template).content
        assert (content["format"], content["attachment"], content["silent"]) == ("markdown", "photo", True)
        assert content["buttons"].count("\n") == 1
        assert latest_version(template).variables == ["first_name", "id", "unsubscribe_url"]
        shown = client_of(cast.alice).get(f"/w/acme/templates/{template.public_id}/").content.decode()
        assert "https://shop.example/{{ id }}.png" in shown
        assert client_of(cast.mallory).get(f"/w/acme/templates/{template.public_id}/").status_code == 404

    def test_what_telegram_would_refuse_is_said_at_its_field(self, cast: Cast) -> None:
        data = {
            "channel": "telegram", "name": "Sale", "mode": "text", "source": "Hi", "buttons": "Shop | javascript:x",
        }  # fmt: skip
        answer = client_of(cast.alice).post("/w/acme/templates/new/", data)

        assert answer.status_code == 422
        assert "Line 1: the address must begin with" in answer.content.decode()

    def test_a_notification_has_a_title_and_where_it_leads(self, cast: Cast) -> None:
        data = {
            "channel": "webpush", "name": "Sale", "mode": "text", "subject": "Sale, {{ first_name }}",
            "source": "Today", "link": "https://shop.example", "ttl": "60", "urgency": "high", "topic": "sale",
            "sticky": "on",
        }  # fmt: skip
        assert client_of(cast.alice).post("/w/acme/templates/new/", data).status_code == 302

        content = latest_version(Template.objects.get()).content
        assert (content["subject"], content["text"], content["link"]) == (
            "Sale, {{ first_name }}", "Today", "https://shop.example",
        )  # fmt: skip
        assert (content["ttl"], content["urgency"], content["topic"], content["sticky"]) == (
            60,
            "high",
            "sale",
            True,
        )

    def test_a_preview_shows_the_words_without_their_marks(self, cast: Cast) -> None:
        data = {
            "channel": "telegram",
            "mode": "text",
            "source": "*Hi* [you](https://a.example)",
            "format": "markdown",
        }
        shown = client_of(cast.alice).post("/w/acme/templates/check/", data).content.decode()

        assert "Hi you" in shown
        assert "*Hi*" not in shown

    @pytest.mark.parametrize(
        ("channel", "looks"),
        [
            ("whatsapp", ["chat__bubble", "Hi Ada"]),
            ("viber", ["chat__bubble", "Hi Ada"]),
            ("webpush", ["push-card__title", "Sale", "Hi Ada"]),
            ("voice", ["push-card__text", "Hi Ada", "second"]),
        ],
    )
    def test_each_channel_is_shown_as_it_will_look_with_a_contacts_words(
        self, cast: Cast, channel: str, looks: list[str]
    ) -> None:
        ada = operations.create_contact(
            by=of_member(cast.alice), fields={"email": "ada@example.test", "first_name": "Ada"}
        )
        data = {
            "channel": channel, "mode": "text", "subject": "Sale", "source": "Hi {{ first_name }}",
            "as": str(ada.public_id),
        }  # fmt: skip

        shown = client_of(cast.alice).post("/w/acme/templates/check/", data).content.decode()

        assert [part for part in looks if part not in shown] == []


class TestContacts:
    def test_a_contacts_page_has_the_link_by_which_the_chat_becomes_theirs(self, cast: Cast) -> None:
        sender = created(cast, "telegram", TELEGRAM)
        ada = operations.create_contact(by=of_member(cast.alice), fields={"email": "ada@example.test"})

        shown = client_of(cast.alice).get(f"/w/acme/contacts/{ada.public_id}/").content.decode()
        by_viewer = client_of(cast.vera).get(f"/w/acme/contacts/{ada.public_id}/").content.decode()

        assert invitations.start_link(sender, contact_id=ada.pk) in shown
        assert "?start=" not in by_viewer
        assert client_of(cast.mallory).get(f"/w/acme/contacts/{ada.public_id}/").status_code == 404
