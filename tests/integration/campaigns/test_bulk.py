"""Many campaigns at once: what is done, what is not and why, taking it back, and removing for good."""

import uuid
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import purging
from clarion.deliveries.models import Run
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, url, words

pytestmark = pytest.mark.django_db

BIG = ("recipient", "delivery", "attempt", "receipt", "waiting", "activity", "claim", "push")


def ids(*campaigns: Campaign) -> list[str]:
    return [str(one.public_id) for one in campaigns]


def bulk(client: Client, member: Membership, action: str, *campaigns: Campaign, **fields: str) -> str:
    """Do it, and return what the next page says."""
    answer = client.post(
        base(member) + "campaigns/bulk/", {"action": action, "id": ids(*campaigns), **fields}, follow=True
    )
    return words(answer)


def rows_of_runs() -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for name in BIG:
            cursor.execute(f"select count(*) from deliveries_{name}")  # noqa: S608
            found[name] = cursor.fetchone()[0]
    return found


def archived(member: Membership, at: datetime | None = None, **people: int) -> Campaign:
    campaign = ledgers.make_campaign(member, status=Status.COMPLETED, archived_at=at or timezone.now())
    ledgers.make_run(campaign, finished=True, **people)
    return campaign


class TestArchive:
    def test_says_what_stayed_and_why(self, client: Client, member: Membership) -> None:
        done, sending, review = (
            making.make_campaign(member.workspace, status=status)
            for status in (Status.COMPLETED, Status.SENDING, Status.IN_REVIEW)
        )

        text = bulk(client, member, "archive", done, sending, review)

        assert "2 campaigns archived." in text
        assert "1 is at work and stays: stop or cancel it first." in text
        assert set(Campaign.objects.exclude(archived_at=None)) == {done, review}
        in_review = making.make_campaign(member.workspace, status=Status.IN_REVIEW)
        assert "1 is in review and stays." in bulk(client, member, "delete", in_review)

    def test_is_taken_back_by_the_toast_once(self, client: Client, member: Membership) -> None:
        done = [making.make_campaign(member.workspace, status=Status.COMPLETED) for _ in range(2)]
        bulk(client, member, "archive", *done)

        assert "2 campaigns restored." in bulk(client, member, "undo")
        assert Campaign.objects.filter(archived_at=None).count() == 2
        assert "restored" not in bulk(client, member, "undo")

    def test_of_one_by_its_menu_is_taken_back_too(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace, status=Status.COMPLETED)

        page = client.post(url(campaign, "do/archive/"), {"next": base(member) + "campaigns/"}, follow=True)
        bulk(client, member, "undo")

        assert 'value="undo"' in page.content.decode()
        campaign.refresh_from_db()
        assert campaign.archived_at is None

    def test_undo_reaches_nothing_of_another_person(self, client: Client, member: Membership) -> None:
        campaign = making.make_campaign(member.workspace, status=Status.COMPLETED)
        bulk(client, member, "archive", campaign)

        bulk(signed_in(making.make_member(member.workspace, name="Bob")), member, "undo")

        campaign.refresh_from_db()
        assert campaign.archived_at is not None


class TestDelete:
    def test_asks_with_numbers_and_reasons_as_a_page_and_as_data(
        self, client: Client, member: Membership
    ) -> None:
        draft, done, running, ready = (
            making.make_campaign(member.workspace, status=status)
            for status in (Status.DRAFT, Status.COMPLETED, Status.SENDING, Status.READY)
        )
        data = {"action": "delete", "id": ids(draft, done, running, ready)}

        page = client.post(base(member) + "campaigns/bulk/", data)
        asked = client.post(base(member) + "campaigns/bulk/", data, HTTP_ACCEPT="application/json").json()

        assert asked["facts"] == [
            "1 campaign will be deleted.",
            "1 is at work and stays: stop or cancel it first.",
            "1 was sent and stays: archive it; an administrator can delete it there.",
            "1 is neither a draft nor cancelled and stays: cancel or archive it first.",
        ]
        assert all(fact in words(page) for fact in asked["facts"])
        assert Campaign.objects.count() == 4

    def test_when_nothing_fits_nothing_is_asked(self, client: Client, member: Membership) -> None:
        done = making.make_campaign(member.workspace, status=Status.COMPLETED)

        text = bulk(client, member, "delete", done)

        assert "1 was sent and stays" in text
        assert "cannot be brought back" not in text

    def test_a_viewer_is_told_that_the_role_does_not_include_it(self, member: Membership) -> None:
        draft = making.make_campaign(member.workspace)
        vera = signed_in(making.make_member(member.workspace, Role.VIEWER, "Vera"))

        assert "Your role does not allow this." in bulk(vera, member, "delete", draft, confirmed="1")
        assert Campaign.objects.count() == 1


