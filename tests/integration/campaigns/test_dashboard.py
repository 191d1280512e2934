"""The dashboard: what is live, planned and in trouble."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clarion.campaigns.states import Status
from clarion.engine.outcomes import Reason
from clarion.senders.models import SenderLane, SenderStatus
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, words

pytestmark = pytest.mark.django_db


class TestDashboard:
    def test_shows_what_is_live_planned_and_in_trouble(self, client: Client, member: Membership) -> None:
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

    def test_a_new_workspace_is_shown_its_first_steps(self, client: Client, member: Membership) -> None:
        assert "First steps" in words(client.get(base(member)))

    def test_its_numbers_refresh(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(member.workspace, status=Status.SENDING)
        making.make_run(campaign, total=4, sent=1)

        answer = client.get(base(member) + "-/live/").json()

        assert answer["scopes"][str(campaign.public_id)]["values"]["progress_done"] == 1
        assert answer["versions"]["panel"] != "none"

    def test_a_provider_that_is_down_and_a_missing_worker_are_trouble_at_once(
        self, client: Client, member: Membership
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

    def test_its_steps_and_troubles_lead_to_their_own_pages(self, client: Client, member: Membership) -> None:
        assert f'href="{base(member)}senders/new/"' in client.get(base(member)).content.decode()

        blocked = making.make_sender(
            member.workspace, status=SenderStatus.BLOCKED, status_reason="Wrong password."
        )

        page = client.get(base(member)).content.decode()
        assert f'href="{base(member)}senders/{blocked.public_id}/"' in page
