"""Every state meets every action, through the operation."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from clarion.audience.models import Contact
from clarion.campaigns import offers, operations
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import TRANSITIONS, Action, Status
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces import actors, audit
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


def _schedule(campaign: Campaign, by: Any) -> Campaign:
    return operations.schedule(
        campaign=campaign, starts_at=timezone.now() + timedelta(hours=1), zone="Asia/Tokyo", by=by
    )


OPERATIONS: dict[Action, Callable[[Campaign, Any], Campaign]] = {
    Action.START: lambda campaign, by: operations.start(campaign=campaign, by=by),
    Action.SCHEDULE: _schedule,
    Action.PAUSE: lambda campaign, by: operations.pause(campaign=campaign, by=by, reason="Lunch."),
    Action.CONTINUE: lambda campaign, by: operations.continue_(campaign=campaign, by=by),
    Action.STOP: lambda campaign, by: operations.stop(campaign=campaign, by=by),
    Action.CANCEL: lambda campaign, by: operations.cancel(campaign=campaign, by=by),
    Action.EDIT: lambda campaign, by: operations.reopen(campaign=campaign, by=by),
}


class TestEveryPair:
    @pytest.mark.parametrize("status", list(Status))
    @pytest.mark.parametrize("action", list(OPERATIONS))
    def test_moves_as_the_table_says_or_refuses(self, status: Status, action: Action) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace, status=status)

        if status in TRANSITIONS[action].sources:
            OPERATIONS[action](campaign, making.actor(member))
            expected = TRANSITIONS[action].target
        else:
            with pytest.raises(TransitionRefused):
                OPERATIONS[action](campaign, making.actor(member))
            expected = status

        campaign.refresh_from_db()
        assert campaign.status == expected

    @pytest.mark.parametrize("status", list(Status))
    @pytest.mark.parametrize("role", list(Role))
    def test_what_is_offered_is_what_is_done(self, status: Status, role: Role) -> None:
        member = making.make_member(role=role)

        for action, operation in OPERATIONS.items():
            campaign = making.make_launchable(member.workspace, status=status)
            is_offered = action in offers.actions_for(campaign, member)
            try:
                operation(campaign, making.actor(member))
                is_done = True
            except (NotAllowed, TransitionRefused):
                is_done = False
            assert is_offered == is_done, action

    def test_nothing_is_offered_for_an_archived_one(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace, archived_at=timezone.now())

        assert offers.actions_for(campaign, member) == []
        with pytest.raises(TransitionRefused):
            operations.start(campaign=campaign, by=making.actor(member))


class TestStart:
    def test_says_who_did_it_and_what_it_was_before(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace)

        operations.start(campaign=campaign, by=making.actor(member), reason="Go.")

        event = AuditEvent.objects.get(action="campaign.start")
        assert (event.actor, event.via, event.reason) == (member.user, "web", "Go.")
        assert event.changes["status"] == ["DRAFT", "BUILDING"]
        assert audit.first_broken(member.workspace) is None

    def test_names_all_blockers_at_once(self) -> None:
        member = making.make_member()
        campaign = making.make_campaign(member.workspace)

        with pytest.raises(CampaignInvalid) as caught:
            operations.start(campaign=campaign, by=making.actor(member))

        assert caught.value.problems == ["Choose who gets it.", "Choose the sender."]
        campaign.refresh_from_db()
        assert campaign.status == Status.DRAFT

    def test_a_viewer_may_not(self) -> None:
        member = making.make_member(role=Role.VIEWER)
        campaign = making.make_launchable(member.workspace)

        with pytest.raises(NotAllowed):
            operations.start(campaign=campaign, by=making.actor(member))

    def test_a_stranger_finds_nothing_to_start(self) -> None:
        mallory = making.make_member(name="Mallory")
        campaign = making.make_launchable(making.make_workspace())

        with pytest.raises(TransitionRefused):
            operations.start(campaign=campaign, by=making.actor(mallory))

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.slow
    def test_a_hundred_at_once_give_one_transition(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace)
        together = Barrier(20)

        def click(n: int) -> bool:
            if n < 20:
                together.wait(30)
            try:
                operations.start(campaign=campaign, by=actors.of_member(member))
            except TransitionRefused:
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(20) as pool:
            won = sum(pool.map(click, range(100)))

        assert won == 1
        assert AuditEvent.objects.filter(action="campaign.start").count() == 1


class TestSchedule:
    def test_keeps_the_moment_and_the_zone_it_was_typed_in(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace)
        at = timezone.now() + timedelta(days=1)

        scheduled = operations.schedule(
            campaign=campaign, starts_at=at, zone="Asia/Tokyo", by=making.actor(member)
        )

        assert (scheduled.starts_at, scheduled.zone, scheduled.launch) == (at, "Asia/Tokyo", "SCHEDULE")

    def test_refuses_the_past_at_its_field(self) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace)

        with pytest.raises(CampaignInvalid) as caught:
            operations.schedule(
                campaign=campaign,
                starts_at=timezone.now() - timedelta(seconds=1),
                zone="UTC",
                by=making.actor(member),
            )

        assert caught.value.fields == {"starts_at": "The start time is in the past."}


class TestContinue:
    @pytest.mark.parametrize("status", [Status.SCHEDULED, Status.BUILDING, Status.SENDING])
    def test_leads_back_to_where_the_pause_began(self, status: Status) -> None:
        member = making.make_member()
        campaign = making.make_launchable(member.workspace, status=status)

        operations.pause(campaign=campaign, by=making.actor(member))
        continued = operations.continue_(campaign=campaign, by=making.actor(member))

        assert continued.status == status
        assert (continued.pause_cause, continued.paused_from) == ("", "")


class TestStartDue:
    def test_starts_and_says_that_the_program_did_it(self) -> None:
        campaign = making.make_launchable(
            making.make_workspace(), status=Status.SCHEDULED, starts_at=timezone.now()
        )

        started = operations.start_due(campaign=campaign, by=actors.system(campaign.workspace))

        assert (started.status, started.started_at is None) == (Status.BUILDING, False)
        assert AuditEvent.objects.get(action="campaign.start").via == "system"

    def test_fails_with_the_reason_when_it_cannot_go_any_more(self) -> None:
        campaign = making.make_launchable(
            making.make_workspace(), status=Status.SCHEDULED, starts_at=timezone.now()
        )
        Contact.objects.all().delete()

        failed = operations.start_due(campaign=campaign, by=actors.system(campaign.workspace))

        assert (failed.status, failed.status_reason) == (
            Status.FAILED, "Nobody in the audience can be reached.",
        )  # fmt: skip

    def test_a_blocked_sender_only_holds_it_back(self) -> None:
        campaign = making.make_launchable(
            making.make_workspace(), status=Status.SCHEDULED, starts_at=timezone.now()
        )
        Sender.objects.update(status=SenderStatus.BLOCKED, status_reason="535 wrong password.")

        started = operations.start_due(campaign=campaign, by=actors.system(campaign.workspace))

        assert started.status == Status.BUILDING

    def test_a_paused_one_is_left_alone(self) -> None:
        campaign = making.make_launchable(making.make_workspace(), status=Status.PAUSED)

        with pytest.raises(TransitionRefused):
            operations.start_due(campaign=campaign, by=actors.system(campaign.workspace))
