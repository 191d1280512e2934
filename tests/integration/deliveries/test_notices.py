"""Mails to those who administer: what broke is written once to whom it concerns, in the dashboard's words."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries.attention import attention
from clarion.deliveries.models import Notice, Worker
from clarion.deliveries.notices import operations
from clarion.engine.outcomes import Reason
from clarion.senders.models import Letter, Sender, SenderLane, SenderStatus
from clarion.webhooks.models import Endpoint, EndpointStatus
from clarion.workspaces.models import Membership, User
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.letters import Mailbox
from tests.letters import mail_server as mail_server
from tests.letters import mailbox as mailbox

pytestmark = pytest.mark.django_db

NOON = datetime.fromisoformat("2027-03-01T12:00:00+00:00")


@pytest.fixture
def member() -> Membership:
    return making.make_member()


def blocked(member: Membership, **values: object) -> Sender:
    return making.make_sender(
        member.workspace, status=SenderStatus.BLOCKED, status_reason="Wrong password.", **values
    )


def told() -> list[tuple[str, str]]:
    """To whom letters were written since the last question, and why."""
    found = sorted(Letter.objects.values_list("to", "kind"))
    Letter.objects.all().delete()
    return found


def alive() -> None:
    Worker.objects.create(name="here-1", host="here", pid=1, heartbeat_at=timezone.now())


def test_a_blocked_sender_is_told_to_owners_and_admins_alone_in_the_pages_words(
    member: Membership, mailbox: Mailbox
) -> None:
    admin = making.make_member(member.workspace, Role.ADMIN, name="Anna")
    for role in (Role.AUTHOR, Role.VIEWER, Role.MODERATOR):
        making.make_member(member.workspace, role, name=role.title())
    making.make_member(name="Stranger")
    sender = blocked(member, name="Shop mail")

    assert operations.tell() == 2

    letters = mailbox.read()
    assert sorted(str(one["To"]) for one in letters) == sorted([member.user.email, admin.user.email])
    [shown] = attention(member)
    for letter in letters:
        assert str(letter["Subject"]) == f"[{member.workspace.name}] The sender “Shop mail” is blocked"
        assert shown.why in letter.get_content()
        assert f"/senders/{sender.public_id}/" in letter.get_content()


def test_its_links_lead_the_reader_there_and_a_stranger_nowhere(member: Membership, mailbox: Mailbox) -> None:
    blocked(member)
    making.make_campaign(member.workspace, status=Status.FAILED)
    operations.tell()
    links = {
        link for one in mailbox.read() for link in re.findall(r"https?://[^/\s]+(/\S+)", one.get_content())
    }
    client = Client(SERVER_NAME="localhost")

    assert len(links) == 3  # the sender's, the campaign's and the profile's
    client.force_login(member.user)
    assert {client.get(link).status_code for link in links} == {200}
    client.force_login(making.make_member(name="Stranger").user)
    assert {client.get(link).status_code for link in links - {"/profile/"}} == {404}


def test_each_reads_it_in_their_own_language(member: Membership, mailbox: Mailbox) -> None:
    User.objects.filter(pk=member.user_id).update(language="de")
    blocked(member, name="Post")

    operations.tell()

    assert mailbox.newest()[1].endswith("Der Absender „Post“ ist gesperrt")


def test_whoever_switched_it_off_in_their_profile_is_not_written_to(
    member: Membership, mailbox: Mailbox
) -> None:
    client = Client(SERVER_NAME="localhost")
    client.force_login(member.user)
    page = client.get("/profile/").content.decode()
    assert re.search(r'name="is_told_of_trouble"[^>]* checked', page)

    client.post("/profile/", {"name": "Alice", "language": "", "theme": "", "zone": ""})
    blocked(member)

    assert operations.tell() == 0
    client.force_login(making.make_member(member.workspace, Role.AUTHOR, name="Bob").user)
    assert "is_told_of_trouble" not in client.get("/profile/").content.decode()


def test_it_is_told_once_and_again_only_when_it_came_back_and_hours_have_gone(
    member: Membership, mailbox: Mailbox
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        sender = blocked(member)
        assert operations.tell() == 1
        clock.shift(timedelta(hours=12))
        assert operations.tell() == 0  # it only lasts

        Sender.objects.filter(pk=sender.pk).update(status_changed_at=timezone.now())
        assert operations.tell() == 1
        clock.shift(timedelta(hours=1))
        Sender.objects.filter(pk=sender.pk).update(status_changed_at=timezone.now())
        assert operations.tell() == 0
        clock.shift(timedelta(hours=5))
        assert operations.tell() == 1
        Sender.objects.filter(pk=sender.pk).update(status=SenderStatus.ACTIVE)
        assert operations.tell() == 0  # that it is over is not written


def test_what_is_old_when_mails_become_possible_is_no_news(member: Membership, mailbox: Mailbox) -> None:
    blocked(member, status_changed_at=timezone.now() - timedelta(days=2))
    making.make_campaign(
        member.workspace, status=Status.FAILED, status_changed_at=timezone.now() - timedelta(days=2)
    )

    assert operations.tell() == 0


def test_campaigns_that_fail_or_that_the_program_pauses_are_told_and_a_persons_pause_is_not(
    member: Membership, mailbox: Mailbox
) -> None:
    making.make_campaign(member.workspace, status=Status.FAILED, name="Broken")
    making.make_campaign(
        member.workspace, status=Status.PAUSED, pause_cause=PauseCause.ERRORS, name="Stopped",
        status_reason="Too many failed.",
    )  # fmt: skip
    making.make_campaign(member.workspace, status=Status.PAUSED, name="By hand")
    making.make_campaign(member.workspace, status=Status.SCHEDULED, missed_at=timezone.now(), name="Too late")

    operations.tell()

    assert sorted(str(one["Subject"]).partition("] ")[2] for one in mailbox.read()) == [
        "The campaign “Broken” has failed",
        "The campaign “Stopped” was paused by the program",
        "The campaign “Too late” missed its start",
    ]


def test_campaigns_that_wait_for_a_blocked_sender_are_told_only_when_it_is_mended(
    member: Membership, mailbox: Mailbox
) -> None:
    sender = blocked(member)
    making.make_campaign(
        member.workspace, status=Status.PAUSED, pause_cause=PauseCause.SENDER, status_reason="It is blocked."
    )

    assert operations.tell() == 1
    Sender.objects.filter(pk=sender.pk).update(status=SenderStatus.ACTIVE, status_reason="")
    assert operations.tell() == 1
    assert operations.tell() == 0


def test_a_provider_is_told_when_it_was_down_for_minutes_tries_in_between_included(
    member: Membership, mailbox: Mailbox
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        lane = SenderLane.objects.create(
            sender=making.make_sender(member.workspace, name="Shop mail"), lane=0,
            open_until=timezone.now() + timedelta(minutes=1),
            open_reason=Reason.CONNECTION_FAILED, open_detail="Connection refused",
        )  # fmt: skip
        counts = []
        for minute in range(12):
            is_tried = minute % 4 == 3
            lane.open_until = timezone.now() + timedelta(minutes=-1 if is_tried else 1)
            lane.save()
            counts.append(operations.tell())
            clock.shift(timedelta(minutes=1))

        said = mailbox.newest()[2]

    assert [minute for minute, count in enumerate(counts) if count] == [10]
    assert "could not be reached. Connection refused" in said


class TestWithoutWorkers:
    @pytest.fixture
    def root(self) -> User:
        return User.objects.create(email="root@example.test", name="Root", is_superuser=True)

    @pytest.fixture
    def waiting(self, member: Membership) -> Campaign:
        return making.make_launchable(member.workspace, status=Status.SENDING)

    def test_system_administrators_are_told_when_it_lasts(
        self, root: User, waiting: Campaign, mailbox: Mailbox
    ) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            assert operations.tell() == 0  # a restart takes a moment
            clock.shift(timedelta(minutes=2))
            assert operations.tell() == 1
            clock.shift(timedelta(minutes=1))
            assert operations.tell() == 0

        assert told() == [(root.email, "trouble")]

    def test_every_page_of_theirs_says_so_and_nobody_elses(
        self, root: User, member: Membership, waiting: Campaign
    ) -> None:
        client = Client(SERVER_NAME="localhost")
        client.force_login(root)
        banner = '<aside class="alert banner" aria-label="No sending process is running"'
        assert banner in client.get("/profile/").content.decode()
        assert banner in client.get("/system/workspaces/").content.decode()

        alive()
        assert banner not in client.get("/profile/").content.decode()
        Worker.objects.all().delete()
        client.force_login(member.user)
        assert banner not in client.get("/profile/").content.decode()

    def test_one_of_several_that_is_gone_is_told_and_shown_until_another_takes_its_place(
        self, root: User, mailbox: Mailbox
    ) -> None:
        client = Client(SERVER_NAME="localhost")
        client.force_login(root)
        alive()
        now = timezone.now()
        before = {"started_at": now - timedelta(hours=2), "heartbeat_at": now - timedelta(minutes=5)}
        Worker.objects.create(name="b-1", host="box-b", pid=1, **before)
        Worker.objects.create(name="c-1", host="box-c", pid=1, ended_at=now - timedelta(minutes=4), **before)
        ended = before["heartbeat_at"] + timedelta(seconds=1)
        Worker.objects.create(name="d-1", host="box-d", pid=1, ended_at=ended, **before)
        long_ago = now - timedelta(days=2)
        Worker.objects.create(name="e-1", host="box-e", pid=1, started_at=long_ago, heartbeat_at=long_ago)

        assert (operations.tell(), operations.tell()) == (2, 0)
        assert sorted(str(one["Subject"]) for one in mailbox.read()) == [
            "A sending process on box-b is gone",
            "A sending process on box-c is gone",
        ]
        page = client.get("/profile/").content.decode()
        assert re.findall(r'aria-label="A sending process on (box-.) is gone"', page) == ["box-b", "box-c"]

        Worker.objects.create(name="b-2", host="box-b", pid=2)
        page = client.get("/profile/").content.decode()
        assert re.findall(r'aria-label="A sending process on (box-.) is gone"', page) == ["box-c"]
        client.force_login(making.make_member(name="Stranger").user)
        assert "is gone" not in client.get("/profile/").content.decode()

    def test_nothing_is_said_while_nothing_waits(self, root: User, member: Membership) -> None:
        client = Client(SERVER_NAME="localhost")
        client.force_login(root)

        assert "No sending process is running" not in client.get("/profile/").content.decode()


def test_what_broke_is_on_every_page_of_who_administers_the_workspace_until_it_is_mended(
    member: Membership, mailbox: Mailbox
) -> None:
    sender = blocked(member)
    making.make_campaign(member.workspace, status=Status.FAILED)
    long_ago = timezone.now() - timedelta(days=2)
    making.make_campaign(member.workspace, status=Status.FAILED, name="Old", status_changed_at=long_ago)
    hook = Endpoint.objects.create(
        workspace=member.workspace,
        url="https://x.example/",
        status=EndpointStatus.DISABLED,
        status_reason="Gone.",
    )
    slug = member.workspace.slug
    client, others = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    client.force_login(member.user)
    others.force_login(making.make_member(member.workspace, Role.AUTHOR, name="Bob").user)

    page = client.get(f"/w/{slug}/contacts/").content.decode()
    told = re.findall(r'<a class="link" href="([^"]+)">(\d [^<]+)</a>', page)
    assert told == [
        (f"/w/{slug}/senders/?status=BLOCKED", "1 sender is blocked"),
        (f"/w/{slug}/campaigns/?status=FAILED", "1 campaign failed within a day"),
        (f"/w/{slug}/settings/webhooks/", "1 webhook was switched off"),
    ]
    assert "sender is blocked" not in others.get(f"/w/{slug}/contacts/").content.decode()
    assert operations.tell() == 3
    subjects = " ".join(str(one["Subject"]) for one in mailbox.read())
    assert f"The webhook “{hook}” was switched off" in subjects

    Sender.objects.filter(pk=sender.pk).update(status=SenderStatus.ACTIVE)
    Endpoint.objects.all().delete()
    Campaign.objects.update(status_changed_at=long_ago)
    assert "1 sender is blocked" not in client.get(f"/w/{slug}/contacts/").content.decode()
    assert "webhook was switched off" not in client.get(f"/w/{slug}/contacts/").content.decode()


def test_without_a_system_sender_nothing_is_noted_as_told(member: Membership, mail_server: Mailbox) -> None:
    from clarion.senders.system import operations as system

    blocked(member)
    assert operations.tell() == 0
    assert not Notice.objects.exists()

    system.use_server(by=None, config=mail_server.config())
    assert operations.tell() == 1


def test_the_sample_datas_troubles_are_nobodys(member: Membership, mailbox: Mailbox) -> None:
    blocked(member)
    type(member.workspace).objects.filter(pk=member.workspace_id).update(is_demo=True)

    assert operations.tell() == 0
