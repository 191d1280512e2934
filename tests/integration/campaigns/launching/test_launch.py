"""How a campaign is set going, and how it ends with its time."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience.models import Contact
from clarion.campaigns import operations
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Launch
from clarion.campaigns.states import Status
from clarion.runtime import scheduler
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.launching.timed import DAILY, DAY, HOUR, NINE, draft, launched, now

pytestmark = pytest.mark.django_db


class TestLaunch:
    @pytest.mark.parametrize("how", [Launch.NOW, Launch.MANUAL])
    def test_at_once_builds_at_once(self, member: Membership, how: Launch) -> None:
        assert launched(member, launch=how).status == Status.BUILDING

    @pytest.mark.parametrize("how", [Launch.SCHEDULE, Launch.SPREAD, Launch.TRIGGER])
    def test_one_with_a_start_waits_for_it(self, member: Membership, how: Launch) -> None:
        campaign = launched(member, launch=how, starts_at=NINE, ends_at=NINE + 3 * DAY)

        assert (campaign.status, campaign.next_at) == (Status.SCHEDULED, NINE)

    @pytest.mark.parametrize("how", [Launch.SPREAD, Launch.TRIGGER])
    def test_between_two_dates_it_begins_at_once(self, member: Membership, how: Launch) -> None:
        campaign = launched(member, launch=how, starts_at=NINE - DAY, ends_at=NINE + DAY)

        assert campaign.next_at == timezone.now()

    def test_a_recurring_one_waits_for_the_next_occurrence_that_lies_ahead(self, member: Membership) -> None:
        campaign = launched(member, **DAILY | {"starts_at": NINE - 3 * DAY})

        assert (campaign.next_at, campaign.occurrence) == (NINE, 3)

    @pytest.mark.parametrize(
        ("said", "sentence"),
        [
            ({"launch": Launch.SCHEDULE}, "Say when it is to start."),
            ({"launch": Launch.SCHEDULE, "starts_at": NINE - DAY}, "The start time is in the past."),
            ({"launch": Launch.RECURRING, "starts_at": NINE}, "Say from when on it recurs, and how often."),
            (DAILY | {"starts_at": NINE - 9 * DAY, "repeat_count": 9}, "None of its runs lies ahead."),
            ({"launch": Launch.SPREAD, "starts_at": NINE}, "Say when it begins and when it ends."),
            ({"launch": Launch.TRIGGER, "starts_at": NINE}, "Say when it begins and when it ends."),
            (
                {"launch": Launch.SPREAD, "starts_at": NINE - 2 * DAY, "ends_at": NINE - DAY},
                "Its end is in the past.",
            ),
            ({"launch": Launch.NOW, "ends_at": NINE - DAY}, "Its end is in the past."),
        ],
    )
    def test_says_what_its_timing_lacks(self, member: Membership, said: Any, sentence: str) -> None:
        with pytest.raises(CampaignInvalid) as caught:
            launched(member, **said)

        assert caught.value.problems == [sentence]

    def test_scheduling_a_recurring_one_moves_its_first_run(self, member: Membership) -> None:
        campaign = operations.schedule(
            campaign=draft(member, **DAILY), starts_at=NINE + HOUR, zone="Asia/Tokyo", by=making.actor(member)
        )

        assert (campaign.launch, campaign.next_at, campaign.starts_at) == (
            Launch.RECURRING, NINE + HOUR, NINE + HOUR,
        )  # fmt: skip

    def test_starting_between_dates_early_makes_now_its_beginning(self, member: Membership) -> None:
        spread = draft(member, launch=Launch.SPREAD, starts_at=NINE + DAY, ends_at=NINE + 3 * DAY)

        assert operations.start(campaign=spread, by=making.actor(member)).starts_at == timezone.now()


class TestAfterApproval:
    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ({"launch": Launch.NOW}, Status.BUILDING),
            ({"launch": Launch.MANUAL}, Status.READY),
            ({"launch": Launch.NOW, "auto_start": False}, Status.READY),
            (DAILY | {"auto_start": False}, Status.READY),
            (DAILY, Status.SCHEDULED),
            ({"launch": Launch.SCHEDULE, "starts_at": NINE}, Status.SCHEDULED),
        ],
    )
    def test_it_goes_on_as_its_author_said(self, member: Membership, said: Any, status: Status) -> None:
        campaign = draft(member, status=Status.READY, **said)

        assert operations.after_approval(campaign=campaign, by=making.actor(member)).status == status

    def test_what_blocks_it_keeps_it_ready_and_is_said(self, member: Membership) -> None:
        campaign = draft(member, status=Status.READY)
        Contact.objects.all().delete()

        after = operations.after_approval(campaign=campaign, by=making.actor(member))

        assert (after.status, after.status_reason) == (
            Status.READY, "Nobody in the audience can be reached.",
        )  # fmt: skip

    def test_a_start_that_passed_while_it_waited_is_a_missed_one(
        self, member: Membership, clock: Any
    ) -> None:
        campaign = draft(member, status=Status.READY, launch=Launch.SCHEDULE, starts_at=NINE)
        clock.move_to(NINE + HOUR)

        operations.after_approval(campaign=campaign, by=making.actor(member))
        scheduler.start_due()

        assert now(campaign).missed_at == NINE + HOUR


class TestExpiry:
    @pytest.mark.parametrize("status", [Status.READY, Status.SCHEDULED, Status.PAUSED])
    def test_an_end_that_passes_before_the_start_expires_it(
        self, member: Membership, clock: Any, status: Status
    ) -> None:
        paused = {"paused_from": Status.SCHEDULED, "started_at": None, "next_at": NINE + 2 * DAY}
        campaign = draft(
            member, status=status, launch=Launch.SCHEDULE, starts_at=NINE, ends_at=NINE + DAY,
            **(paused if status is Status.PAUSED else {}),
        )  # fmt: skip
        clock.move_to(NINE + DAY - timedelta(seconds=1))
        scheduler.tend_working()
        assert now(campaign).status == status

        clock.move_to(NINE + DAY)
        scheduler.tick()

        campaign = now(campaign)
        assert (campaign.status, campaign.status_reason, campaign.next_at) == (
            Status.EXPIRED, "Its end came before it was started.", None,
        )  # fmt: skip

    def test_one_that_was_paused_in_mid_run_expires_with_who_is_left(
        self, member: Membership, clock: Any
    ) -> None:
        campaign = operations.start(campaign=draft(member, ends_at=NINE + DAY), by=making.actor(member))
        scheduler.build_due()
        operations.pause(campaign=campaign, by=making.actor(member))
        clock.move_to(NINE + DAY)

        scheduler.tick()

        run = campaign.runs.get()
        assert (now(campaign).status, run.expired, run.pending) == (Status.EXPIRED, 2, 0)
        assert now(campaign).status_reason == "Its end came before everybody had got it."
