"""A campaign's timing in words."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clarion.campaigns.models import Campaign, Launch, MissedPolicy
from clarion.web import timing_words
from clarion.workspaces.models import Workspace

#: A Monday, 09:00 in Berlin.
START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def campaign(launch: Launch, **values: Any) -> Campaign:
    facts = {"workspace": Workspace(), "zone": "Europe/Berlin", "starts_at": START}
    return Campaign(launch=launch, **{**facts, **values})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"repeat_every": 1, "repeat_unit": "WEEK"}, "Every week on Monday at 09:00"),
        ({"repeat_every": 2, "repeat_unit": "WEEK", "repeat_count": 10}, "Every 2 weeks on Monday at 09:00, 10 times"),
        ({"repeat_every": 1, "repeat_unit": "DAY"}, "Every day at 09:00"),
        ({"repeat_every": 3, "repeat_unit": "MONTH"}, "Every 3 months on day 23 at 09:00"),
        ({"repeat_every": 15, "repeat_unit": "MINUTE"}, "Every 15 minutes"),
        (
            {"repeat_every": 1, "repeat_unit": "HOUR", "repeat_until": date(2026, 12, 31)},
            "Every hour, until 31 Dec 2026",
        ),
        (
            {"repeat_every": 1, "repeat_unit": "MONTH", "starts_at": datetime(2026, 10, 31, 8, tzinfo=UTC)},
            "Every month on day 31, or the last day of a shorter month, at 09:00",
        ),
    ],
)  # fmt: skip
def test_a_recurrence_is_one_sentence(values: dict[str, Any], words: str) -> None:
    assert timing_words.repeat(campaign(Launch.RECURRING, **values)) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([0, 1, 2, 3, 4], "Mon–Fri"),
        ([5, 6], "Sat, Sun"),
        ([0, 2, 3, 4, 6], "Mon, Wed–Fri, Sun"),
        (range(7), "every day"),
        ([1], "Tue"),
    ],
)
def test_days_that_follow_each_other_are_a_span(days: list[int], words: str) -> None:
    assert timing_words.days(days) == words


def test_hours_name_every_range_and_where_they_hold() -> None:
    windows = [
        {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"},
        {"days": [5], "from": "10:00", "to": "14:00"},
    ]

    assert timing_words.hours(windows, "UTC") == "09:00–18:00 Mon–Fri and 10:00–14:00 Sat UTC"
    assert timing_words.hours(windows[:1], "UTC", is_recipients=True) == (
        "09:00–18:00 Mon–Fri where the recipient lives, else UTC"
    )
    assert timing_words.hours([], "UTC") == ""
    after_lunch = {**windows[0], "from": "14:00", "to": "16:30"}
    assert timing_words.hours([windows[0], after_lunch, windows[1]], "UTC") == (
        "09:00–18:00, 14:00–16:30 Mon–Fri and 10:00–14:00 Sat UTC"
    )


def test_the_whole_timing_is_one_line() -> None:
    one = campaign(
        Launch.RECURRING, repeat_every=2, repeat_unit="WEEK", next_at=START + timedelta(days=14),
        windows=[{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}],
    )  # fmt: skip

    assert timing_words.whole(one) == (
        "Every 2 weeks on Monday at 09:00, next on Mon 7 Dec 2026, 09:00 Europe/Berlin; "
        "sends 09:00–18:00 Mon–Fri Europe/Berlin"
    )


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        (Launch.NOW, "As soon as somebody presses Start"),
        (Launch.MANUAL, "When somebody starts it"),
        (Launch.SCHEDULE, "Monday 23 November 2026, 09:00 Europe/Berlin"),
        (
            Launch.SPREAD,
            "A share each day from Mon 23 Nov 2026, 09:00 to Fri 27 Nov 2026, 09:00 Europe/Berlin",
        ),
        (
            Launch.TRIGGER,
            "To whoever is pushed from Mon 23 Nov 2026, 09:00 to Fri 27 Nov 2026, 09:00 Europe/Berlin",
        ),
        (Launch.RECURRING, "Its dates are not set yet"),
    ],
)
def test_every_launch_has_its_words(launch: Launch, words: str) -> None:
    assert timing_words.launch(campaign(launch, ends_at=START + timedelta(days=4))) == words


def test_a_moderated_campaign_starts_once_it_is_approved() -> None:
    moderated = Workspace(moderation=True)

    assert timing_words.launch(campaign(Launch.NOW, workspace=moderated)) == "As soon as it is approved"
    assert timing_words.launch(campaign(Launch.NOW, workspace=moderated, auto_start=False)) == (
        "By hand, once it is approved"
    )


def test_what_a_missed_start_comes_to_is_told() -> None:
    late = campaign(Launch.SCHEDULE, missed_policy=MissedPolicy.LATE, missed_hours=3)

    assert timing_words.missed(late) == "Sent late, up to 3 hours"
    assert timing_words.missed(campaign(Launch.SCHEDULE)) == "Somebody is asked"


def test_a_day_that_has_not_24_hours_says_so() -> None:
    assert timing_words.length_note(timedelta(hours=24)) == ""
    assert timing_words.length_note(timedelta(hours=23)) == "23 hours: the clocks change"
