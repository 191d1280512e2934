"""What becomes of a start that could not take place at its time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from clarion.campaigns import operations, queries
from clarion.campaigns.models import Campaign, Launch, MissedPolicy
from clarion.campaigns.states import Status
from clarion.runtime import scheduler
from clarion.workspaces import audit
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.launching.timed import DAY, HOUR, NINE, OFFICE_HOURS, events, launched, now

pytestmark = pytest.mark.django_db


class TestMissedStart:
    def missed(self, member: Membership, clock: Any, late: timedelta, **said: Any) -> Campaign:
        campaign = launched(member, **{"launch": Launch.SCHEDULE, "starts_at": NINE, **said})
        clock.move_to(NINE + late)
        scheduler.start_due()
        return now(campaign)

    @pytest.mark.parametrize("policy", MissedPolicy.values)
    def test_a_restart_has_not_missed_it(self, member: Membership, clock: Any, policy: str) -> None:
        campaign = self.missed(member, clock, timedelta(seconds=60), missed_policy=policy)

        assert campaign.status == Status.BUILDING

    @pytest.mark.parametrize(("late", "status"), [(2 * HOUR, "BUILDING"), (2.1 * HOUR, "SCHEDULED")])
    def test_late_sends_up_to_so_many_hours_late_and_then_asks(
        self, member: Membership, clock: Any, late: timedelta, status: str
    ) -> None:
        campaign = self.missed(member, clock, late, missed_policy=MissedPolicy.LATE, missed_hours=2)

        assert (campaign.status, campaign.missed_at is None) == (status, status == "BUILDING")

    def test_asking_holds_it_and_tells_once(self, member: Membership, clock: Any) -> None:
        campaign = self.missed(member, clock, HOUR)
        clock.move_to(NINE + 5 * DAY)
        scheduler.start_due()

        campaign = now(campaign)
        assert (campaign.status, campaign.next_at, campaign.missed_at) == (
            Status.SCHEDULED, NINE, NINE + HOUR,
        )  # fmt: skip
        assert list(queries.missed_for(member)) == [campaign]
        assert [event.changes["missed_at"][1] for event in events(campaign, "missed")] == [
            "2027-03-01T09:00:00+00:00"
        ]
        assert audit.first_broken(member.workspace) is None

    def test_a_stranger_is_not_asked(self, member: Membership, clock: Any) -> None:
        self.missed(member, clock, HOUR)

        assert not queries.missed_for(making.make_member(name="Mallory")).exists()

    def test_starting_anyway_answers_it(self, member: Membership, clock: Any) -> None:
        campaign = self.missed(member, clock, HOUR)

        started = operations.start(campaign=campaign, by=making.actor(member))

        assert (started.status, started.missed_at) == (Status.BUILDING, None)

    def test_a_new_time_answers_it(self, member: Membership, clock: Any) -> None:
        campaign = self.missed(member, clock, HOUR)

        edited = operations.update_campaign(
            campaign=campaign, by=making.actor(member), starts_at=NINE + 2 * DAY
        )

        assert (edited.status, edited.missed_at) == (Status.DRAFT, None)

    def test_continuing_one_that_was_asked_about_starts_it(self, member: Membership, clock: Any) -> None:
        campaign = self.missed(member, clock, HOUR)
        operations.pause(campaign=campaign, by=making.actor(member))
        operations.continue_(campaign=campaign, by=making.actor(member))

        scheduler.start_due()

        assert now(campaign).status == Status.BUILDING

    @pytest.mark.parametrize(
        ("late", "next_at"),
        [
            (HOUR, NINE + DAY),  # the window that was missed does not count
            (10 * HOUR, NINE + DAY),
            (DAY + HOUR, None),  # the next one is open
            (DAY + 12 * HOUR, NINE + 2 * DAY),
        ],
    )
    def test_the_next_window_is_one_that_opens_after_it(
        self, member: Membership, clock: Any, late: timedelta, next_at: datetime | None
    ) -> None:
        campaign = self.missed(
            member, clock, late, missed_policy=MissedPolicy.NEXT, windows=OFFICE_HOURS
        )  # fmt: skip

        assert campaign.next_at == next_at
        assert campaign.status == (Status.SCHEDULED if next_at else Status.BUILDING)

    @pytest.mark.parametrize("said", [{}, {"windows": OFFICE_HOURS, "ends_at": NINE + 12 * HOUR}])
    def test_without_a_window_to_wait_for_it_asks(
        self, member: Membership, clock: Any, said: Any
    ) -> None:  # fmt: skip
        campaign = self.missed(member, clock, HOUR, missed_policy=MissedPolicy.NEXT, **said)

        assert campaign.missed_at == NINE + HOUR

    def test_between_two_dates_nothing_is_missed(self, member: Membership, clock: Any) -> None:
        campaign = self.missed(member, clock, 30 * HOUR, launch=Launch.SPREAD, ends_at=NINE + 3 * DAY)

        assert campaign.status == Status.BUILDING
