"""The timing part of the compose form: each way to start, sending hours, and what is said of mistakes."""

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from clarion.campaigns.models import Campaign, Launch, MissedPolicy
from clarion.campaigns.states import Status
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in, url, words
from tests.integration.campaigns.timing.march import BERLIN

pytestmark = pytest.mark.django_db

START = {"date": "2026-03-16", "time": "09:00", "zone": "Europe/Berlin"}
STARTS_AT = datetime(2026, 3, 16, 9, tzinfo=BERLIN)
END = {"end_date": "2026-03-20", "end_time": "18:00"}
ENDS_AT = datetime(2026, 3, 20, 18, tzinfo=BERLIN)


@pytest.fixture
def campaign(member: Membership) -> Campaign:
    return making.make_launchable(member.workspace, zone="Europe/Berlin", name="Spring")


def said(campaign: Campaign, **changes: str | list[str]) -> dict[str, Any]:
    """Return the form as the page would post it, with changes."""
    (step,) = campaign.steps.all()
    assert step.sender is not None
    return {
        "name": campaign.name, "audience": "CONTACTS", "sender": str(step.sender.public_id), "content": "own",
        **step.body_source, "zone": "Europe/Berlin", "launch": "NOW", "delay_min": "0", "delay_max": "0",
        "rate_limit": "", "hours": "any", "hours-count": "0", "missed_policy": "ASK", "missed_hours": "1",
        "repeat_end": "never", "repeat_every": "1", "repeat_unit": "WEEK",
    } | changes  # fmt: skip


def hours(n: int, days: list[int], begins: str, ends: str) -> dict[str, Any]:
    """Return a row of sending hours as it is posted."""
    return {
        f"hours-{n}-row": "1", f"hours-{n}-days": [str(day) for day in days],
        f"hours-{n}-begins": begins, f"hours-{n}-ends": ends,
    }  # fmt: skip


def post(client: Client, campaign: Campaign, **changes: Any) -> Any:
    answer = client.post(url(campaign, "edit/"), said(campaign, **changes))
    campaign.refresh_from_db()
    return answer


