"""The calendar: what stands on which day, and in whose zone."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.deliveries import calendar
from clarion.deliveries.models import Run
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in, url, words
from tests.integration.campaigns.timing.march import HTMX, NOW, Schedule, berlin, days, page_of

pytestmark = pytest.mark.django_db


class TestMonth:
    def test_it_shows_each_campaign_on_its_day_with_time_state_and_channel(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 12, name="Spring")
        making.make_launchable(
            member.workspace, status=Status.COMPLETED, name="Winter", started_at=berlin(3, 4, 15)
        )

        seen = days(page_of(client, member))

        assert "09:00 Spring Scheduled Email" in seen["2026-03-12"]
        assert "15:00 Winter Completed" in seen["2026-03-04"]
        assert "today" in seen["2026-03-10"]
        assert (min(seen), max(seen)) == ("2026-03-01", "2026-04-04")

    def test_drafts_and_archived_campaigns_are_left_out(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 12, name="Draft one", status=Status.DRAFT, next_at=None)
        schedule(3, 12, name="Archived", status=Status.CANCELLED, next_at=None, archived_at=NOW)

        page = page_of(client, member)

        assert "Nothing is sent in these days." in words(page)

    def test_a_day_shows_four_and_leads_to_the_rest(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        for n in range(9):
            schedule(3, 12, 8 + n, name=f"Letter {n}")

        month = days(page_of(client, member))["2026-03-12"]
        day = page_of(client, member, "?view=day&date=2026-03-12")

        assert month.count("Letter") == 3
        assert "+6 more" in month
        assert days(day)["2026-03-12"].count("Letter") == 9

    @pytest.mark.parametrize(
        ("locale", "first"),
        [("en", "Sun"), ("en-GB", "Mon"), ("de", "Mo"), ("fr", "Sun"), ("nonsense", "Sun")],
    )
    def test_the_week_begins_as_the_locale_does(self, locale: str, first: str) -> None:
        """Of a workspace in a language that the pages do not speak, the reader's holds."""
        member = making.make_member(making.make_workspace(locale=locale))

        heads = re.findall(
            r'<abbr title="\w+">(\w+)</abbr>', page_of(signed_in(member), member).content.decode()
        )

        assert heads[0] == first

    @pytest.mark.parametrize(
        ("query", "title", "previous", "following"),
        [
            ("?date=2026-12-15", "December 2026", "2026-11-01", "2027-01-01"),
            ("?date=2028-02-29", "February 2028", "2028-01-01", "2028-03-01"),
            ("?view=week&date=2026-12-30", "27 December 2026 – 2 January 2027", "2026-12-23", "2027-01-06"),
            ("?view=day&date=2026-03-01", "Sunday 1 March 2026", "2026-02-28", "2026-03-02"),
            ("?view=never&date=yesterday", "March 2026", "2026-02-01", "2026-04-01"),
            ("?date=0001-01-01", "March 2026", "2026-02-01", "2026-04-01"),
        ],
    )
    def test_leafing_goes_over_the_ends_of_months_and_years(
        self, client: Client, member: Membership, query: str, title: str, previous: str, following: str
    ) -> None:
        page = page_of(client, member, query)
        links = re.findall(r'href="[^"]*date=([\d-]+)"[^>]*data-leaf="(\w+)"', page.content.decode())

        assert f">{title}</h2>" in page.content.decode()
        assert {name: date for date, name in links} == {
            "previous": previous, "today": "2026-03-10", "next": following,
        }  # fmt: skip

    def test_its_own_links_get_the_sheet_only(self, client: Client, member: Membership) -> None:
        answer = client.get(
            f"/w/{member.workspace.slug}/calendar/", headers={"HX-Request": "true", "HX-Target": "calendar"}
        )

        assert answer.content.decode().lstrip().startswith('<div class="calendar"')


