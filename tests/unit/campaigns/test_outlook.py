"""When the last message will have gone, against counting minute by minute."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.campaigns import windows
from clarion.campaigns.forecast import Outlook, outlook
from clarion.campaigns.models import Campaign, Launch
from clarion.senders.models import Sender

#: A Monday.
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
OFFICE = [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]


def ahead(
    size: int, begin: datetime = NINE, *, sender: Sender | None = None, **facts: object
) -> Outlook | None:
    facts = {"zone": "UTC", "windows": OFFICE} | facts
    today = facts.pop("today", None)
    campaign = Campaign(**facts)
    return outlook(
        campaign=campaign, senders=[sender] if sender else [], size=size, begin=begin,
        today=today,  # type: ignore[arg-type]
    )  # fmt: skip


def test_it_ends_within_the_hours_of_the_day_it_gets_to() -> None:
    assert ahead(8 * 60, rate_limit=1 / 60) == Outlook(ends_at=NINE + timedelta(hours=8))
    assert ahead(8 * 60 + 30, rate_limit=1 / 60) == Outlook(ends_at=NINE + timedelta(days=1, minutes=30))
    friday = NINE + timedelta(days=4, hours=7)
    assert ahead(120, friday, rate_limit=1 / 60) == Outlook(ends_at=NINE + timedelta(days=7, hours=1))


def test_the_days_limit_of_a_sender_moves_it_to_other_days() -> None:
    found = ahead(250, sender=Sender(limit_day=100, limit_hour=60))
    assert found == Outlook(ends_at=NINE + timedelta(days=2, minutes=50))


def test_a_delay_between_recipients_is_a_pace_too() -> None:
    assert ahead(60, delay_min=30, delay_max=90) == Outlook(ends_at=NINE + timedelta(hours=1))


def test_who_is_late_is_counted() -> None:
    end = NINE + timedelta(days=1, hours=1)
    assert ahead(600, rate_limit=1 / 60, ends_at=end) == Outlook(ends_at=end, late=60)
    assert ahead(540, rate_limit=1 / 60, ends_at=end) == Outlook(ends_at=end)


def test_a_spread_ends_on_its_last_day_when_its_share_has_gone() -> None:
    end = NINE + timedelta(days=4, hours=8)
    facts = {"launch": Launch.SPREAD, "ends_at": end, "rate_limit": 1 / 60}
    assert ahead(500, **facts) == Outlook(ends_at=NINE + timedelta(days=4, minutes=100))
    assert ahead(500, **{**facts, "rate_limit": None}) == Outlook(ends_at=NINE + timedelta(days=4))
    # Half of today's share is gone already: the rest is spread over the days that are left.
    assert ahead(450, today=50, **facts) == Outlook(ends_at=NINE + timedelta(days=4, minutes=100))


def test_a_share_that_a_day_cannot_send_is_late() -> None:
    end = NINE + timedelta(days=1, hours=8)
    found = ahead(2_000, launch=Launch.SPREAD, ends_at=end, rate_limit=1 / 60)
    assert found == Outlook(ends_at=end, late=2_000 - 2 * 480)


def test_where_nothing_tells_the_speed_nothing_is_told() -> None:
    assert ahead(100) is None


def test_what_never_ends_is_not_told_to_end() -> None:
    assert ahead(10**9, rate_limit=1 / 60) == Outlook(ends_at=None)


@given(
    size=st.integers(1, 400),
    start=st.integers(0, 23),
    hours=st.integers(1, 12),
    days=st.sets(st.integers(0, 6), min_size=1),
    begin=st.integers(0, 14 * 1440),
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu"]),
    end=st.none() | st.integers(1, 10 * 1440),
)
@settings(max_examples=60)
def test_one_a_minute_ends_where_counting_the_open_minutes_ends(
    size: int, start: int, hours: int, days: set[int], begin: int, zone: str, end: int | None
) -> None:
    said = [{"days": sorted(days), "from": f"{start:02}:00", "to": f"{(start + hours) % 24:02}:00"}]
    first = datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=begin)
    ends_at = first + timedelta(minutes=end) if end else None
    open_hours = windows.parse(said)
    left, at = size, first
    while left and (ends_at is None or at < ends_at):
        left -= open_hours.is_open(at, zone)
        at += timedelta(minutes=1)

    found = ahead(size, first, windows=said, zone=zone, rate_limit=1 / 60, ends_at=ends_at)

    assert found is not None
    assert found.late == left
    assert found.ends_at is not None
    expected = ends_at if left else at
    assert expected is not None
    assert abs(found.ends_at - expected) < timedelta(seconds=1)


def test_hours_that_make_no_sense_are_told_from_an_outlook() -> None:
    with pytest.raises(ValueError, match="day of the week"):
        ahead(1, windows=[{"days": [9], "from": "09:00", "to": "10:00"}], rate_limit=1.0)