class TestLaunches:
    @pytest.mark.parametrize("launch", [Launch.NOW, Launch.MANUAL])
    def test_without_a_time(self, client: Client, campaign: Campaign, launch: Launch) -> None:
        post(client, campaign, launch=launch.value)

        assert (campaign.launch, campaign.starts_at) == (launch, None)

    def test_at_a_set_time_with_an_end_if_one_wants(self, client: Client, campaign: Campaign) -> None:
        post(client, campaign, launch="SCHEDULE", **START)
        without = campaign.ends_at
        post(client, campaign, launch="SCHEDULE", **START, **END)

        assert without is None
        assert (campaign.starts_at, campaign.ends_at) == (STARTS_AT, ENDS_AT)

    @pytest.mark.parametrize(
        ("end", "count", "until"),
        [
            ({"repeat_end": "never", "repeat_count": "3"}, None, None),
            ({"repeat_end": "count", "repeat_count": "3"}, 3, None),
            ({"repeat_end": "until", "repeat_until": "2026-06-30"}, None, date(2026, 6, 30)),
        ],
        ids=["never", "count", "until"],
    )
    def test_recurring_ends_one_way_or_never(
        self, client: Client, campaign: Campaign, end: dict[str, str], count: int | None, until: date | None
    ) -> None:
        post(client, campaign, launch="RECURRING", repeat_every="2", only_new="on", **START, **end)

        assert (campaign.repeat_every, campaign.repeat_unit, campaign.only_new) == (2, "WEEK", True)
        assert (campaign.repeat_count, campaign.repeat_until) == (count, until)

    def test_recurring_names_its_next_five_dates_in_its_zone(
        self, client: Client, campaign: Campaign
    ) -> None:
        answer = post(client, campaign, launch="RECURRING", repeat_every="2", autosave="1", **START)

        text = words(answer)
        assert "Every 2 weeks on Monday at 09:00 Europe/Berlin." in text
        assert (
            "Mon 16 Mar 2026, 09:00 Mon 30 Mar 2026, 09:00 Mon 13 Apr 2026, 09:00 Mon 27 Apr 2026, 09:00 "
            "Mon 11 May 2026, 09:00 and so on" in text
        )

    @pytest.mark.parametrize("launch", [Launch.SPREAD, Launch.TRIGGER])
    def test_between_two_dates(self, client: Client, campaign: Campaign, launch: Launch) -> None:
        post(client, campaign, launch=launch.value, **START, **END)

        assert (campaign.launch, campaign.starts_at, campaign.ends_at) == (launch, STARTS_AT, ENDS_AT)

    def test_a_spread_tells_the_share_of_each_day_on_which_it_sends(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        """Twelve people over four days, since nothing is sent on Thursdays."""
        making.make_contacts(member.workspace, 10)
        week = hours(0, [0, 1, 2, 4], "09:00", "18:00")

        answer = post(
            client, campaign, launch="SPREAD", autosave="1", hours="set", **START, **END, **week,
            **{"hours-count": "1"},
        )  # fmt: skip

        text = words(answer)
        assert "4 days on which it sends." in text
        assert "16 Mar 2026 3 17 Mar 2026 3 18 Mar 2026 3 20 Mar 2026 3" in text

    def test_a_triggered_one_shows_how_people_are_pushed(self, client: Client, campaign: Campaign) -> None:
        answer = post(client, campaign, launch="TRIGGER", autosave="1", **START, **END)

        command = (
            f"clarion campaign push {str(campaign.public_id)[:8]} --key ORDER-1001 --address ada@example.com"
        )
        assert command in words(answer)

    def test_what_the_other_launches_have_is_taken_away(self, client: Client, campaign: Campaign) -> None:
        """A spread's end would end a recurring campaign too."""
        post(client, campaign, launch="SPREAD", **START, **END)
        post(client, campaign, launch="RECURRING", **START, **END)

        assert campaign.ends_at is None

    def test_whoever_starts_it_once_it_is_approved_is_asked_only_under_moderation(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        plain = client.get(url(campaign, "edit/"))
        member.workspace.moderation = True
        member.workspace.save()
        moderated = client.get(url(campaign, "edit/"))
        post(client, campaign, auto_start="0")

        assert "Once it is approved" not in words(plain)
        assert "Once it is approved" in words(moderated)
        assert campaign.auto_start is False

    @pytest.mark.parametrize(
        ("changes", "next_at"),
        [
            ({"launch": "SCHEDULE", **START}, STARTS_AT),
            ({"launch": "RECURRING", **START, "date": "2026-03-02"}, STARTS_AT),
            ({"launch": "SPREAD", **START, **END}, STARTS_AT),
            ({"launch": "TRIGGER", **START, **END}, STARTS_AT),
        ],
        ids=["schedule", "recurring", "spread", "trigger"],
    )
    def test_the_button_schedules_whatever_waits_for_a_time(
        self, client: Client, campaign: Campaign, changes: dict[str, str], next_at: datetime
    ) -> None:
        question = post(client, campaign, do="schedule", **changes)
        post(client, campaign, do="schedule", confirmed="1", **changes)

        assert "Schedule “Spring”?" in words(question)
        assert (campaign.status, campaign.launch) == (Status.SCHEDULED, changes["launch"])
        assert campaign.next_at == next_at


class TestMistakes:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"launch": "SCHEDULE", "date": "2026-03-16"}, "Give both the date and the time."),
            ({"launch": "SPREAD", **START, "end_time": "18:00"}, "Give both the date and the time."),
            (
                {"launch": "SPREAD", **START, **END, "end_date": "2026-03-01"},
                "It would end before it starts.",
            ),
            ({"launch": "RECURRING", **START, "repeat_every": "0"}, "greater than or equal to 1"),
            ({"launch": "RECURRING", **START, "repeat_end": "count"}, "Say when it ends."),
            (
                {"launch": "RECURRING", **START, "repeat_end": "until", "repeat_until": "2026-03-01"},
                "Its last day is before its first.",
            ),
            ({"launch": "SCHEDULE", **START, "zone": "Moon/Crater"}, "Moon/Crater is not one of"),
            ({"missed_hours": "5000"}, "less than or equal to 720"),
            ({"error_percent": "101"}, "less than or equal to 100"),
        ],
    )
    def test_stand_at_their_field_and_nothing_typed_is_lost(
        self, client: Client, campaign: Campaign, changes: dict[str, str], sentence: str
    ) -> None:
        page = post(client, campaign, name="Renamed", delay_max="7", **changes)

        html = page.content.decode()
        assert page.status_code == 422
        assert sentence in words(page)
        assert 'class="field__error"' in html
        for name, value in changes.items():
            if name not in ("launch", "zone", "repeat_end"):
                assert f'name="{name}" value="{value}"' in html, name
        assert (campaign.name, campaign.delay_max) == ("Renamed", 7)

    def test_are_told_while_one_writes(self, client: Client, campaign: Campaign) -> None:
        answer = post(
            client, campaign, launch="SPREAD", autosave="1", **START, **(END | {"end_date": "2026-03-01"})
        )

        assert '<p data-field="end_date">It would end before it starts.</p>' in answer.content.decode()


