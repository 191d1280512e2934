"""What moving a scheduled campaign makes of its times."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clarion.campaigns import recurrence, shifting
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def berlin(month: int, day: int, hour: int = 9, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def scheduled(at: datetime, **values: Any) -> Campaign:
    facts = {"status": Status.SCHEDULED, "launch": Launch.SCHEDULE, "zone": "Europe/Berlin"}
    return Campaign(**{**facts, "starts_at": at, "next_at": at, **values})


def recurring(at: datetime, every: int, unit: str, **values: Any) -> Campaign:
    return scheduled(at, launch=Launch.RECURRING, repeat_every=every, repeat_unit=unit, **values)


def moved(campaign: Campaign, from_at: datetime, to_at: datetime) -> shifting.Shift:
    return shifting.shift(campaign, from_at=from_at, to_at=to_at, now=NOW)


def refusal(campaign: Campaign, from_at: datetime, to_at: datetime) -> str:
    with pytest.raises(CampaignInvalid) as caught:
        moved(campaign, from_at, to_at)
    return caught.value.problems[0]


class TestDays:
    def test_the_time_of_day_is_kept_across_a_clock_change(self) -> None:
        assert shifting.days_later(berlin(3, 28), 1, "Europe/Berlin") == berlin(3, 29)
        assert berlin(3, 29).astimezone(UTC).hour == 7

    def test_a_time_that_the_clocks_skip_moves_forward(self) -> None:
        assert shifting.days_later(berlin(3, 28, 2, 30), 1, "Europe/Berlin") == berlin(3, 29, 3, 30)

    def test_days_are_counted_backwards_too(self) -> None:
        assert shifting.days_later(berlin(10, 26), -2, "Europe/Berlin") == berlin(10, 24)


class TestOneTime:
    def test_start_and_next_start_are_the_new_time(self) -> None:
        shift = moved(scheduled(berlin(3, 10)), berlin(3, 10), berlin(4, 2, 11))

        assert (shift.starts_at, shift.next_at, shift.ends_at) == (berlin(4, 2, 11), berlin(4, 2, 11), None)

    def test_an_end_keeps_its_distance_by_the_calendar(self) -> None:
        spread = scheduled(berlin(3, 10), launch=Launch.SPREAD, ends_at=berlin(3, 14, 18))

        shift = moved(spread, berlin(3, 10), berlin(3, 27))

        assert shift.ends_at == berlin(3, 31, 18)

    def test_what_somebody_else_has_moved_is_not_moved_again(self) -> None:
        assert "changed meanwhile" in refusal(scheduled(berlin(3, 12)), berlin(3, 10), berlin(3, 20))

    @pytest.mark.parametrize("status", [one for one in Status if one is not Status.SCHEDULED])
    def test_only_what_is_scheduled_moves(self, status: Status) -> None:
        campaign = scheduled(berlin(3, 10), status=status)

        assert str(status.label).lower() in refusal(campaign, berlin(3, 10), berlin(3, 20))

    def test_the_past_is_refused(self) -> None:
        assert "passed" in refusal(scheduled(berlin(3, 10)), berlin(3, 10), NOW)


class TestRecurring:
    @pytest.mark.parametrize(
        ("every", "unit", "number", "distance"),
        [
            (2, "WEEK", 3, timedelta(days=2)),
            (1, "DAY", 40, timedelta(days=-3)),
            (3, "HOUR", 7, timedelta(hours=5)),
            (45, "MINUTE", 2, timedelta(minutes=10)),
            (1, "MONTH", 5, timedelta(days=4)),
        ],
    )
    def test_the_date_falls_where_it_was_put_and_all_others_follow(
        self, every: int, unit: str, number: int, distance: timedelta
    ) -> None:
        campaign = recurring(berlin(3, 10), every, unit)
        before = recurrence.rule_of(campaign)
        assert before is not None
        at = recurrence.occurrence(before, number)
        assert at is not None
        goal = at + distance

        shift = moved(campaign, at, goal)

        assert shift.rule is not None
        assert recurrence.occurrence(shift.rule, number) == goal
        assert shift.next_at == recurrence.occurrence(shift.rule, 0) == shift.starts_at

    def test_what_has_run_already_stays_counted(self) -> None:
        """The fourth of ten is next; moving it leaves seven to come."""
        campaign = recurring(berlin(2, 10), 1, "WEEK", repeat_count=10, occurrence=3, next_at=berlin(3, 3))

        shift = moved(campaign, berlin(3, 3), berlin(3, 5))

        assert shift.rule is not None
        assert shift.next_at == berlin(3, 5)
        coming = recurrence.between(shift.rule, shift.next_at, berlin(12, 31), 100)
        assert len(coming) == 7

    def test_a_move_that_puts_the_next_date_into_the_past_is_refused(self) -> None:
        campaign = recurring(berlin(3, 3), 1, "WEEK")

        assert "next one would lie in the past" in refusal(campaign, berlin(3, 17), berlin(3, 13, 9))

    def test_a_day_that_the_months_do_not_have_is_refused(self) -> None:
        """Began in February: its April date cannot be the 30th, since the first cannot be the 30th."""
        campaign = recurring(berlin(2, 20), 1, "MONTH", occurrence=1, next_at=berlin(3, 20))

        assert "length of the months" in refusal(campaign, berlin(4, 20), berlin(4, 30))

    def test_behind_its_last_day_is_refused(self) -> None:
        campaign = recurring(berlin(3, 10), 1, "WEEK", repeat_until=date(2026, 3, 31))

        assert "end of the recurrence" in refusal(campaign, berlin(3, 31), berlin(4, 1))

    def test_a_date_that_has_run_is_not_moved(self) -> None:
        campaign = recurring(berlin(3, 3), 1, "WEEK", next_at=berlin(3, 17), occurrence=2)

        assert "changed meanwhile" in refusal(campaign, berlin(3, 10), berlin(3, 20))
