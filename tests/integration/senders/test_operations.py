"""Writing senders: secrets stay secret, every change is told and wakes the sending processes."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from clarion.channels.base import ConfigInvalid
from clarion.engine.outcomes import Reason
from clarion.senders import operations, queries, secrets
from clarion.senders.errors import (
    ChannelUnknown,
    LimitInvalid,
    NameTaken,
    SecretsLost,
    SenderInUse,
)
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.senders.operations import Limits
from clarion.workspaces.actors import Actor, of_member, system
from clarion.workspaces.errors import NameInvalid, NotAllowed
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast, make_cast
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db

PASSWORD = "hunter2-very-secret"
CONFIG = {
    "host": "mail.example.test",
    "username": "shop",
    "password": PASSWORD,
    "from_address": "shop@example.test",
}


def given_a_sender(by: Actor, name: str = "Shop", **changes: Any) -> Sender:
    return operations.create_sender(by=by, channel="email", name=name, config={**CONFIG, **changes})


def stored_text() -> str:
    """Everything the database holds about senders and in the audit trail, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select s::text from senders_sender s union all select a::text from workspaces_auditevent a"
        )
        return "\n".join(row[0] for row in cursor.fetchall())


class TestCreateSender:
    def test_seals_the_secrets(self, alice: Actor) -> None:
        sender = given_a_sender(alice)

        assert sender.status == SenderStatus.ACTIVE
        assert "password" not in sender.config
        assert secrets.open_config(Sender.objects.get())["password"] == PASSWORD
        assert secrets.set_names(sender) == ["password"]
        assert PASSWORD not in stored_text()
        assert PASSWORD.encode().hex() not in stored_text()

    def test_says_which_field_is_wrong(self, alice: Actor) -> None:
        with pytest.raises(ConfigInvalid) as caught:
            given_a_sender(alice, host="no host!", from_address="nobody")

        assert caught.value.problems.keys() == {"host", "from_address"}
        assert not Sender.objects.exists()

    def test_refuses_a_channel_that_is_none(self, alice: Actor) -> None:
        with pytest.raises(ChannelUnknown):
            operations.create_sender(by=alice, channel="pigeon", name="Pigeon", config={})

    def test_refuses_names_that_are_taken_or_none(self, alice: Actor) -> None:
        given_a_sender(alice)

        with pytest.raises(NameTaken):
            given_a_sender(alice)
        with pytest.raises(NameInvalid):
            given_a_sender(alice, name=" ")

    @pytest.mark.parametrize(
        "limits",
        [{"second": 0}, {"minute": -1}, {"day": 3_000_000_000}, {"lanes": 0}, {"lanes": 33}],
        ids=str,
    )
    def test_refuses_limits_out_of_range(self, alice: Actor, limits: dict[str, Any]) -> None:
        with pytest.raises(LimitInvalid) as caught:
            operations.create_sender(
                by=alice, channel="email", name="x", config=CONFIG, limits=Limits(**limits)
            )

        assert [name.removeprefix("limit_") for name in caught.value.problems] == list(limits)

    def test_a_sealed_box_opens_in_its_own_row_only(self, alice: Actor) -> None:
        one, two = given_a_sender(alice), given_a_sender(alice, name="Other", password="another")
        two.sealed = one.sealed

        with pytest.raises(SecretsLost):
            secrets.open_config(two)


class TestUpdateSender:
    def test_an_empty_secret_keeps_the_old(self, alice: Actor) -> None:
        sender = given_a_sender(alice)

        sender = operations.update_sender(
            sender=sender, by=alice, config={**sender.config, "password": "", "host": "mail2.example.test"}
        )

        assert secrets.open_config(sender)["password"] == PASSWORD
        assert AuditEvent.objects.get(action="sender.changed").changes == {
            "host": ["mail.example.test", "mail2.example.test"]
        }

    def test_a_new_secret_is_told_without_being_shown(self, alice: Actor) -> None:
        sender = given_a_sender(alice)

        sender = operations.update_sender(
            sender=sender, by=alice, config={**sender.config, "password": "new-secret"}
        )

        assert secrets.open_config(sender)["password"] == "new-secret"
        assert AuditEvent.objects.get(action="sender.changed").changes == {"password": ["••••", "••••"]}
        assert "new-secret" not in stored_text()

    def test_a_secret_is_forgotten_when_it_is_said_so(self, alice: Actor) -> None:
        sender = given_a_sender(alice)

        sender = operations.update_sender(
            sender=sender,
            by=alice,
            config={**sender.config, "auth": "none", "username": ""},
            forget=frozenset({"password"}),
        )

        assert secrets.set_names(sender) == []
        assert bytes(sender.sealed) == b""

    def test_tells_nothing_when_nothing_changed(self, alice: Actor) -> None:
        sender = given_a_sender(alice)

        operations.update_sender(sender=sender, by=alice, name="Shop", config=sender.config, limits=Limits())

        assert not AuditEvent.objects.filter(action="sender.changed").exists()

    def test_changes_limits_and_name(self, alice: Actor) -> None:
        sender = operations.update_sender(
            sender=given_a_sender(alice),
            by=alice,
            name="Shop 2",
            limits=Limits(second=2.5, day=1000, lanes=3),
        )

        assert (sender.name, sender.limit_second, sender.limit_day, sender.lanes) == ("Shop 2", 2.5, 1000, 3)

    def test_credentials_can_be_typed_in_again_when_the_key_is_lost(
        self, alice: Actor, settings: Any
    ) -> None:
        sender = given_a_sender(alice)
        settings.SECRET_KEY = "a new key, the old one was lost 1234567890"

        with pytest.raises(SecretsLost):
            secrets.open_config(sender)
        sender = operations.update_sender(
            sender=sender, by=alice, config={**sender.config, "password": "again"}
        )
        assert secrets.open_config(sender)["password"] == "again"

    def test_an_old_key_still_opens(self, alice: Actor, settings: Any) -> None:
        sender = given_a_sender(alice)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new key, put before the old one 1234567890"

        assert secrets.open_config(sender)["password"] == PASSWORD