class TestSafety:
    def test_what_happens_when_the_start_is_missed_or_too_much_fails(
        self, client: Client, campaign: Campaign
    ) -> None:
        post(client, campaign, missed_policy="LATE", missed_hours="6", error_percent="20")

        assert (campaign.missed_policy, campaign.missed_hours) == (MissedPolicy.LATE, 6)
        assert campaign.error_percent == 20


class TestHours:
    def test_several_ranges_in_a_zone_of_their_own_are_kept_and_read_back(
        self, client: Client, campaign: Campaign
    ) -> None:
        rows = hours(0, [4, 0, 1, 2, 3], "09:00", "18:00") | hours(3, [5], "10:00", "00:00")

        answer = post(
            client, campaign, hours="set", window_zone="America/New_York", window_is_recipients="on",
            autosave="1", **rows, **{"hours-count": "4"},
        )  # fmt: skip

        assert campaign.windows == [
            {"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"},
            {"days": [5], "from": "10:00", "to": "24:00"},
        ]
        assert (campaign.window_zone, campaign.window_is_recipients) == ("America/New_York", True)
        assert (
            "Sends 09:00–18:00 Mon–Fri and 10:00–24:00 Sat where the recipient lives, else America/New_York."
            in words(answer)
        )

    def test_at_any_hour_takes_them_away(self, client: Client, campaign: Campaign) -> None:
        rows = hours(0, [0], "09:00", "18:00") | {"hours-count": "1"}
        post(client, campaign, hours="set", window_zone="UTC", **rows)
        post(client, campaign, hours="any", window_zone="UTC", **rows)

        assert (campaign.windows, campaign.window_zone) == ([], "")

    @pytest.mark.parametrize(
        ("row", "field", "sentence"),
        [
            (hours(0, [], "09:00", "18:00"), "days", "Choose at least one day."),
            (hours(0, [0], "", "18:00"), "begins", "Say from when."),
            (hours(0, [0], "09:00", ""), "ends", "Say until when."),
            (hours(0, [0], "09:00", "09:00"), "ends", "It begins and ends at the same time"),
            (hours(0, [0], "9 o'clock", "18:00"), "begins", "Enter a valid time."),
            (hours(0, [7], "09:00", "18:00"), "days", "7 is not one of"),
        ],
    )
    def test_a_bad_row_says_what_is_wrong_and_keeps_what_was_typed(
        self, client: Client, campaign: Campaign, row: dict[str, Any], field: str, sentence: str
    ) -> None:
        changes = {"hours": "set", "hours-count": "1", "delay_max": "7", **row}

        page = post(client, campaign, **changes)
        autosaved = post(client, campaign, autosave="1", **changes)

        assert sentence in words(page)
        assert "Something is missing in the sending hours." in words(page)
        assert f'data-field="hours-0-{field}"' in autosaved.content.decode()
        if row["hours-0-ends"]:
            assert f'value="{row["hours-0-ends"]}"' in page.content.decode()
        assert (campaign.windows, campaign.delay_max) == ([], 7)

    def test_rows_are_added_filled_and_removed_without_scripts(
        self, client: Client, campaign: Campaign
    ) -> None:
        rows = hours(0, [0], "07:00", "08:00") | {"hours": "set", "hours-count": "1", "notes": "kept"}

        added = post(client, campaign, do="hours_add", **rows)
        office = post(client, campaign, do="hours_office", **rows)
        removed = post(client, campaign, do="hours_remove:0", **rows)

        assert added.status_code == office.status_code == removed.status_code == 200
        assert 'name="hours-1-begins"' in added.content.decode()
        assert 'value="07:00"' in added.content.decode()
        assert 'value="18:00"' in office.content.decode()
        assert 'value="07:00"' not in office.content.decode()
        assert 'name="hours-0-begins"' not in removed.content.decode()
        assert "kept" in removed.content.decode()

    def test_office_hours_are_saved_by_the_same_click(self, client: Client, campaign: Campaign) -> None:
        post(client, campaign, do="hours_office", hours="any")

        assert campaign.windows == [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]

    def test_no_more_rows_than_a_campaign_keeps(self, client: Client, campaign: Campaign) -> None:
        page = post(client, campaign, do="hours_add", hours="set", **{"hours-count": "9999"})

        assert page.status_code == 200
        assert 'name="hours-51-begins"' not in page.content.decode()


