"""The key pair of web push: one for a workspace, so that a browser which subscribed once is reached by all senders."""

from typing import Any

import pytest
from django.db import connection

from clarion.channels.base import ConfigInvalid
from clarion.channels.webpush import vapid
from clarion.senders import operations, secrets
from clarion.senders.models import Sender, SharedSecrets
from clarion.workspaces.actors import Actor, of_member
from tests.factories import Cast

pytestmark = pytest.mark.django_db

OLD_KEY = vapid.new_key()


def made(by: Actor, name: str, **config: Any) -> Sender:
    settings = {"subject": "ops@shop.example", **config}
    return operations.create_sender(by=by, channel="webpush", name=name, config=settings)


def changed(by: Actor, sender: Sender, *forget: str, **config: Any) -> Sender:
    settings = {"subject": "ops@shop.example", **config}
    return operations.update_sender(sender=sender, by=by, config=settings, forget=frozenset(forget))


def key_of(sender: Sender) -> tuple[str, str]:
    """Return (whose it is, the private key), having seen that the public one belongs to it."""
    sender.refresh_from_db()
    config = secrets.ready_config(sender)
    assert config["public_key"] == sender.config["public_key"] == vapid.public_of(config["private_key"])
    return config["keys"], config["private_key"]


def given_a_sender_of_before(by: Actor, name: str = "Old") -> Sender:
    """Make one as it was stored before workspaces had keys."""
    sender = made(by, name, keys="own", private_key=OLD_KEY)
    config = {field: value for field, value in sender.config.items() if field != "keys"}
    Sender.objects.filter(pk=sender.pk).update(config=config)
    sender.refresh_from_db()
    return sender


class TestTheWorkspacesPair:
    def test_all_senders_of_a_workspace_have_it_and_no_other_workspace_has(
        self, cast: Cast, alice: Actor
    ) -> None:
        shop, news = made(alice, "Shop"), made(alice, "News")
        strangers = made(of_member(cast.mallory), "Shop")

        assert key_of(shop) == key_of(news)
        assert key_of(shop)[0] == "workspace"
        assert key_of(strangers) != key_of(shop)
        assert SharedSecrets.objects.count() == 2

    def test_it_is_sealed_and_in_no_trail(self, alice: Actor) -> None:
        _, key = key_of(made(alice, "Shop"))

        with connection.cursor() as cursor:
            cursor.execute(
                "select s::text from senders_sender s union all select a::text from workspaces_auditevent a "
                "union all select k::text || encode(k.sealed, 'escape') from senders_sharedsecrets k"
            )
            stored = "\n".join(row[0] for row in cursor.fetchall())
        assert key not in stored

    def test_it_stays_when_a_sender_is_saved_again_or_all_are_gone(self, alice: Actor) -> None:
        shop = made(alice, "Shop")
        before = key_of(shop)

        changed(alice, shop, "private_key", origins="https://shop.example")
        assert key_of(shop) == before
        operations.delete_sender(sender=shop, by=alice)
        assert key_of(made(alice, "Shop again")) == before

    def test_a_key_that_is_given_first_becomes_it_and_another_is_refused(self, alice: Actor) -> None:
        shop = made(alice, "Shop", keys="workspace", private_key=OLD_KEY)

        assert key_of(made(alice, "News")) == key_of(shop) == ("workspace", OLD_KEY)
        with pytest.raises(ConfigInvalid) as refusal:
            made(alice, "Third", keys="workspace", private_key=vapid.new_key())
        assert list(refusal.value.problems) == ["private_key"]
        assert not Sender.objects.filter(name="Third").exists()

    def test_bad_settings_make_none(self, alice: Actor) -> None:
        with pytest.raises(ConfigInvalid):
            made(alice, "Shop", origins="nowhere")
        assert not SharedSecrets.objects.exists()

    def test_one_that_cannot_be_opened_is_told_of_and_an_own_one_still_works(
        self, alice: Actor, settings: Any
    ) -> None:
        made(alice, "Shop")
        settings.SECRET_KEY = "another secret key of at least thirty-two characters"

        with pytest.raises(ConfigInvalid) as refusal:
            made(alice, "News")
        assert list(refusal.value.problems) == ["keys"]
        assert key_of(made(alice, "News", keys="own"))[0] == "own"


class TestItsOwnPair:
    def test_a_sender_of_before_keeps_its_key_whatever_is_saved(self, alice: Actor) -> None:
        old = given_a_sender_of_before(alice)

        assert key_of(old) == ("own", OLD_KEY)
        changed(alice, old, origins="https://shop.example")
        assert key_of(old) == ("own", OLD_KEY)

    def test_the_oldest_sender_of_before_gives_the_workspace_its_key(self, alice: Actor) -> None:
        old = given_a_sender_of_before(alice)
        new = made(alice, "New")

        assert key_of(new) == ("workspace", OLD_KEY)
        changed(alice, old, keys="workspace")
        assert key_of(old) == ("workspace", OLD_KEY)

    def test_without_a_key_it_gets_one_that_nobody_else_has(self, alice: Actor) -> None:
        shop, own = made(alice, "Shop"), made(alice, "Own", keys="own")

        assert key_of(own)[0] == "own"
        assert key_of(own) != key_of(shop)
        before = key_of(own)
        changed(alice, own, "private_key", keys="own")
        assert key_of(own) != before

    def test_a_sender_may_change_from_one_to_the_other(self, alice: Actor) -> None:
        shop, other = made(alice, "Shop"), made(alice, "Other", keys="own", private_key=OLD_KEY)

        changed(alice, other, keys="workspace")
        assert key_of(other) == key_of(shop)
        changed(alice, other, keys="own")
        choice, key = key_of(other)
        assert choice == "own"
        assert key not in (key_of(shop)[1], OLD_KEY)


def test_other_channels_have_nothing_in_common(alice: Actor) -> None:
    operations.create_sender(by=alice, channel="sandbox", name="Sandbox", config={})
    assert not SharedSecrets.objects.exists()
