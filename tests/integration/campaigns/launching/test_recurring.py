"""A campaign that comes again and again: its times, its runs, and its end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connections

from clarion.audience.models import Contact
from clarion.campaigns import operations
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import MissedPolicy, RepeatUnit
from clarion.campaigns.states import Action, Status
from clarion.runtime import scheduler
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.launching.timed import DAILY, DAY, HOUR, NINE, end_run, events, launched, now

pytestmark = pytest.mark.django_db


class TestRecurring:
    def test_a_run_for_each_day_until_the_last(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY | {"repeat_count": 3})

        for day in range(3):
            clock.move_to(NINE + day * DAY)
            scheduler.start_due()
            assert now(campaign).status == Status.BUILDING
            clock.move_to(NINE + day * DAY + HOUR)
            campaign = end_run(campaign)

        assert (campaign.status, campaign.next_at, campaign.occurrence) == (Status.COMPLETED, None, 3)
        assert [run.number for run in campaign.runs.order_by("number")] == [1, 2, 3]
        assert len(events(campaign, "start")) == 3

    def test_between_runs_it_waits_for_the_next(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE)
        scheduler.start_due()

        campaign = end_run(campaign)

        assert (campaign.status, campaign.next_at, campaign.occurrence) == (
            Status.SCHEDULED, NINE + DAY, 1,
        )  # fmt: skip
        assert campaign.status_reason == ""

    def test_what_passes_while_a_run_goes_on_is_passed_over_and_told(
        self, member: Membership, clock: Any
    ) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE)
        scheduler.start_due()
        clock.move_to(NINE + 2 * DAY + HOUR)
        scheduler.start_due()

        campaign = end_run(campaign)

        assert (campaign.next_at, campaign.occurrence) == (NINE + 3 * DAY, 3)
        assert campaign.status_reason == (
            "2 runs were passed over, because the one before them was still going."
        )
        assert events(campaign, "repeat")[0].reason == campaign.status_reason

    def test_a_run_that_outlasts_the_rule_completes_it(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY | {"repeat_until": date(2027, 3, 2)})
        clock.move_to(NINE)
        scheduler.start_due()
        clock.move_to(NINE + 5 * DAY)

        assert end_run(campaign).status == Status.COMPLETED

    def test_occurrences_after_its_end_are_none(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY | {"ends_at": NINE + DAY})
        clock.move_to(NINE)
        scheduler.start_due()

        assert end_run(campaign).status == Status.COMPLETED

    def test_days_during_which_nothing_ran_give_one_run_not_many(
        self, member: Membership, clock: Any
    ) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE + 3 * DAY)

        scheduler.start_due()

        campaign = now(campaign)
        assert (campaign.status, campaign.occurrence) == (Status.BUILDING, 4)
        assert events(campaign, "pass_over")[0].changes["occurrence"] == [0, 3]

    def test_a_missed_one_is_asked_about_until_the_next_has_come(
        self, member: Membership, clock: Any
    ) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE + HOUR)
        scheduler.start_due()
        assert now(campaign).missed_at == NINE + HOUR

        clock.move_to(NINE + DAY)
        scheduler.start_due()

        campaign = now(campaign)
        assert (campaign.status, campaign.occurrence, campaign.missed_at) == (Status.BUILDING, 2, None)

    def test_a_missed_one_can_wait_for_the_next(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY | {"missed_policy": MissedPolicy.NEXT})
        clock.move_to(NINE + HOUR)

        scheduler.start_due()

        campaign = now(campaign)
        assert (campaign.next_at, campaign.occurrence, campaign.missed_at) == (NINE + DAY, 1, None)
        clock.move_to(NINE + DAY)
        scheduler.start_due()
        assert now(campaign).status == Status.BUILDING

    def test_starting_by_hand_makes_up_for_what_was_missed(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE + HOUR)
        scheduler.start_due()

        operations.start(campaign=campaign, by=making.actor(member))

        assert end_run(campaign).next_at == NINE + DAY

    def test_a_run_by_hand_before_the_first_leaves_the_rule_as_it_is(
        self, member: Membership, clock: Any
    ) -> None:
        campaign = launched(member, **DAILY)
        operations.start(campaign=campaign, by=making.actor(member))

        campaign = end_run(campaign)

        assert (campaign.next_at, campaign.occurrence) == (NINE, 0)

    def test_while_paused_between_runs_occurrences_pass_over(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        operations.pause(campaign=campaign, by=making.actor(member))
        clock.move_to(NINE + DAY + HOUR)
        scheduler.start_due()

        continued = operations.continue_(campaign=campaign, by=making.actor(member))

        assert (continued.status, continued.next_at, continued.occurrence) == (
            Status.SCHEDULED, NINE + 2 * DAY, 2,
        )  # fmt: skip

    def test_a_new_rhythm_while_paused_is_counted_anew(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE)
        scheduler.start_due()
        campaign = end_run(campaign)
        operations.pause(campaign=campaign, by=making.actor(member))

        changed = operations.update_campaign(
            campaign=campaign, by=making.actor(member), repeat_every=2, repeat_unit=RepeatUnit.HOUR
        )

        assert (changed.status, changed.next_at, changed.occurrence) == (
            Status.PAUSED, NINE + 2 * HOUR, 1,
        )  # fmt: skip

    def test_cancelling_ends_all_further_runs(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        operations.cancel(campaign=campaign, by=making.actor(member))
        clock.move_to(NINE + 9 * DAY)

        scheduler.tick()

        assert (now(campaign).status, now(campaign).next_at) == (Status.CANCELLED, None)
        assert not campaign.runs.exists()

    def test_a_run_that_finds_nobody_does_not_end_it(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        Contact.objects.all().delete()
        clock.move_to(NINE)
        scheduler.start_due()
        scheduler.build_due()
        scheduler.finish_settled()

        campaign = now(campaign)
        assert (campaign.status, campaign.next_at) == (Status.SCHEDULED, NINE + DAY)
        assert campaign.runs.get().total == 0

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.slow
    def test_a_hundred_ticks_at_once_give_one_run(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY)
        clock.move_to(NINE)
        system = actors.system(member.workspace)

        def tick(_n: int) -> bool:
            try:
                operations.start_due(campaign=campaign, by=system)
            except TransitionRefused:
                return False
            finally:
                connections.close_all()
            return True

        with ThreadPoolExecutor(20) as pool:
            started = sum(pool.map(tick, range(100)))

        assert (started, now(campaign).occurrence) == (1, 1)
        assert len(events(campaign, Action.START)) == 1
