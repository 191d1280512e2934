"""How a campaign is set going, and what its start times come to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from clarion.audience.models import Contact
from clarion.campaigns import operations, queries
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign, Launch, MissedPolicy, RepeatUnit
from clarion.campaigns.states import Action, Status
from clarion.deliveries import building
from clarion.deliveries import operations as runs
from clarion.deliveries.models import Run
from clarion.runtime import scheduler
from clarion.workspaces import actors, audit
from clarion.workspaces.models import AuditEvent, Membership
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db

#: A Monday, nine o'clock in Berlin.
NINE = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE_HOURS = [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]
DAILY: dict[str, Any] = {
    "launch": Launch.RECURRING, "starts_at": NINE, "repeat_every": 1, "repeat_unit": RepeatUnit.DAY,
}  # fmt: skip


@pytest.fixture
def clock() -> Iterator[Any]:
    """The time, standing still at eight until a test moves it."""
    with time_machine.travel(NINE - HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def member(clock: Any) -> Membership:
    return making.make_member()


def draft(member: Membership, **said: Any) -> Campaign:
    return making.make_launchable(member.workspace, **{"zone": "Europe/Berlin", **said})


def launched(member: Membership, **said: Any) -> Campaign:
    return operations.launch(campaign=draft(member, **said), by=making.actor(member))


def now(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


def end_run(campaign: Campaign) -> Campaign:
    """Let the run that is building come to its end."""
    building.build(campaign.pk)
    run = campaign.runs.latest("number")
    building.build_run(run)
    Run.objects.filter(pk=run.pk).update(sent=run.total, pending=0, total=run.total)
    run.refresh_from_db()
    Run.objects.filter(pk=run.pk).update(sent=run.total - run.skipped)
    assert runs.finish_run(run.pk)
    return now(campaign)


def events(campaign: Campaign, verb: str) -> list[AuditEvent]:
    found = AuditEvent.objects.filter(object_id=str(campaign.public_id), action=f"campaign.{verb}")
    return list(found.order_by("number"))


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

        campaign = end_run(campaign)

        # The first one was the 1st of March, and the run went on over the 2nd.
        assert campaign.status == Status.COMPLETED
        assert events(campaign, "complete")[0].reason == (
            "1 run was passed over, because the one before it was still going."
        )

    def test_a_rule_that_ends_in_time_has_nothing_passed_over(self, member: Membership, clock: Any) -> None:
        campaign = launched(member, **DAILY | {"repeat_count": 1})
        clock.move_to(NINE)
        scheduler.start_due()
        clock.move_to(NINE + 5 * DAY)

        campaign = end_run(campaign)

        assert (campaign.status, events(campaign, "complete")[0].reason) == (Status.COMPLETED, "")

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
