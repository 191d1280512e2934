"""Occurrences against dateutil's rrule and against walking from the first."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from dateutil import tz as dateutil_tz
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.campaigns import recurrence
from clarion.campaigns.recurrence import Rule

#: Whole-hour and half-hour clock changes, north and south, none, and a day that was skipped (Apia, 2011-12-30).
ZONES = [
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Tokyo", "Pacific/Apia",
]  # fmt: skip
_FREQUENCIES = {"DAY": rrule.DAILY, "WEEK": rrule.WEEKLY, "MONTH": rrule.MONTHLY}
_SPANS = {"MINUTE": timedelta(minutes=1), "HOUR": timedelta(hours=1)}

starts = st.integers(0, 20 * 365 * 86_400).map(
    lambda s: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)
rules = st.builds(
    lambda start, zone, every, unit: Rule(start=start, zone=zone, every=every, unit=unit),
    starts,
    st.sampled_from(ZONES),
    st.integers(1, 40),
    st.sampled_from(["MINUTE", "HOUR", "DAY", "WEEK", "MONTH"]),
)


def at(wall: str, zone: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)


def walls(rule: Rule, n: int) -> list[str]:
    """The first n occurrences by the clocks of the zone."""
    found = [recurrence.occurrence(rule, i) for i in range(n)]
    return [f"{one.astimezone(ZoneInfo(rule.zone)):%Y-%m-%d %H:%M}" for one in found if one]


def walked(rule: Rule, n: int) -> list[datetime]:
    """The first n occurrences, one after the other, by other means than the code under test."""
    if rule.unit in _SPANS:
        return [rule.start + i * rule.every * _SPANS[rule.unit] for i in range(n)]
    zone = dateutil_tz.gettz(rule.zone)
    first = rule.start.astimezone(zone).replace(tzinfo=None)
    if rule.unit == "MONTH":
        found = _months(first, rule.every, n)
    else:
        found = list(rrule.rrule(_FREQUENCIES[rule.unit], dtstart=first, interval=rule.every, count=n))
    # `resolve_imaginary` moves what the clocks skip forward by the gap's length.
    moved = [dateutil_tz.resolve_imaginary(one.replace(tzinfo=zone, fold=0)).astimezone(UTC) for one in found]
    return [rule.start, *moved[1:]]


def _months(first: datetime, every: int, n: int) -> list[datetime]:
    """The same day of every so many months, the month's last where it has none: rrule's way to say so."""
    if first.day <= 28:
        wanted = {"bymonthday": first.day}
    else:
        wanted = {"bymonthday": tuple(range(28, first.day + 1)), "bysetpos": -1}
    begin = first.replace(day=1)
    return list(rrule.rrule(rrule.MONTHLY, dtstart=begin, interval=every, count=n, **wanted))


class TestAgainstOtherMeans:
    @given(rules, st.integers(0, 40))
    @settings(max_examples=100, deadline=None)
    def test_every_occurrence_is_where_walking_finds_it(self, rule: Rule, n: int) -> None:
        assert recurrence.occurrence(rule, n) == walked(rule, n + 1)[-1]

    @given(rules, st.integers(-(10**6), 10**8))
    @settings(max_examples=100, deadline=None)
    def test_the_next_is_the_first_that_is_later(self, rule: Rule, seconds: int) -> None:
        moment = rule.start + timedelta(seconds=seconds)

        found = recurrence.next_after(rule, moment)

        assert found is not None
        n, following = found
        assert following > moment
        before = recurrence.occurrence(rule, n - 1)
        assert before is None if n == 0 else before is not None and before <= moment
        assert recurrence.latest(rule, moment) == ((n - 1, before) if before else None)

    @given(rules, st.integers(1, 30), st.integers(0, 10**7), st.integers(0, 10**7))
    @settings(max_examples=60, deadline=None)
    def test_ends_keep_what_comes_before_them_and_nothing_else(
        self, rule: Rule, count: int, until: int, before: int
    ) -> None:
        last_day = (rule.start + timedelta(seconds=until)).astimezone(ZoneInfo(rule.zone)).date()
        end = rule.start + timedelta(seconds=before)
        every = walked(rule, 25)

        for ended, keeps in (
            (replace(rule, count=count), lambda i, one: i < count),
            (replace(rule, until=last_day), lambda _i, one: _day(one, rule) <= last_day),
            (replace(rule, before=end), lambda _i, one: one < end),
        ):
            kept = [(i, one) for i, one in enumerate(every) if keeps(i, one)]
            assert [recurrence.occurrence(ended, i) for i in range(25)] == [
                one if keeps(i, one) else None for i, one in enumerate(every)
            ]
            if len(kept) < 25:
                assert recurrence.latest(ended, every[-1]) == (kept[-1] if kept else None)
            for i, one in enumerate(every[:-1]):
                if every[i + 1] > one:
                    following = (i + 1, every[i + 1])
                    assert recurrence.next_after(ended, one) == (following if following in kept else None)

    @given(rules, st.integers(0, 10**8), st.integers(0, 10**7))
    @settings(max_examples=100, deadline=None)
    def test_between_two_moments_are_those_that_are_not_before_or_after(
        self, rule: Rule, first: int, span: int
    ) -> None:
        begin = rule.start + timedelta(seconds=first)

        found = recurrence.between(rule, begin, begin + timedelta(seconds=span), 20)

        assert len(found) <= 20
        assert all(begin <= one < begin + timedelta(seconds=span) for _n, one in found)
        assert all(recurrence.occurrence(rule, n) == one for n, one in found)
        expected = recurrence.next_after(rule, begin - timedelta(microseconds=1))
        assert (
            found[:1] == [expected]
            if expected and expected[1] < begin + timedelta(seconds=span)
            else not found
        )


def _day(one: datetime, rule: Rule) -> date:
    return one.astimezone(ZoneInfo(rule.zone)).date()


class TestClockChanges:
    def test_days_keep_the_wall_clock_across_both(self) -> None:
        spring = Rule(start=at("2027-03-27 09:00"), zone="Europe/Berlin", every=1, unit="DAY")
        autumn = Rule(start=at("2027-10-30 09:00"), zone="Europe/Berlin", every=1, unit="DAY")

        assert walls(spring, 3) == ["2027-03-27 09:00", "2027-03-28 09:00", "2027-03-29 09:00"]
        assert walls(autumn, 3) == ["2027-10-30 09:00", "2027-10-31 09:00", "2027-11-01 09:00"]
        assert recurrence.occurrence(spring, 1) == datetime(2027, 3, 28, 7, tzinfo=UTC)

    def test_hours_are_elapsed_time(self) -> None:
        rule = Rule(start=at("2027-03-27 14:00"), zone="Europe/Berlin", every=12, unit="HOUR")

        assert walls(rule, 3) == ["2027-03-27 14:00", "2027-03-28 03:00", "2027-03-28 15:00"]

    def test_a_time_that_the_clocks_skip_moves_forward_that_day_only(self) -> None:
        rule = Rule(start=at("2027-03-27 02:30"), zone="Europe/Berlin", every=1, unit="DAY")

        assert walls(rule, 3) == ["2027-03-27 02:30", "2027-03-28 03:30", "2027-03-29 02:30"]

    def test_a_time_that_the_clocks_show_twice_is_the_first(self) -> None:
        rule = Rule(start=at("2027-10-30 02:30"), zone="Europe/Berlin", every=1, unit="DAY")

        assert recurrence.occurrence(rule, 1) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)

    def test_a_first_one_at_the_second_reading_stays_there(self) -> None:
        second = at("2027-10-31 02:30", fold=1)
        rule = Rule(start=second, zone="Europe/Berlin", every=1, unit="DAY")

        assert recurrence.occurrence(rule, 0) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
        assert recurrence.next_after(rule, second) == (1, datetime(2027, 11, 1, 1, 30, tzinfo=UTC))

    def test_a_day_that_a_zone_skips_gives_no_second_one_on_the_next(self) -> None:
        rule = Rule(start=at("2011-12-29 10:00", "Pacific/Apia"), zone="Pacific/Apia", every=1, unit="DAY")

        found = recurrence.between(rule, rule.start, rule.start + timedelta(days=3), 10)

        # Three times 24 hours after the first, the clocks show the second of January.
        days = [f"{one.astimezone(ZoneInfo('Pacific/Apia')):%d}" for _n, one in found]
        assert days == ["29", "31", "01"]


class TestMonths:
    def test_the_31st_is_the_last_day_of_shorter_months_and_comes_back(self) -> None:
        rule = Rule(start=at("2028-01-31 08:00"), zone="Europe/Berlin", every=1, unit="MONTH")

        assert [wall[5:10] for wall in walls(rule, 5)] == ["01-31", "02-29", "03-31", "04-30", "05-31"]

    def test_a_leap_day_is_the_28th_in_other_years(self) -> None:
        rule = Rule(start=at("2028-02-29 08:00"), zone="Europe/Berlin", every=12, unit="MONTH")

        assert [wall[:10] for wall in walls(rule, 5)] == [
            "2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29",
        ]  # fmt: skip


class TestFarAway:
    @pytest.mark.parametrize("unit", ["MINUTE", "HOUR", "DAY", "WEEK", "MONTH"])
    def test_the_end_of_the_calendar_is_an_end(self, unit: str) -> None:
        rule = Rule(start=at("2027-01-01 08:00"), zone="Europe/Berlin", every=1000, unit=unit)

        assert recurrence.occurrence(rule, 10**9) is None
        assert recurrence.occurrence(rule, -1) is None

    def test_minutes_over_years_are_not_walked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rule = Rule(start=at("2000-01-01 00:00"), zone="Europe/Berlin", every=1, unit="MINUTE")
        looks = 0
        real = recurrence._moment

        def counted(rule: Rule, n: int) -> datetime | None:
            nonlocal looks
            looks += 1
            return real(rule, n)

        monkeypatch.setattr(recurrence, "_moment", counted)
        for unit in ("MINUTE", "DAY", "MONTH"):
            recurrence.next_after(replace(rule, unit=unit), at("2030-01-01 00:00"))
            recurrence.latest(replace(rule, unit=unit), at("2030-01-01 00:00"))

        assert looks < 40
