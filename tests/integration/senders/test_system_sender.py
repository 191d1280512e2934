"""The system sender: choosing it, what it writes and what becomes of it, by pages, operations and commands."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from clarion.senders import operations as senders
from clarion.senders.errors import SenderInUse
from clarion.senders.models import Letter, Sender, SystemSender
from clarion.senders.system import operations, queries
from clarion.senders.system.errors import SystemSenderRefused, SystemSenderUnusable
from clarion.workspaces.access.models import SystemEvent
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import User
from tests.factories import Cast, client_of, make_user
from tests.letters import Mailbox
from tests.letters import mail_server as mail_server
from tests.letters import mailbox as mailbox

pytestmark = pytest.mark.django_db

MAIL = "/system/mail/"


@pytest.fixture
def root() -> User:
    return make_user(name="Root", email="root@example.test", is_superuser=True)


@pytest.fixture
def admin(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def sender(cast: Cast, mail_server: Mailbox) -> Sender:
    """A mail sender of a workspace."""
    return senders.create_sender(
        by=of_member(cast.alice), channel="email", name="Post", config=mail_server.config()
    )


def post(**said: str) -> bool:
    return operations.post(
        kind="notice", to="bob@example.test", subject="Größe", text="A line.\n.\nA dot.", **said
    )


class TestChoosing:
    def test_a_mail_sender_is_taken_once_its_server_was_seen_and_writes(
        self, admin: Client, sender: Sender, mail_server: Mailbox
    ) -> None:
        assert b"Clarion writes to nobody" in admin.get(MAIL).content
        assert not post()

        admin.post(f"{MAIL}sender/", {"sender": str(sender.public_id)})

        assert post()
        (letter,) = mail_server.read()
        assert (letter["To"], letter["Subject"]) == ("bob@example.test", "Größe")
        assert letter["From"] == "Clarion <clarion@example.test>"
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["List-Unsubscribe"] is None
        assert letter.get_content().splitlines() == ["A line.", ".", "A dot."]
        page = admin.get(MAIL).content.decode()
        assert "Post" in page
        assert "bob@example.test" in page
        with pytest.raises(SenderInUse):
            senders.delete_sender(sender=sender, by=of_member(sender.created_by.memberships.get()))  # type: ignore[union-attr]

    def test_who_changes_the_sender_in_its_workspace_does_not_lead_letters_elsewhere(
        self, cast: Cast, root: User, sender: Sender, mail_server: Mailbox
    ) -> None:
        operations.choose_sender(by=root, sender=sender)
        post()
        config = mail_server.config() | {"host": "127.0.0.2"}
        senders.update_sender(sender=sender, by=of_member(cast.alice), config=config)

        assert mail_server.read() == []
        assert "choose it again" in queries.state().problem
        assert Letter.objects.get().status == "FAILED"

    def test_a_server_of_its_own_keeps_its_password_sealed_and_for_itself(
        self, admin: Client, mail_server: Mailbox
    ) -> None:
        form = {
            "host": "127.0.0.1", "port": str(mail_server.server.port), "security": "none", "username": "clarion",
            "password": "a mail password", "from_address": "clarion@example.test",
        }  # fmt: skip
        mail_server.server.extensions += ("AUTH PLAIN",)
        assert admin.post(f"{MAIL}server/", form).status_code == 302
        row = SystemSender.objects.get()
        assert "password" not in row.config or not row.config["password"]
        assert b"a mail password" not in bytes(row.sealed)
        assert admin.post(f"{MAIL}server/", form | {"password": "", "from_name": "New"}).status_code == 302
        assert operations.current_config()["password"] == "a mail password"
        assert "a mail password" not in admin.get(MAIL).content.decode()

        admin.post(f"{MAIL}server/", form | {"password": "", "username": "another"})
        assert operations.current_config()["password"] != "a mail password"

    def test_one_that_does_not_answer_is_refused_beside_its_field(
        self, admin: Client, sender: Sender, mail_server: Mailbox
    ) -> None:
        mail_server.server.answers = {"GREETING": "554 no"}
        answer = admin.post(f"{MAIL}sender/", {"sender": str(sender.public_id)})
        assert answer.status_code == 422
        assert b'id="id_sender_error"' in answer.content

        form = {"host": "not a host", "security": "tls", "from_address": "clarion@example.test"}
        answer = admin.post(f"{MAIL}server/", form)
        assert b'id="id_host_error"' in answer.content
        assert not operations.has_sender()

    def test_only_administrators_of_the_installation_do_and_see_it(self, cast: Cast, sender: Sender) -> None:
        with pytest.raises(NotAllowed):
            operations.choose_sender(by=cast.alice.user, sender=sender)
        with pytest.raises(SystemSenderRefused):
            operations.choose_sender(by=None, sender=Sender(channel="sms"))
        for member in (cast.alice, cast.mallory):
            client = client_of(member)
            assert client.get(MAIL).status_code == 404
            for rest in ("sender/", "server/", "off/", "test/"):
                assert client.post(f"{MAIL}{rest}", {"confirmed": "1"}).status_code == 404

    def test_taking_it_away_gives_up_what_waits(self, admin: Client, mailbox: Mailbox) -> None:
        post()
        assert b"Write to nobody any more?" in admin.post(f"{MAIL}off/").content

        admin.post(f"{MAIL}off/", {"confirmed": "1"})

        assert mailbox.read() == []
        letter = Letter.objects.get()
        assert (letter.status, bytes(letter.sealed)) == ("FAILED", b"")
        assert SystemEvent.objects.filter(action="mail.off").count() == 1


class TestLetters:
    def test_what_they_say_is_sealed_while_they_wait_and_forgotten_after(self, mailbox: Mailbox) -> None:
        operations.post(kind="notice", to="bob@example.test", subject="Secret", text="https://x.test/secret")
        assert b"secret" not in bytes(Letter.objects.get().sealed)

        mailbox.read()

        letter = Letter.objects.get()
        assert (letter.status, bytes(letter.sealed), letter.attempts) == ("SENT", b"", 1)

    def test_a_server_that_is_away_is_tried_again_later_and_given_up_at_last(self, mailbox: Mailbox) -> None:
        mailbox.server.answers = {"MAIL": "451 4.3.0 later"}
        post()
        with time_machine.travel(timezone.now(), tick=False) as clock:
            mailbox.read()
            mailbox.read()
            assert Letter.objects.get().attempts == 1
            assert "later" in queries.state().problem
            clock.shift(timedelta(minutes=2))
            mailbox.server.answers = {}
            assert len(mailbox.read()) == 1
            assert queries.state().problem == ""

            mailbox.server.answers = {"MAIL": "451 4.3.0 later"}
            post()
            clock.shift(operations.GIVE_UP + timedelta(minutes=1))
            mailbox.read()
        assert sorted(Letter.objects.values_list("status", flat=True)) == ["FAILED", "SENT"]

    def test_one_address_that_is_refused_says_nothing_of_the_sender(self, mailbox: Mailbox) -> None:
        mailbox.server.answers = {"RCPT": "550 5.1.1 no such user"}
        post()
        mailbox.read()

        assert Letter.objects.get().status == "FAILED"
        assert queries.state().problem == ""

    def test_one_that_is_being_sent_is_not_taken_by_another_process_until_that_is_dead(
        self, mailbox: Mailbox
    ) -> None:
        post()
        with time_machine.travel(timezone.now(), tick=False) as clock:
            assert operations._taken() is not None
            assert mailbox.read() == []
            clock.shift(operations.LEASE + timedelta(seconds=1))
            assert len(mailbox.read()) == 1

    def test_old_ones_are_forgotten(self, mailbox: Mailbox) -> None:
        post()
        mailbox.read()
        Letter.objects.update(created_at=timezone.now() - operations.KEEP - timedelta(days=1))

        operations.forget_old()

        assert not Letter.objects.exists()


class TestTrying:
    def test_the_page_says_what_the_server_answered(self, admin: Client, mailbox: Mailbox) -> None:
        page = admin.post(f"{MAIL}test/", follow=True).content.decode()
        assert "The mail server took a test mail for root@example.test." in page
        mailbox.server.answers = {"END": "554 5.7.1 spam"}

        assert "spam" in admin.post(f"{MAIL}test/", follow=True).content.decode()
        assert SystemEvent.objects.filter(action="mail.test").count() == 2

    def test_without_one_nothing_pretends_to_be_sent(self, admin: Client) -> None:
        assert b"No system sender is chosen" in admin.post(f"{MAIL}test/", follow=True).content
        with pytest.raises(SystemSenderUnusable):
            operations.current_config()