class TestPurge:
    def test_wants_the_number_typed_and_then_removes_everything(
        self, client: Client, member: Membership
    ) -> None:
        away = [archived(member, sent=3, failed=2), archived(member, sent=1)]
        shown = archived(member, sent=4)
        Campaign.objects.filter(pk=shown.pk).update(archived_at=None)

        asked = bulk(client, member, "purge", *away, shown, confirmed="1", typed="3")
        before = Campaign.objects.count()
        text = bulk(client, member, "purge", *away, shown, confirmed="1", typed="2")

        assert "6 recipients’ records go." in asked
        assert before == 3
        assert "2 campaigns deleted for good." in text
        assert Campaign.objects.get() == shown
        assert Run.objects.get().campaign == shown
        assert (rows_of_runs()["recipient"], rows_of_runs()["delivery"]) == (4, 4)

    def test_one_by_its_name(self, client: Client, member: Membership) -> None:
        campaign = archived(member, sent=1)

        client.post(url(campaign, "do/purge/"), {"confirmed": "1", "typed": "Winter offer"})
        still = Campaign.objects.exists()
        client.post(url(campaign, "do/purge/"), {"confirmed": "1", "typed": campaign.name})

        assert (still, Campaign.objects.exists()) == (True, False)

    def test_leaves_no_row_of_its_runs_and_an_audit_event(self, member: Membership) -> None:
        campaign = archived(member, sent=3, failed=2, unknown=1, skipped=1)
        run = Run.objects.get()
        ledgers.add_receipts(run, [2, 3], ledgers.Result.DELIVERED)

        people = purging.purge(campaign=campaign, by=of_member(member))

        event = AuditEvent.objects.get(action="campaign.purge")
        assert people == 7
        assert (event.object_name, event.changes["recipients"]) == (campaign.name, [7, None])
        assert set(rows_of_runs().values()) == {0}

    def test_of_many_is_left_to_a_job_and_shown_nowhere_meanwhile(
        self, client: Client, member: Membership, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(purging, "AT_ONCE", 2)
        monkeypatch.setattr(purging, "BATCH", 2)
        campaign = archived(member, sent=5)

        purging.purge(campaign=campaign, by=of_member(member))

        with connection.cursor() as cursor:
            cursor.execute(
                "select args ->> 'campaign_id' from procrastinate_jobs where task_name = 'deliveries.purge_campaign'"
            )
            (argument,) = cursor.fetchone()
        assert int(argument) == campaign.pk
        assert client.get(url(campaign)).status_code == 404
        assert campaign.name not in words(client.get(base(member) + "archive/"))
        assert rows_of_runs()["recipient"] == 5
        purging.remove_rows(campaign.pk)
        purging.remove_rows(campaign.pk)
        assert set(rows_of_runs().values()) == {0}

    def test_is_refused_to_others_for_what_is_not_archived_and_while_a_message_is_under_way(
        self, member: Membership
    ) -> None:
        campaign = archived(member, sent=1)
        bob = making.make_member(member.workspace, Role.AUTHOR, "Bob")
        with pytest.raises(NotAllowed):
            purging.purge(campaign=campaign, by=of_member(bob))

        Campaign.objects.filter(pk=campaign.pk).update(archived_at=None)
        with pytest.raises(TransitionRefused):
            purging.purge(campaign=campaign, by=of_member(member))

        Campaign.objects.filter(pk=campaign.pk).update(archived_at=timezone.now())
        Run.objects.update(finished_at=None, sent=0, in_flight=1)
        with pytest.raises(TransitionRefused):
            purging.purge(campaign=campaign, by=of_member(member))

    def test_rows_of_a_campaign_that_nobody_gave_up_are_never_removed(self, member: Membership) -> None:
        campaign = archived(member, sent=1)

        purging.remove_rows(campaign.pk)

        assert rows_of_runs()["recipient"] == 1

    def test_a_stranger_purges_nothing(self, member: Membership) -> None:
        campaign = archived(member, sent=1)
        mallory = making.make_member(name="Mallory")

        answer = signed_in(mallory).post(
            url(campaign, "do/purge/"), {"confirmed": "1", "typed": campaign.name}
        )
        bulk(signed_in(mallory), mallory, "purge", campaign, confirmed="1", typed="1")

        assert answer.status_code == 404
        assert Campaign.objects.filter(pk=campaign.pk, purged_at=None).exists()


def test_compare_leads_to_the_statistics_of_the_chosen(client: Client, member: Membership) -> None:
    chosen = [making.make_campaign(member.workspace) for _ in range(2)]

    answer = client.post(base(member) + "campaigns/bulk/", {"action": "compare", "id": ids(*chosen)})

    first, second = ids(*chosen)
    assert answer["Location"] == f"{base(member)}statistics/?id={first}&id={second}"


def test_a_stranger_has_no_hand_in_others_campaigns(member: Membership) -> None:
    draft = making.make_campaign(member.workspace)
    mallory = making.make_member(name="Mallory")
    client = signed_in(mallory)

    bulk(client, mallory, "delete", draft, confirmed="1")

    assert Campaign.objects.filter(pk=draft.pk).exists()
    data = {"action": "delete", "id": [str(uuid.uuid4())]}
    assert client.post(base(member) + "campaigns/bulk/", data).status_code == 404
