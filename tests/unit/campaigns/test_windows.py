"""Sending hours against counting minutes one by one, at clock changes most of all."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clarion.campaigns import windows
from clarion.campaigns.windows import parse

MINUTE = timedelta(minutes=1)

#: Zones with a spring gap, an autumn fold, half an hour of summer time, a skipped day, and a change at midnight.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "UTC",
)
#: Days on or about which one of them changes its clocks.
DAYS = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2011, 12, 30), date(2018, 11, 4))

clocks = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
ranges = st.builds(
    lambda days, low, high: {"days": sorted(days), "from": low, "to": high},
    st.sets(st.integers(0, 6), min_size=1),
    clocks,
    clocks | st.just("24:00"),
).filter(lambda one: one["from"] != one["to"])
hours = st.lists(ranges, min_size=1, max_size=4)
moments = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(DAYS) | st.dates(date(2000, 1, 1), date(2035, 12, 31)),
    st.integers(-1440, 2880),
)
zones = st.sampled_from(ZONES)


def minute_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def is_open_by_hand(said: list[dict], at: datetime, zone: str) -> bool:
    """Ask each range for itself, the day's own and the one that came over midnight."""
    local = at.astimezone(ZoneInfo(zone))
    now, today, yesterday = local.hour * 60 + local.minute, local.weekday(), (local.weekday() - 1) % 7
    for one in said:
        low, high = minute_of(one["from"]), minute_of(one["to"])
        if low < high:
            if today in one["days"] and low <= now < high:
                return True
        elif (today in one["days"] and now >= low) or (yesterday in one["days"] and now < high):
            return True
    return False


@given(said=hours, at=moments, zone=zones)
def test_open_is_what_the_clock_on_the_wall_says(said, at, zone):
    assert parse(said).is_open(at, zone) == is_open_by_hand(said, at, zone)


@given(said=hours, at=moments, zone=zones)
@settings(max_examples=150)
def test_the_next_opening_is_the_first_open_minute(said, at, zone):
    found = parse(said).next_open(at, zone)
    assert found is not None
    if is_open_by_hand(said, at, zone):
        assert found == at
        return
    by_hand = at
    while not is_open_by_hand(said, by_hand, zone):
        by_hand += MINUTE
    assert found == by_hand


@given(said=hours, at=moments, zone=zones)
@settings(max_examples=150)
def test_it_closes_at_the_first_closed_minute(said, at, zone):
    found = parse(said).closes_at(at, zone)
    by_hand = at
    while is_open_by_hand(said, by_hand, zone):
        by_hand += MINUTE
        if by_hand - at > timedelta(days=8):
            assert parse(said).is_always
            assert found is None
            return
    assert found == by_hand


@given(said=hours, at=moments, zone=zones, minutes=st.integers(0, 4000))
@settings(max_examples=60)
@example(
    said=[{"days": [6], "from": "02:30", "to": "03:30"}], at=datetime(2026, 3, 29, tzinfo=UTC),
    zone="Europe/Berlin", minutes=1440,
)  # fmt: skip
def test_open_seconds_are_the_sum_of_the_open_minutes(said, at, zone, minutes):
    by_hand = sum(is_open_by_hand(said, at + n * MINUTE, zone) for n in range(minutes))
    assert parse(said).seconds_between(at, at + minutes * MINUTE, zone) == by_hand * 60


@given(said=hours, at=moments, zone=zones)
@settings(max_examples=100)
def test_spans_are_apart_in_order_and_end_at_a_change(said, at, zone):
    last = at + timedelta(days=8)
    spans = list(parse(said).spans(at, last, zone))
    for one, next_one in itertools.pairwise(spans):
        assert one[0] < one[1] < next_one[0]
    for start, end in spans:
        assert is_open_by_hand(said, start, zone)
        assert end == last or not is_open_by_hand(said, end, zone)


def test_a_range_in_the_hour_that_spring_skips_is_not_there_that_day():
    hours = parse([{"days": list(range(7)), "from": "02:10", "to": "02:50"}])
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert hours.next_open(saturday, "Europe/Berlin") == datetime(2026, 3, 30, 0, 10, tzinfo=UTC)


def test_a_range_in_the_hour_that_autumn_repeats_is_open_twice():
    hours = parse([{"days": [6], "from": "02:10", "to": "02:50"}])
    sunday = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert list(hours.spans(sunday, sunday + timedelta(days=1), "Europe/Berlin")) == [
        (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), datetime(2026, 10, 25, 0, 50, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 10, tzinfo=UTC), datetime(2026, 10, 25, 1, 50, tzinfo=UTC)),
    ]


def test_hours_of_a_day_that_a_zone_skipped_wait_for_the_next_week():
    hours = parse([{"days": [4], "from": "09:00", "to": "10:00"}])  # Samoa had no Friday, 30 December 2011
    thursday = datetime(2011, 12, 29, 20, tzinfo=UTC)
    opening = hours.next_open(thursday, "Pacific/Apia")
    assert opening is not None
    assert opening.astimezone(ZoneInfo("Pacific/Apia")).date() == date(2012, 1, 6)


def test_a_night_goes_on_into_the_next_day_and_sunday_into_monday():
    hours = parse([{"days": [6], "from": "22:00", "to": "06:00"}])
    monday = datetime(2026, 11, 23, 5, 59, tzinfo=UTC)
    assert hours.is_open(monday, "UTC")
    assert hours.closes_at(monday, "UTC") == monday + MINUTE
    assert not hours.is_open(monday - timedelta(hours=8), "UTC")


def test_no_ranges_and_ranges_that_fill_the_week_are_always_open():
    whole = parse([{"days": list(range(7)), "from": "00:00", "to": "24:00"}])
    assert whole.is_always
    assert whole == windows.ALWAYS == parse([])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert whole.closes_at(at, "UTC") is None
    assert whole.seconds_between(at, at + timedelta(days=2), "UTC") == 2 * 86_400


def test_ranges_that_overlap_or_touch_are_one():
    assert parse(
        [
            {"days": [0], "from": "12:00", "to": "18:00"},
            {"days": [0], "from": "09:00", "to": "12:00"},
            {"days": [0], "from": "10:00", "to": "11:00"},
        ]
    ).ranges == ((540, 1080),)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("09:00", "list"),
        (["09:00"], "range"),
        ([{"days": [0], "from": "09:00"}], "range"),
        ([{"days": [], "from": "09:00", "to": "10:00"}], "at least one day"),
        ([{"days": [7], "from": "09:00", "to": "10:00"}], "day of the week"),
        ([{"days": [True], "from": "09:00", "to": "10:00"}], "day of the week"),
        ([{"days": [0], "from": "9:00", "to": "10:00"}], "like 09:00"),
        ([{"days": [0], "from": "24:00", "to": "10:00"}], "like 09:00"),
        ([{"days": [0], "from": "09:00", "to": "24:01"}], "like 09:00"),
        ([{"days": [0], "from": "09:00", "to": None}], "like 09:00"),
        ([{"days": [0], "from": "09:00", "to": "09:00"}], "same time"),
        ([{"days": [0], "from": "09:00", "to": "10:00"}] * 51, "at most 50"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(said, word):
    with pytest.raises(ValueError, match=word) as refused:
        parse(said)
    assert str(refused.value).endswith(".")


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        windows.ALWAYS.is_open(datetime(2026, 1, 1), "UTC")  # noqa: DTZ001
