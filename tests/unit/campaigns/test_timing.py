"""What may be said of a campaign's timing, each bad field with its sentence."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clarion.campaigns import fields
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign

NINE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
NAIVE = NINE.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"launch": "SOMETIME"}, "launch", "Choose when it is to start."),
        ({"starts_at": NAIVE}, "starts_at", "The start time needs a time zone."),
        ({"ends_at": NAIVE}, "ends_at", "The end needs a time zone."),
        ({"starts_at": NINE, "ends_at": NINE}, "ends_at", "It would end before it starts."),
        ({"zone": "Mars/Olympus"}, "zone", "There is no such time zone."),
        ({"window_zone": "Mars/Olympus"}, "window_zone", "There is no such time zone."),
        (
            {"repeat_every": 1001, "repeat_unit": "DAY"},
            "repeat_every",
            "It recurs every 1 to 1,000 minutes, hours, days, weeks or months.",
        ),
        (
            {"repeat_every": -1, "repeat_unit": "DAY"},
            "repeat_every",
            "It recurs every 1 to 1,000 minutes, hours, days, weeks or months.",
        ),
        (
            {"repeat_every": 1, "repeat_unit": "YEAR"},
            "repeat_unit",
            "It recurs every so many minutes, hours, days, weeks or months.",
        ),
        (
            {"repeat_every": 1},
            "repeat_unit",
            "Say how often it recurs: a number, and minutes, hours, days, weeks or months.",
        ),
        (
            {"repeat_unit": "DAY"},
            "repeat_every",
            "Say how often it recurs: a number, and minutes, hours, days, weeks or months.",
        ),
        ({"repeat_count": 0}, "repeat_count", "It ends after 1 to 100,000 runs."),
        (
            {"repeat_count": 3, "repeat_until": date(2027, 4, 1)},
            "repeat_count",
            "It ends after so many runs or on a date, not both.",
        ),
        (
            {"starts_at": NINE, "repeat_until": date(2027, 2, 28)},
            "repeat_until",
            "Its last day is before its first.",
        ),
        (
            {"windows": [{"days": [0], "from": "9", "to": "17:00"}]},
            "windows",
            "Write a time of the sending hours like 09:00.",
        ),
        (
            {"missed_policy": "PANIC"},
            "missed_policy",
            "Choose what is to happen when the start is missed.",
        ),
        ({"missed_hours": 721}, "missed_hours", "It starts at most 720 hours late."),
        ({"missed_hours": -1}, "missed_hours", "It starts at most 720 hours late."),
        ({"error_percent": 0}, "error_percent", "A share of errors is 1 to 100 per cent."),
        ({"error_percent": 101}, "error_percent", "A share of errors is 1 to 100 per cent."),
    ],
)
def test_a_bad_field_is_refused_with_its_sentence(said: Any, field: str, sentence: str) -> None:
    with pytest.raises(CampaignInvalid) as caught:
        fields.cleaned(said)

    assert caught.value.fields == {field: sentence}


def test_what_the_campaign_says_already_counts() -> None:
    standing = Campaign(starts_at=NINE, repeat_every=1, repeat_unit="DAY")

    with pytest.raises(CampaignInvalid) as caught:
        fields.cleaned({"ends_at": NINE - timedelta(hours=1)}, standing=standing)

    assert list(caught.value.fields) == ["ends_at"]
    assert fields.cleaned({"repeat_every": 2}, standing=standing) == {"repeat_every": 2}


def test_a_last_day_is_one_of_the_campaigns_zone() -> None:
    midnight_in_tokyo = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)

    with pytest.raises(CampaignInvalid):
        fields.cleaned(
            {"starts_at": midnight_in_tokyo, "zone": "Asia/Tokyo", "repeat_until": date(2027, 3, 1)}
        )


def test_one_end_of_recurring_takes_the_others_place() -> None:
    assert fields.cleaned({"repeat_count": 3}) == {"repeat_count": 3, "repeat_until": None}
    assert fields.cleaned({"repeat_until": date(2027, 4, 1)})["repeat_count"] is None


def test_no_longer_recurring_forgets_how() -> None:
    assert fields.cleaned({"repeat_every": 0}) == {
        "repeat_every": 0, "repeat_unit": "", "repeat_count": None, "repeat_until": None,
    }  # fmt: skip
