"""`clarion campaign schedule` and `runs`."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from typer.testing import CliRunner, Result

from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.cli.program import app
from clarion.deliveries.models import Run
from tests.integration.campaigns import making

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(datetime(2027, 2, 28, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def campaign() -> Campaign:
    return making.make_launchable(making.make_workspace(), zone="Europe/Berlin")


def schedule(campaign: Campaign, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["campaign", "schedule", str(campaign.public_id), *arguments])


def now(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)


class TestSchedule:
    def test_a_time_is_by_the_campaigns_clocks_and_said_back(self, campaign: Campaign) -> None:
        ended = schedule(campaign, "--at", "2027-03-01 09:00")

        after = now(campaign)
        assert ended.exit_code == 0, ended.output
        assert (after.status, after.launch) == (Status.SCHEDULED, Launch.SCHEDULE)
        assert after.next_at == datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
        assert "starts Mon 1 Mar, 09:00 (Europe/Berlin)" in ended.output

    def test_everything_about_its_timing_can_be_said(self, campaign: Campaign) -> None:
        ended = schedule(
            campaign, "--at", "2027-03-01 09:00", "--zone", "Asia/Tokyo", "--every", "2", "--unit", "week",
            "--until", "2027-12-31", "--end", "2028-01-01 00:00", "--hours", "mon-fri 09:00-17:00", "--hours",
            "sat,sun 10:00-12:00", "--hours-zone", "Europe/Paris", "--recipients-hours", "--missed", "late",
            "--late-hours", "3", "--only-new", "--error-percent", "5", "--by-hand", "--json",
        )  # fmt: skip

        told = json.loads(ended.stdout)
        assert (told["launch"], told["next_at"]) == ("recurring", "2027-03-01T00:00:00Z")
        after = now(campaign)
        said: dict[str, Any] = {
            "status": Status.SCHEDULED, "repeat_every": 2, "repeat_unit": "WEEK",
            "repeat_until": date(2027, 12, 31), "ends_at": datetime(2027, 12, 31, 15, 0, tzinfo=UTC),
            "windows": [
                {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"},
                {"days": [5, 6], "from": "10:00", "to": "12:00"},
            ],
            "window_zone": "Europe/Paris", "window_is_recipients": True, "missed_policy": "LATE",
            "missed_hours": 3, "only_new": True, "error_percent": 5, "auto_start": False,
        }  # fmt: skip
        assert {name: getattr(after, name) for name in said} == said

    def test_what_is_not_said_stays_as_it_is(self, campaign: Campaign) -> None:
        schedule(
            campaign, "--at", "2027-03-01 09:00", "--every", "1", "--unit", "day", "--error-percent", "5"
        )
        schedule(campaign, "--hours", "fri-mon 09:00-17:00", "--error-percent", "0")

        after = now(campaign)
        assert (after.status, after.repeat_unit, after.error_percent) == (Status.SCHEDULED, "DAY", None)
        assert after.windows[0]["days"] == [0, 4, 5, 6]

    def test_hours_can_be_taken_away(self, campaign: Campaign) -> None:
        schedule(campaign, "--at", "2027-03-01 09:00", "--hours", "09:00-17:00")
        assert now(campaign).windows == [{"days": [0, 1, 2, 3, 4, 5, 6], "from": "09:00", "to": "17:00"}]

        schedule(campaign, "--hours", "always")

        assert now(campaign).windows == []

    def test_a_draft_stays_one_when_told(self, campaign: Campaign) -> None:
        ended = schedule(campaign, "--at", "2027-03-01 09:00", "--draft")

        assert (ended.exit_code, now(campaign).status) == (0, Status.DRAFT)
        assert now(campaign).starts_at == datetime(2027, 3, 1, 8, 0, tzinfo=UTC)

    def test_a_spread_campaign_goes_between_two_dates(self, campaign: Campaign) -> None:
        ended = schedule(
            campaign, "--kind", "spread", "--at", "2027-03-01 00:00", "--end", "2027-03-05T00:00+00:00"
        )

        assert ended.exit_code == 0, ended.output
        assert now(campaign).ends_at == datetime(2027, 3, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ([], "Say when it is to start: --at."),
            (["--at", "tomorrow"], "--at: write it like 2027-03-01 09:00."),
            (["--at", "2027-03-01 09:00", "--zone", "Mars"], "--zone: there is no time zone 'Mars'."),
            (["--at", "2027-02-01 09:00"], "The start time is in the past."),
            (["--at", "2027-03-01 09:00", "--every", "1"], "Say how often it recurs"),
            (["--until", "May"], "--until: write it like 2027-03-31."),
            (["--missed", "panic"], "--missed: choose one of: late, next, ask."),
            (["--hours", "mon-someday 09:00-17:00"], "--hours: 'mon-someday' is no day"),
            (["--hours", "mon 9-17"], "Write a time of the sending hours like 09:00."),
        ],
    )
    def test_what_makes_no_sense_changes_nothing_and_ends_with_2(
        self, campaign: Campaign, arguments: list[str], sentence: str
    ) -> None:
        ended = schedule(campaign, *arguments)

        assert ended.exit_code == 2
        assert sentence in ended.output
        after = now(campaign)
        assert (after.status, after.starts_at, after.launch) == (Status.DRAFT, None, Launch.NOW)

    def test_one_that_is_sending_is_refused_with_3(self, campaign: Campaign) -> None:
        Campaign.objects.update(status=Status.SENDING)

        ended = schedule(campaign, "--at", "2027-03-01 09:00")

        assert ended.exit_code == 3
        assert "is sending: only one that is draft" in ended.output


class TestRuns:
    def runs(self, campaign: Campaign, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["campaign", "runs", str(campaign.public_id), *arguments])

    def test_a_table_newest_first_with_the_difference(self, campaign: Campaign) -> None:
        making.make_run(campaign, number=1, sent=3)
        second = making.make_run(campaign, number=2, sent=4, failed=1)
        Run.objects.filter(pk=second.pk).update(difference={"added": 2, "removed": 0, "same": 3})

        table = self.runs(campaign).output.splitlines()
        array = json.loads(self.runs(campaign, "--json").stdout)

        assert table[0].split() == [
            "NUMBER", "RUN", "STARTED", "FINISHED", "TOTAL", "SENT", "FAILED", "ADDED", "REMOVED",
        ]  # fmt: skip
        assert table[1].split()[-5:] == ["5", "4", "1", "2", "0"]
        assert table[2].split()[-2:] == ["-", "-"]
        assert [one["number"] for one in array] == [2, 1]
        assert array[0]["difference"] == {"added": 2, "removed": 0, "same": 3}

    def test_none_is_said(self, campaign: Campaign) -> None:
        assert "was not started yet" in self.runs(campaign).output
