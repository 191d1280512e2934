"""A spread campaign's days: each gets a share of the people who are left."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clarion.campaigns.windows import Hours

#: Farther ahead nobody plans.
DAYS_MAX = 1_000
_DAY = timedelta(days=1)


def share(left: int, days_left: int) -> int:
    """Return how many of `left` people today gets, the first of so many days.

    Asked anew on each day with what is left then, the shares add up to all and differ by at most one. What a day did
    not send is spread over the days that are left.
    """
    return -(-max(0, left) // max(1, days_left))


def days(hours: Hours, *, hours_zone: str, zone: str, first: datetime, last: datetime) -> list[date]:
    """Return the days of `zone` on which it is open at some moment from `first` until before `last`."""
    clocks = ZoneInfo(zone)
    found = []
    day = first.astimezone(clocks).date()
    for _ in range(DAYS_MAX):
        begin, end = _midnight(day, clocks), _midnight(day + _DAY, clocks)
        if begin >= last:
            break
        if hours.seconds_between(max(begin, first), min(end, last), hours_zone) > 0:
            found.append(day)
        day += _DAY
    return found


def _midnight(day: date, clocks: ZoneInfo) -> datetime:
    """Return the day's first moment; where the clocks jump over midnight, the moment they do."""
    return datetime(day.year, day.month, day.day, tzinfo=clocks).astimezone(ZoneInfo("UTC"))
