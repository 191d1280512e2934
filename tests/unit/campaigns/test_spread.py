"""A share a day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clarion.campaigns.spread import days, share
from clarion.campaigns.windows import ALWAYS, parse


@given(total=st.integers(0, 100_000), n=st.integers(1, 60))
def test_shares_add_up_to_all_and_differ_by_at_most_one(total, n):
    left, shares = total, []
    for day in range(n):
        shares.append(share(left, n - day))
        left -= shares[-1]
    assert left == 0
    assert max(shares) - min(shares) <= 1


@given(total=st.integers(0, 10_000), sent=st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_what_a_day_did_not_send_goes_to_the_days_that_are_left(total, sent):
    """However little each day sends of its share, nobody gets two and the last day has all who are left."""
    left, gone = total, 0
    for index, part in enumerate(sent):
        today = share(left, len(sent) - index)
        assert 0 <= today <= left
        if index == len(sent) - 1:
            assert today == left
        done = int(today * part)
        left, gone = left - done, gone + done
    assert left + gone == total


def test_days_are_those_of_the_campaigns_zone_with_open_hours_until_its_end():
    office = parse([{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}])
    friday = datetime(2026, 11, 20, 19, tzinfo=UTC)  # after hours
    found = days(
        office, hours_zone="UTC", zone="UTC", first=friday, last=datetime(2026, 11, 25, 9, tzinfo=UTC)
    )
    assert found == [date(2026, 11, 23), date(2026, 11, 24)]


@given(
    minutes=st.integers(0, 365 * 1440),
    span=st.integers(1, 40 * 24),
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu"]),
)
def test_without_hours_every_day_that_is_touched_counts(minutes, span, zone):
    first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    last = first + timedelta(hours=span)
    by_hand = {(last - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date()}
    moment = first
    while moment < last:
        by_hand.add(moment.astimezone(ZoneInfo(zone)).date())
        moment = min(moment + timedelta(minutes=15), last)
    assert days(ALWAYS, hours_zone=zone, zone=zone, first=first, last=last) == sorted(by_hand)