class TestPaused:
    def test_before_its_start_everything_about_its_timing_can_be_changed(
        self, client: Client, member: Membership
    ) -> None:
        campaign = making.make_launchable(
            member.workspace, status=Status.PAUSED, paused_from="SCHEDULED", next_at=STARTS_AT, started_at=None,
            starts_at=STARTS_AT, launch=Launch.RECURRING, repeat_every=1, repeat_unit="WEEK", zone="Europe/Berlin",
        )  # fmt: skip

        page = client.get(url(campaign, "edit/"))
        post(
            client, campaign, launch="NOW", repeat_every="3", repeat_unit="DAY", hours="set",
            **START, **hours(0, [0], "09:00", "18:00"), **{"hours-count": "1"},
        )  # fmt: skip

        html = page.content.decode()
        assert 'name="repeat_every"' in html
        assert 'name="end_date"' not in html
        assert 'name="subject"' not in html
        assert (campaign.status, campaign.launch) == (Status.PAUSED, Launch.RECURRING)
        assert (campaign.repeat_every, campaign.repeat_unit, len(campaign.windows)) == (3, "DAY", 1)

    def test_after_its_start_the_start_is_a_fact(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(
            member.workspace, status=Status.PAUSED, starts_at=STARTS_AT, ends_at=ENDS_AT, launch=Launch.SPREAD,
            zone="Europe/Berlin",
        )  # fmt: skip

        page = client.get(url(campaign, "edit/"))
        post(client, campaign, error_percent="30", **(END | {"end_date": "2026-03-21"}), zone="Europe/Berlin")

        assert 'name="date"' not in page.content.decode()
        assert 'name="end_date"' in page.content.decode()
        assert (campaign.starts_at, campaign.error_percent) == (STARTS_AT, 30)
        assert campaign.ends_at == datetime(2026, 3, 21, 18, tzinfo=BERLIN)


class TestOverview:
    def test_head_and_setup_tell_the_timing_in_words(self, client: Client, member: Membership) -> None:
        campaign = making.make_launchable(
            member.workspace, status=Status.SCHEDULED, starts_at=STARTS_AT, next_at=STARTS_AT, zone="Europe/Berlin",
            launch=Launch.RECURRING, repeat_every=2, repeat_unit="WEEK", missed_policy="LATE", missed_hours=2,
            windows=[{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}], error_percent=20,
        )  # fmt: skip

        text = words(client.get(url(campaign)))

        assert (
            "Every 2 weeks on Monday at 09:00, next on Mon 16 Mar 2026, 09:00 Europe/Berlin; "
            "sends 09:00–18:00 Mon–Fri Europe/Berlin" in text
        )
        assert "If its start is missed Sent late, up to 2 hours" in text
        assert "Pauses when more than 20 % fail" in text


def test_a_viewer_and_a_stranger_change_no_timing(member: Membership, campaign: Campaign) -> None:
    viewer = signed_in(making.make_member(member.workspace, Role.VIEWER))
    stranger = signed_in(making.make_member())
    data = said(campaign, launch="SCHEDULE", **START)

    for client, status in ((viewer, 403), (stranger, 404)):
        assert client.get(url(campaign, "edit/")).status_code == status
        assert client.post(url(campaign, "edit/"), data).status_code == status
    campaign.refresh_from_db()
    assert (campaign.launch, campaign.starts_at) == (Launch.NOW, None)