class TestRecurring:
    def test_it_stands_on_each_coming_date(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(
            3, 12, name="Weekly", launch=Launch.RECURRING, repeat_every=1, repeat_unit="WEEK", repeat_count=3
        )

        seen = days(page_of(client, member))

        assert [date for date, text in seen.items() if "Weekly" in text] == [
            "2026-03-12", "2026-03-19", "2026-03-26",
        ]  # fmt: skip

    def test_its_time_of_day_stays_when_the_clocks_change(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 28, name="Daily", launch=Launch.RECURRING, repeat_every=1, repeat_unit="DAY")

        seen = days(page_of(client, member))

        assert "09:00 Daily" in seen["2026-03-28"]
        assert "09:00 Daily" in seen["2026-03-30"]

    @pytest.mark.parametrize(("date", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
    def test_many_times_a_day_are_one_entry_with_their_number(
        self, client: Client, member: Membership, schedule: Schedule, date: str, hours: int
    ) -> None:
        """Days of 23 and 25 hours have as many, and say so."""
        schedule(3, 20, 0, 30, name="Hourly", launch=Launch.RECURRING, repeat_every=1, repeat_unit="HOUR")

        seen = days(page_of(client, member, f"?view=week&date={date}"))[date]

        assert f"00:30 Hourly {hours}×" in seen
        assert (f"{hours} hours: the clocks change" in seen) == (hours != 24)

    def test_each_minute_for_a_month_costs_no_more_than_once_a_day(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 11, name="Often", launch=Launch.RECURRING, repeat_every=1, repeat_unit="MINUTE")

        seen = days(page_of(client, member, "?date=2026-05-01"))

        assert "00:00 Often 1440×" in seen["2026-05-20"]

    def test_runs_it_has_had_are_done(self, client: Client, member: Membership, schedule: Schedule) -> None:
        campaign = schedule(
            3, 3, name="Weekly", next_at=berlin(3, 17), launch=Launch.RECURRING, repeat_every=1,
            repeat_unit="WEEK", occurrence=2,
        )  # fmt: skip
        for number, day in ((1, 3), (2, 10)):
            run = making.make_run(campaign, number=number, total=1, sent=1)
            Run.objects.filter(pk=run.pk).update(created_at=berlin(3, day), finished_at=berlin(3, day, 10))

        seen = days(page_of(client, member))

        assert "09:00 Weekly Completed" in seen["2026-03-03"]
        assert "09:00 Weekly Completed" in seen["2026-03-10"]
        assert "09:00 Weekly Scheduled" in seen["2026-03-17"]


class TestLasting:
    def test_a_spread_is_a_bar_over_its_days_week_by_week(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 13, name="Spread", launch=Launch.SPREAD, ends_at=berlin(3, 17, 18))
        schedule(3, 16, name="Pushed", launch=Launch.TRIGGER, ends_at=berlin(3, 18))

        page = page_of(client, member)
        bars = re.findall(r'data-days="(\d)"(.*?)>', page.content.decode())

        assert [int(length) for length, _rest in bars] == [2, 3, 3]
        assert "data-lasts" in bars[0][1]
        assert "data-goes-on" in bars[1][1]

    def test_one_that_ends_at_midnight_does_not_stand_on_the_next_day(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 16, name="Spread", launch=Launch.SPREAD, ends_at=berlin(3, 18, 0))

        assert 'data-days="2"' in page_of(client, member).content.decode()

    def test_it_is_seen_in_a_week_in_which_it_neither_begins_nor_ends(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        schedule(3, 12, name="Long", launch=Launch.TRIGGER, ends_at=berlin(4, 20))

        assert "Long" in words(page_of(client, member, "?view=week&date=2026-04-01"))


class TestZones:
    def test_days_are_the_viewers_own(self, member: Membership, schedule: Schedule) -> None:
        schedule(3, 13, 2, name="Early")
        member.user.zone = "America/New_York"
        member.user.save()

        page = page_of(signed_in(member), member)

        assert "21:00 Early" in days(page)["2026-03-12"]
        assert "America/New_York (workspace: Europe/Berlin)" in words(page)

    def test_today_is_the_viewers_own(self, member: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 3, 31, 23, 30, tzinfo=UTC))

        assert ">April 2026</h2>" in page_of(signed_in(member), member).content.decode()


class TestCost:
    def test_a_view_costs_the_same_for_one_and_for_thirty(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as caught:
                page_of(client, member)
            return len(caught)

        schedule(3, 12)
        queries()
        first = queries()
        for n in range(30):
            recurring = {"launch": Launch.RECURRING, "repeat_every": 1, "repeat_unit": "DAY"} if n % 3 else {}
            schedule(3, 11 + n % 15, **recurring)

        assert queries() == first

    def test_the_range_is_found_by_the_indexes(self, member: Membership) -> None:
        """One query, in which each way to be in the range is a scan of an index: not a walk over everything."""
        Campaign.objects.create(
            workspace=member.workspace,
            name="Letter",
            status=Status.COMPLETED,
            finished_at=NOW,
            launch=Launch.NOW,
        )
        own = {
            "public_id": "gen_random_uuid()",
            "launch": "case when n % 10 = 0 then 'SPREAD' else launch end",
            "started_at": "finished_at - n * interval '1 hour'",
            "starts_at": "finished_at - n * interval '1 hour'",
            "ends_at": "finished_at - (n - 9) * interval '1 hour'",
        }
        columns = [one.column for one in Campaign._meta.concrete_fields if one.column != "id"]
        values = ", ".join(own.get(column, column) for column in columns)
        with connection.cursor() as cursor:
            many = f"select {values} from campaigns_campaign, generate_series(1, 4000) n"  # noqa: S608 - our names
            cursor.execute(f"insert into campaigns_campaign ({', '.join(columns)}) {many}")
            cursor.execute("ANALYZE campaigns_campaign")
        with CaptureQueriesContext(connection) as caught:
            calendar.entries(member, berlin(3, 1).date(), berlin(3, 9).date(), "Europe/Berlin")
        (ranged,) = [one["sql"] for one in caught.captured_queries if "COALESCE" in one["sql"]]

        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {ranged}")
            plan = "\n".join(line for (line,) in cursor.fetchall())

        assert "BitmapOr" in plan
        assert "campaign_by_launch" in plan
        assert "campaign_lasting" in plan
        assert "Seq Scan on campaigns_campaign" not in plan


class TestPlanned:
    def test_it_tells_the_facts_as_a_page_and_in_the_drawer(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        campaign = schedule(
            3, 12, name="Weekly", launch=Launch.RECURRING, repeat_every=1, repeat_unit="WEEK", tags=["q1"],
            created_by=member.user,
        )  # fmt: skip
        at = {"at": berlin(3, 19).isoformat()}

        page = client.get(url(campaign, "planned/"), at)
        drawer = client.get(url(campaign, "planned/"), at, **HTMX)

        for answer in (page, drawer):
            text = words(answer)
            assert "Thursday 19 March 2026, 09:00 Europe/Berlin" in text
            assert "Every week on Thursday at 09:00" in text
            assert "Thu 12 Mar 2026, 09:00; Thu 19 Mar 2026, 09:00" in text
            assert "all its coming dates move with this one" in text
        assert "<html" in page.content.decode()
        assert "<html" not in drawer.content.decode()

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (Status.PAUSED, "this one is paused"),
            (Status.IN_REVIEW, "this one is in review"),
            (Status.SENDING, ""),
        ],
    )
    def test_what_cannot_move_says_why_and_has_no_form(
        self, client: Client, schedule: Schedule, status: Status, reason: str
    ) -> None:
        at = berlin(3, 12)
        facts: dict[str, Any] = {} if status is Status.PAUSED else {"next_at": None}
        paused = {"pause_cause": "PERSON", "paused_from": "SCHEDULED"} if status is Status.PAUSED else {}
        campaign = schedule(3, 12, status=status, **facts, **paused)

        page = client.get(url(campaign, "planned/"), {"at": at.isoformat()})

        assert "Move it" not in words(page)
        assert reason in words(page)

    @pytest.mark.parametrize("at", ["", "soon", "2026-03-12T09:00", "9999-12-31T23:59:59Z"])
    def test_a_moment_that_makes_no_sense_is_as_if_it_were_not_there(
        self, client: Client, schedule: Schedule, at: str
    ) -> None:
        assert client.get(url(schedule(3, 12), "planned/"), {"at": at}).status_code == 200
