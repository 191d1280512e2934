"""The calendar: what moving something to another day does, and that strangers move nothing."""

from datetime import datetime

import pytest
from django.test import Client

from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Status
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in, url, words
from tests.integration.campaigns.timing.march import NOW, Schedule, berlin

pytestmark = pytest.mark.django_db


class TestMoving:
    def test_it_asks_first_with_old_and_new_and_then_moves(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        campaign = schedule(3, 12, name="Spring")
        data = {"from": berlin(3, 12).isoformat(), "date": "2026-04-02", "time": "11:30"}

        question = client.post(url(campaign, "move/"), data)
        asked = Campaign.objects.get()
        answer = client.post(url(campaign, "move/"), data | {"confirmed": "1"})

        campaign.refresh_from_db()
        assert "From Thursday 12 March 2026, 09:00 to Thursday 2 April 2026, 11:30 Europe/Berlin." in words(
            question
        )
        assert asked.starts_at == berlin(3, 12)
        assert (campaign.starts_at, campaign.next_at) == (berlin(4, 2, 11, 30), berlin(4, 2, 11, 30))
        assert campaign.status == Status.SCHEDULED
        assert answer["Location"] == (
            f"/w/{member.workspace.slug}/calendar/?view=month&date=2026-04-02#on-{campaign.public_id}-20260402"
        )

    def test_it_is_in_the_trail_with_old_and_new(
        self, client: Client, member: Membership, schedule: Schedule
    ) -> None:
        campaign = schedule(3, 12)

        client.post(
            url(campaign, "move/"),
            {"from": berlin(3, 12).isoformat(), "day": "2026-03-14", "confirmed": "1"},
        )

        event = AuditEvent.objects.get(object_id=str(campaign.public_id))
        assert (event.action, event.actor) == ("campaign.reschedule", member.user)
        old, new = (datetime.fromisoformat(text) for text in event.changes["starts_at"])
        assert (old, new) == (berlin(3, 12), berlin(3, 14))
        assert "Moved to another time" in words(client.get(url(campaign, "audit/")))

    def test_another_day_keeps_the_time_of_day_across_a_clock_change(
        self, client: Client, schedule: Schedule
    ) -> None:
        campaign = schedule(3, 27, 23, 15)

        client.post(
            url(campaign, "move/"),
            {"from": berlin(3, 27, 23, 15).isoformat(), "day": "2026-03-30", "confirmed": "1"},
        )

        campaign.refresh_from_db()
        assert campaign.next_at == berlin(3, 30, 23, 15)

    def test_one_whose_start_was_missed_is_moved_and_awaited_again(
        self, client: Client, schedule: Schedule
    ) -> None:
        campaign = schedule(3, 9, missed_at=berlin(3, 9, 10))
        missed = berlin(3, 9).isoformat()

        page = client.get(url(campaign, "planned/"), {"at": missed})
        client.post(url(campaign, "move/"), {"from": missed, "day": "2026-03-12", "confirmed": "1"})

        campaign.refresh_from_db()
        assert "Its start was missed" in words(page)
        assert (campaign.next_at, campaign.missed_at) == (berlin(3, 12), None)

    def test_a_day_is_meant_in_the_viewers_zone_and_the_question_names_both(
        self, member: Membership, schedule: Schedule
    ) -> None:
        """02:00 in Berlin is the evening before in New York: one day on is one day on in both."""
        campaign = schedule(3, 13, 2)
        member.user.zone = "America/New_York"
        member.user.save()

        question = signed_in(member).post(
            url(campaign, "move/"), {"from": berlin(3, 13, 2).isoformat(), "day": "2026-03-13"}
        )

        assert "to Saturday 14 March 2026, 02:00 Europe/Berlin." in words(question)
        assert "In your own time that is Friday 13 March 2026, 21:00 America/New_York." in words(question)

    def test_moving_one_date_of_a_recurring_campaign_moves_all(
        self, client: Client, schedule: Schedule
    ) -> None:
        campaign = schedule(3, 12, launch=Launch.RECURRING, repeat_every=1, repeat_unit="WEEK")
        data = {"from": berlin(3, 26).isoformat(), "day": "2026-03-28", "next": "/"}

        question = client.post(url(campaign, "move/"), data)
        client.post(url(campaign, "move/"), data | {"confirmed": "1"})

        campaign.refresh_from_db()
        assert "The next are Sat 14 Mar 2026, 09:00; Sat 21 Mar 2026, 09:00" in words(question)
        assert (campaign.starts_at, campaign.next_at) == (berlin(3, 14), berlin(3, 14))

    def test_a_script_is_told_the_question_or_the_reason_why_not(
        self, client: Client, schedule: Schedule
    ) -> None:
        campaign = schedule(3, 12, name="Spring")
        data = {"from": berlin(3, 12).isoformat(), "ask": "1"}

        question = client.post(url(campaign, "move/"), data | {"day": "2026-03-14"}).json()
        refused = client.post(url(campaign, "move/"), data | {"day": "2026-03-02"}).json()

        campaign.refresh_from_db()
        assert question["title"] == "Move “Spring”?"
        assert refused == {"refused": "That time has passed already."}
        assert campaign.next_at == berlin(3, 12)

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            ({"date": "2026-03-01", "time": "09:00"}, "passed already"),
            ({"date": "2026-03-20"}, "Give both"),
            ({"day": "tomorrow"}, "Give a date"),
            ({"from": "then", "day": "2026-03-20"}, "which of its dates"),
            ({"from": "2026-03-11T08:00:00Z", "day": "2026-03-20"}, "changed meanwhile"),
        ],
    )
    def test_what_cannot_be_is_refused_with_the_reason(
        self, client: Client, member: Membership, schedule: Schedule, data: dict[str, str], sentence: str
    ) -> None:
        campaign = schedule(3, 12)
        posted = {"from": berlin(3, 12).isoformat(), "confirmed": "1"} | data

        answer = client.post(url(campaign, "move/"), posted, follow=True)

        campaign.refresh_from_db()
        assert sentence in words(answer)
        assert campaign.next_at == berlin(3, 12)

    def test_what_has_started_meanwhile_is_not_moved(self, client: Client, schedule: Schedule) -> None:
        campaign = schedule(3, 12, status=Status.SENDING, next_at=None, started_at=NOW)

        answer = client.post(
            url(campaign, "move/"),
            {"from": berlin(3, 12).isoformat(), "day": "2026-03-20", "confirmed": "1"},
            follow=True,
        )

        assert "this one is sending" in words(answer)

    @pytest.mark.parametrize("role", [Role.VIEWER])
    def test_whoever_may_not_launch_may_not_move(
        self, member: Membership, schedule: Schedule, role: Role
    ) -> None:
        campaign = schedule(3, 12, name="Spring")
        other = signed_in(making.make_member(member.workspace, role))

        page = other.get(f"/w/{member.workspace.slug}/calendar/")
        answer = other.post(
            url(campaign, "move/"),
            {"from": berlin(3, 12).isoformat(), "day": "2026-03-20", "confirmed": "1"},
            follow=True,
        )

        campaign.refresh_from_db()
        assert "Spring" in words(page)
        assert "data-move=" not in page.content.decode()
        assert answer.status_code == 403
        assert campaign.next_at == berlin(3, 12)


def test_a_stranger_sees_no_calendar_no_date_and_moves_nothing(
    member: Membership, schedule: Schedule
) -> None:
    campaign = schedule(3, 12, name="Spring")
    stranger = making.make_member()
    client = signed_in(stranger)
    data = {"from": berlin(3, 12).isoformat(), "day": "2026-03-20", "confirmed": "1"}

    assert client.get(f"/w/{member.workspace.slug}/calendar/").status_code == 404
    assert client.get(url(campaign, "planned/")).status_code == 404
    assert client.post(url(campaign, "move/"), data).status_code == 404
    own = f"/w/{stranger.workspace.slug}/campaigns/{campaign.public_id}/"
    assert client.get(f"{own}planned/").status_code == 404
    assert client.post(f"{own}move/", data).status_code == 404
    assert "Spring" not in words(client.get(f"/w/{stranger.workspace.slug}/calendar/"))
    campaign.refresh_from_db()
    assert campaign.next_at == berlin(3, 12)