class TestStatus:
    def test_pauses_and_activates(self, alice: Actor) -> None:
        sender = operations.pause_sender(sender=given_a_sender(alice), by=alice, reason="Holidays")
        assert (sender.status, sender.status_reason) == (SenderStatus.PAUSED, "Holidays")

        sender = operations.activate_sender(sender=sender, by=alice)
        assert (sender.status, sender.status_reason) == (SenderStatus.ACTIVE, "")

    def test_a_second_click_tells_nothing(self, alice: Actor) -> None:
        sender = given_a_sender(alice)

        for _ in range(2):
            operations.pause_sender(sender=sender, by=alice)

        assert AuditEvent.objects.filter(action="sender.paused").count() == 1

    def test_the_program_blocks_with_a_reason(self, alice: Actor) -> None:
        sender = operations.block_sender(
            sender=given_a_sender(alice),
            by=system(alice.workspace),
            reason="The provider refused the credentials.",
        )

        assert sender.status == SenderStatus.BLOCKED
        assert AuditEvent.objects.get(action="sender.blocked").actor_name == "system"

    def test_activating_closes_the_breaker(self, alice: Actor) -> None:
        from django.utils import timezone

        sender = given_a_sender(alice)
        SenderLane.objects.create(
            sender=sender,
            lane=0,
            open_until=timezone.now() + timezone.timedelta(hours=1),
            open_reason=Reason.CONNECTION_FAILED,
            open_detail="refused",
        )
        health = queries.health_of(sender)
        assert health.explanation is not None
        assert "could not be reached" in health.explanation.sentence

        operations.pause_sender(sender=sender, by=alice)
        operations.activate_sender(sender=sender, by=alice)

        assert queries.health_of(Sender.objects.get()).open_until is None


class TestDeleteSender:
    def test_deletes_an_unused_one(self, alice: Actor) -> None:
        operations.delete_sender(sender=given_a_sender(alice), by=alice)

        assert not Sender.objects.exists()
        assert AuditEvent.objects.get(action="sender.deleted").object_name == "Shop"

    def test_keeps_one_that_a_campaign_uses(self, alice: Actor) -> None:
        from clarion.campaigns.models import Campaign, Step

        sender = given_a_sender(alice)
        Step.objects.create(
            campaign=Campaign.objects.create(workspace=alice.workspace, name="Spring"),
            channel="email",
            sender=sender,
        )

        with pytest.raises(SenderInUse):
            operations.delete_sender(sender=sender, by=alice)
        assert Sender.objects.exists()
        assert not AuditEvent.objects.filter(action="sender.deleted").exists()


class TestRights:
    def test_only_who_manages_senders_may(self, alice: Actor, cast: Cast) -> None:
        sender = given_a_sender(alice)

        for member in (cast.bob, cast.vera):
            by = of_member(member)
            for change in (
                lambda by=by: given_a_sender(by, name="Mine"),
                lambda by=by: operations.update_sender(sender=sender, by=by, name="x"),
                lambda by=by: operations.pause_sender(sender=sender, by=by),
                lambda by=by: operations.activate_sender(sender=sender, by=by),
                lambda by=by: operations.block_sender(sender=sender, by=by, reason="x"),
                lambda by=by: operations.delete_sender(sender=sender, by=by),
            ):
                with pytest.raises(NotAllowed):
                    change()

    def test_a_stranger_finds_nothing(self, alice: Actor, cast: Cast) -> None:
        sender, mallory = given_a_sender(alice), of_member(cast.mallory)

        assert queries.sender_for(cast.mallory, sender.public_id) is None
        assert not queries.senders_for(cast.mallory).exists()
        for change in (
            lambda: operations.update_sender(sender=sender, by=mallory, name="x"),
            lambda: operations.pause_sender(sender=sender, by=mallory),
            lambda: operations.delete_sender(sender=sender, by=mallory),
        ):
            with pytest.raises(Sender.DoesNotExist):
                change()


def test_every_change_wakes_the_sending_processes(transactional_db: None, dsn: str) -> None:
    alice = of_member(make_cast().alice)
    with psycopg.connect(dsn, autocommit=True) as listener:
        listener.execute("listen clarion_wake")
        sender = given_a_sender(alice)
        operations.update_sender(sender=sender, by=alice, limits=Limits(second=1))
        operations.pause_sender(sender=sender, by=alice)
        operations.activate_sender(sender=sender, by=alice)

        heard = [note.payload for note in listener.notifies(timeout=PATIENCE_SECONDS, stop_after=4)]

    assert heard == [f'{{"sender_id":{sender.pk}}}'] * 4


def test_the_list_takes_two_queries(alice: Actor, cast: Cast, django_assert_num_queries: Any) -> None:
    for number in range(3):
        given_a_sender(alice, name=f"No {number}")

    with django_assert_num_queries(2):
        found = list(queries.senders_for(cast.bob, search="no"))
        assert [queries.health_of(sender).rate for sender in found] == [0, 0, 0]
