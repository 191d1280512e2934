"""The dashboard: what is live, planned and in trouble, and where it leads."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.campaigns.models import Review
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries.attention import attention
from clarion.engine.outcomes import Reason
from clarion.senders.models import SenderLane, SenderStatus
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, words

pytestmark = pytest.mark.django_db


def test_it_shows_what_is_live_planned_and_in_trouble(client: Client, member: Membership) -> None:
    making.make_run(
        making.make_launchable(member.workspace, status=Status.SENDING, name="Now"), total=4, sent=1
    )
    making.make_campaign(member.workspace, status=Status.FAILED, name="Broken")
    making.make_campaign(
        member.workspace,
        status=Status.SCHEDULED,
        name="Soon",
        starts_at=timezone.now() + timedelta(seconds=1),
    )

    page = words(client.get(base(member)))

    for name in ("Now", "Broken", "The file has vanished."):
        assert name in page
    assert "1 / 4" in page


def test_a_new_workspace_is_shown_its_first_steps(client: Client, member: Membership) -> None:
    assert "First steps" in words(client.get(base(member)))


def test_its_numbers_refresh(client: Client, member: Membership) -> None:
    campaign = making.make_launchable(member.workspace, status=Status.SENDING)
    making.make_run(campaign, total=4, sent=1)

    answer = client.get(base(member) + "-/live/").json()

    assert answer["scopes"][str(campaign.public_id)]["values"]["progress_done"] == 1
    assert answer["versions"]["panel"] != "none"


def test_a_provider_that_is_down_and_a_missing_worker_are_trouble_at_once(
    client: Client, member: Membership
) -> None:
    campaign = making.make_launchable(member.workspace, status=Status.SENDING)
    making.make_run(campaign, total=4, sent=1)
    sender = making.make_sender(member.workspace, name="Shop mail")
    calm = client.get(base(member) + "-/live/").json()["versions"]["attention"]

    SenderLane.objects.create(
        sender=sender, lane=0, open_until=timezone.now() + timedelta(minutes=1),
        open_reason=Reason.CONNECTION_FAILED, open_detail="Connection refused",
    )  # fmt: skip
    page = words(client.get(base(member)))

    assert client.get(base(member) + "-/live/").json()["versions"]["attention"] != calm
    assert "Shop mail The provider could not be reached. Connection refused" in page
    assert "No sending process is running" in page
    assert "All is well" not in page


def test_its_steps_and_troubles_lead_to_their_own_pages(client: Client, member: Membership) -> None:
    assert f'href="{base(member)}senders/new/"' in client.get(base(member)).content.decode()

    blocked = making.make_sender(
        member.workspace, status=SenderStatus.BLOCKED, status_reason="Wrong password."
    )

    page = client.get(base(member)).content.decode()
    assert f'href="{base(member)}senders/{blocked.public_id}/"' in page


class TestNeedsAttention:
    def test_a_missed_start_can_be_started_or_changed_from_here(
        self, client: Client, member: Membership
    ) -> None:
        missed = making.make_launchable(
            member.workspace, status=Status.SCHEDULED, name="Late", missed_at=timezone.now()
        )

        page = client.get(base(member)).content.decode().split('id="attention"')[1]

        assert "Its start time was missed" in page
        assert f'action="{base(member)}campaigns/{missed.public_id}/do/start/"' in page
        assert f'href="{base(member)}campaigns/{missed.public_id}/edit/"' in page

    def test_unknown_messages_lead_to_where_they_are_settled(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.COMPLETED, name="Doubtful")
        making.make_run(campaign, sent=5, unknown=1200)

        page = client.get(base(member)).content.decode()

        assert "1,200 messages are unknown" in page
        assert f"{base(member)}campaigns/{campaign.public_id}/recipients/?status=unknown" in page

    def test_moderators_are_told_of_what_waits_for_them_and_others_are_not(
        self, client: Client, member: Membership
    ) -> None:
        author = making.make_member(member.workspace, Role.AUTHOR, name="Bob")
        campaign = making.make_launchable(member.workspace, status=Status.IN_REVIEW, name="Please look")
        Review.objects.create(campaign=campaign, number=1, submitted_by=author.user)

        assert "Please look Submitted by Bob." in words(client.get(base(member)))
        client.force_login(author.user)
        assert "Please look Submitted" not in words(client.get(base(member)))

    def test_nobody_is_asked_to_review_what_they_submitted(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.IN_REVIEW, name="My own")
        Review.objects.create(campaign=campaign, number=1, submitted_by=member.user)

        assert "All is well" in words(client.get(base(member)))

    def test_a_halt_leads_to_its_page(self, client: Client, member: Membership) -> None:
        type(member.workspace).objects.update(
            halted_at=timezone.now(), halted_by="Alice", halt_reason="Wrong prices."
        )

        page = client.get(base(member)).content.decode().split('id="attention"')[1]

        assert "by Alice: Wrong prices." in page
        assert f'href="{base(member)}halt/"' in page

    def test_a_pause_for_trouble_leads_to_its_errors_and_one_that_ends_by_itself_is_none(
        self, client: Client, member: Membership
    ) -> None:
        trouble = making.make_campaign(
            member.workspace, status=Status.PAUSED, name="Failing", pause_cause=PauseCause.ERRORS,
            status_reason="21 % failed.",
        )  # fmt: skip
        making.make_campaign(
            member.workspace, status=Status.PAUSED, name="Full", pause_cause=PauseCause.LIMIT,
            resume_at=timezone.now() + timedelta(hours=1),
        )  # fmt: skip

        page = client.get(base(member)).content.decode().split('id="attention"')[1]

        assert "Paused because of too many errors. 21 % failed." in page
        assert f"{base(member)}campaigns/{trouble.public_id}/errors/?type=job" in page
        assert "Full" not in page

    def test_the_queries_do_not_grow_with_what_waits(
        self, client: Client, member: Membership, django_assert_max_num_queries: Any
    ) -> None:
        def fill(count: int) -> None:
            for _ in range(count):
                campaign = making.make_launchable(member.workspace, status=Status.FAILED)
                making.make_run(campaign, unknown=1)
                making.make_sender(
                    member.workspace, status=SenderStatus.BLOCKED, status_reason="Wrong password."
                )

        fill(1)
        with CaptureQueriesContext(connection) as few:
            attention(member)
        fill(7)

        with django_assert_max_num_queries(len(few)):
            found = attention(member)

        assert len(found) == 24


def test_a_stranger_finds_no_dashboard(client: Client, member: Membership) -> None:
    stranger = making.make_member()
    client.force_login(stranger.user)

    assert client.get(base(member)).status_code == 404
    assert client.get(base(member) + "-/live/").status_code == 404
