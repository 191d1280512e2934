"""A campaign's page: every tab, what it polls, whom it is closed to, and what a viewer does not see."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.campaigns import lifecycle
from clarion.campaigns.models import Campaign, Launch
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.deliveries.models import Run, RunStep, Worker
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.web import campaign_live
from clarion.workspaces import actors
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db

KINDS = {"skipped": 5, "sent": 60, "failed": 8, "unknown": 3, "waiting": 5, "in_flight": 4, "pending": 15}
TABS = [
    "",
    "recipients/",
    "errors/",
    "runs/",
    "audit/",
    "now/",
    "head/",
    "part/body/",
    "part/chart/",
    "part/cards/",
]


@pytest.fixture(autouse=True)
def _no_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_live, "snapshots", campaign_live.Snapshots())


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people(zone="Europe/Berlin")


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
    return ledgers.make_run(campaign, **KINDS)


def url(campaign: Campaign, tab: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/{tab}"


def text(client: Client, address: str, status: int = 200, **kwargs: Any) -> str:
    answer = client.get(address, **kwargs)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("tab", [*TABS, "recipients/12/", "recipients/12/message/0/"])
def test_every_address_is_there_for_members_and_not_for_strangers(
    people: ledgers.People, campaign: Campaign, run: Run, tab: str
) -> None:
    assert client_of(people.bob).get(url(campaign, tab)).status_code == 200
    assert client_of(people.mallory).get(url(campaign, tab)).status_code == 404
    elsewhere = url(campaign, tab).replace(campaign.workspace.slug, people.mallory.workspace.slug)
    assert client_of(people.mallory).get(elsewhere).status_code == 404
    assert Client().get(url(campaign, tab)).status_code == 302


class TestOverview:
    def test_it_shows_the_figures_and_that_they_reconcile(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        page = text(client_of(people.alice), url(campaign))

        assert 'data-live="targets">95<' in page
        assert 'data-live="sent">60<' in page
        assert 'data-live="not_delivered">11<' in page
        assert "Totals reconcile:" in page
        assert "3 messages are unknown" in page

    def test_the_waterfall_comes_to_all_who_were_skipped(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        Run.objects.filter(pk=run.pk).update(waterfall={"suppressed": run.skipped - 1})

        falls = text(client_of(people.alice), url(campaign)).split('class="waterfall"')[1].split("</ol>")[0]

        assert [int(part.split("<")[0]) for part in falls.split("<b>−")[1:]] == [run.skipped - 1, 1]
        assert falls.index("Suppressed") < falls.index("Skipped later")

    def test_a_start_that_was_missed_is_not_waited_for(self, people: ledgers.People) -> None:
        missed = ledgers.make_campaign(
            people.alice, status=Status.SCHEDULED, started_at=None, launch=Launch.SCHEDULE,
            next_at=timezone.now(), missed_at=timezone.now(),
        )  # fmt: skip

        page = text(client_of(people.alice), url(missed))

        assert "<h2>Missed its start</h2>" in page
        assert "Waits for its start" not in page
        assert "Change the timing" in page
        assert "Start now" in page

    @pytest.mark.parametrize("status", list(Status))
    def test_schedule_and_delays_are_one_click_away_in_draft_and_paused(
        self, people: ledgers.People, status: Status
    ) -> None:
        values: dict[str, Any] = {"next_at": timezone.now()} if status is Status.SCHEDULED else {}
        one = ledgers.make_campaign(people.alice, status=status, **values)
        link = f'href="{url(one, "edit/")}#timing"'

        shown = text(client_of(people.alice), url(one))

        assert (link in shown) == (status in (Status.DRAFT, Status.PAUSED))
        assert link not in text(client_of(people.vera), url(one))

    def test_the_average_is_of_what_was_taken_while_something_was(self, people: ledgers.People) -> None:
        over = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        made = ledgers.make_run(over, finished=True, sent=120, failed=4_000)
        began = timezone.now() - timedelta(hours=1)
        Run.objects.filter(pk=made.pk).update(first_sent_at=began, last_sent_at=began + timedelta(minutes=1))

        page = text(client_of(people.alice), url(over))

        assert "2 messages/s on average" in page
        assert "took 1 minute" in page

    def test_a_draft_says_that_nothing_was_sent(self, people: ledgers.People) -> None:
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, started_at=None)

        page = text(client_of(people.alice), url(draft))

        assert "Nothing has been sent yet" in page
        assert "data-live-url" not in page
        assert "Recipients" not in page.split('class="tabs"')[1].split("</nav>")[0]

    def test_it_names_what_holds_the_campaign(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        Sender.objects.update(status=SenderStatus.BLOCKED, status_reason="The provider refused it.")
        assert "No sending process is running" in text(client_of(people.alice), url(campaign))
        Worker.objects.create(name="w", host="h", pid=1)
        type(campaign.workspace).objects.update(halted_at=timezone.now())

        page = text(client_of(people.alice), url(campaign))

        assert "The workspace is halted" in page
        assert "is blocked" in page
        assert "No sending process is running" not in page

    def test_a_provider_that_is_given_a_rest_is_named_with_its_end(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        Worker.objects.create(name="w", host="h", pid=1)
        until = timezone.now() + timedelta(minutes=2)
        SenderLane.objects.create(
            sender=Sender.objects.get(), lane=0, open_until=until, open_reason=104, open_detail="421 Down"
        )

        page = text(client_of(people.alice), url(campaign))

        assert "The provider said that it is not available. 421 Down" in page

    def test_a_pause_says_why(self, people: ledgers.People, campaign: Campaign, run: Run) -> None:
        lifecycle.move(
            campaign,
            Action.PAUSE,
            by=actors.system(people.workspace),
            cause=PauseCause.ERRORS,
            reason="21 % failed.",
        )

        page = text(client_of(people.alice), url(campaign))

        assert "Paused because of too many errors" in page
        assert "21 % failed." in page

    def test_an_earlier_run_is_shown_by_its_number(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        ledgers.make_run(campaign, number=2, sent=7)

        assert 'data-live="sent">7<' in text(client_of(people.alice), url(campaign))
        earlier = text(client_of(people.alice), url(campaign) + "?run=1")
        assert "This is run 1" in earlier
        assert 'data-live="sent">60<' in earlier
        assert client_of(people.alice).get(url(campaign) + "?run=3").status_code == 404

    def test_a_viewer_is_offered_nothing_to_do(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        page = text(client_of(people.vera), url(campaign)).split("<main")[1].split("</main>")[0]

        assert "<form" not in page

    def test_the_queries_of_the_page_do_not_grow(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        client = client_of(people.alice)
        client.get(url(campaign))
        with CaptureQueriesContext(connection) as counted:
            client.get(url(campaign))

        assert len(counted) <= 30


class TestNow:
    def test_it_is_304_until_something_moves(
        self, people: ledgers.People, campaign: Campaign, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(campaign_live, "SNAPSHOT_SECONDS", 0)
        monkeypatch.setattr(campaign_live, "REDRAW_SECONDS", 10**9)
        client = client_of(people.alice)
        first = client.get(url(campaign, "now/"))
        told = json.loads(first.content)

        again = client.get(url(campaign, "now/"), headers={"If-None-Match": first["ETag"]})
        Run.objects.filter(pk=run.pk).update(sent=61, pending=19)
        moved = client.get(url(campaign, "now/"), headers={"If-None-Match": first["ETag"]})

        assert (told["values"]["sent"], told["final"]) == (60, False)
        assert told["bars"]["progress"]["sent"] == [0, 63.16]
        assert again.status_code == 304
        assert json.loads(moved.content)["values"]["sent"] == 61

    def test_what_the_cards_say_moves_with_the_figures_above_them(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        client = client_of(people.alice)
        told = json.loads(client.get(url(campaign, "now/")).content)["values"]
        page = text(client, url(campaign))

        for key in ("sum_sent", "sum_pending", "sum_in_flight", "message_accepted", "channel_0", "problems"):
            assert f'data-live="{key}"' in page
            assert key in told
        assert told["sum_sent"] == told["sent"] == 60

    def test_the_next_poll_tells_that_nothing_can_move_any_more(
        self, people: ledgers.People, campaign: Campaign, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(campaign_live, "SNAPSHOT_SECONDS", 0)
        client = client_of(people.alice)

        def notices() -> str:
            versions = json.loads(client.get(url(campaign, "now/")).content)["versions"]
            return str(versions["notices"])

        before = notices()
        lane, _created = SenderLane.objects.update_or_create(
            sender=Sender.objects.get(),
            lane=0,
            defaults={"open_until": timezone.now() + timedelta(seconds=30), "open_reason": 1},
        )
        resting = notices()
        lane.open_until = None
        lane.save()

        assert resting != before
        assert notices() == before

    def test_one_snapshot_serves_everybody_for_a_second(
        self, people: ledgers.People, campaign: Campaign, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            campaign_live, "SNAPSHOT_SECONDS", 60.0
        )  # its second may be over on a busy machine
        client_of(people.alice).get(url(campaign, "now/"))
        client = client_of(people.bob)
        client.get(url(campaign, "head/"))
        with CaptureQueriesContext(connection) as counted:
            answer = client.get(url(campaign, "now/"))

        assert answer.status_code == 200
        assert not [query for query in counted.captured_queries if "deliveries_" in query["sql"]]

    def test_a_stranger_is_not_served_from_anothers_snapshot(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        client_of(people.alice).get(url(campaign, "now/"))

        elsewhere = url(campaign, "now/").replace(campaign.workspace.slug, people.mallory.workspace.slug)
        assert client_of(people.mallory).get(elsewhere).status_code == 404

    @pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.STOPPED])
    def test_an_ended_campaign_is_final(self, people: ledgers.People, status: Status) -> None:
        ended = ledgers.make_campaign(people.alice, status=status)
        ledgers.make_run(ended, finished=True, sent=3)

        assert json.loads(client_of(people.alice).get(url(ended, "now/")).content)["final"] is True
        assert "data-live-url" not in text(client_of(people.alice), url(ended))

    def test_a_cancelled_campaign_goes_on_until_its_run_is_settled(self, people: ledgers.People) -> None:
        ending = ledgers.make_campaign(people.alice, status=Status.CANCELLED)
        ledgers.make_run(ending, sent=3, pending=2)

        assert json.loads(client_of(people.alice).get(url(ending, "now/")).content)["final"] is False

    def test_speed_and_time_left_are_told_in_words(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        SenderLane.objects.create(sender=Sender.objects.get(), lane=0, worker_id=1, rate=2)

        values = json.loads(client_of(people.alice).get(url(campaign, "now/")).content)["values"]

        assert (values["rate"], values["limit"], values["eta"]) == (
            "2 messages/s",
            "limit 200/s",
            "about 12 seconds left",
        )

    def test_a_scheduled_campaign_without_a_run_is_polled_for_its_state(self, people: ledgers.People) -> None:
        waiting = ledgers.make_campaign(people.alice, status=Status.SCHEDULED, started_at=None)

        told = json.loads(client_of(people.alice).get(url(waiting, "now/")).content)

        assert (told["final"], told["versions"]["body"]) == (False, "0-SCHEDULED")


class TestErrors:
    def test_they_are_told_by_reason_with_a_cure_and_lead_to_the_people(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        client = client_of(people.alice)
        page = text(client, url(campaign, "errors/"))

        assert "There is no such recipient." in page
        assert "Correct or remove the address" in page
        link = "recipients/?status=failed&amp;reason=301&amp;code=550+5.1.1"
        assert link in page
        people_page = text(client, url(campaign, link.replace("&amp;", "&")))
        assert people_page.count("table__link") == 8

    def test_what_went_wrong_with_the_campaign_itself_is_apart(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)
        ledgers.make_run(campaign, sent=1, pending=1)
        lifecycle.move(campaign, Action.FAIL, by=actors.system(people.workspace), reason="The file is gone.")

        assert "The file is gone." in text(client_of(people.alice), url(campaign, "errors/?type=job"))

    def test_without_errors_it_says_so(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)
        ledgers.make_run(campaign, sent=1)

        assert "No message failed" in text(client_of(people.alice), url(campaign, "errors/"))


def test_runs_are_listed_newest_first(people: ledgers.People, campaign: Campaign, run: Run) -> None:
    ledgers.make_run(campaign, number=2, sent=7)

    page = text(client_of(people.alice), url(campaign, "runs/"))

    assert page.index("?run=2") < page.index("?run=1")


def test_the_audit_tells_old_and_new(people: ledgers.People, campaign: Campaign, run: Run) -> None:
    lifecycle.move(campaign, Action.PAUSE, by=ledgers.actor(people.bob), reason="Wrong price <b>")

    page = text(client_of(people.alice), url(campaign, "audit/"))

    assert "<del><bdi>Sending</bdi></del>" in page
    assert "<ins><bdi>Paused</bdi></ins>" in page
    assert "Wrong price &lt;b&gt;" in page
    assert "Bob" in page


def test_counters_of_messages_are_shares_of_what_was_accepted(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    RunStep.objects.update(delivered=30, clicked=6)

    page = text(client_of(people.alice), url(campaign, "part/cards/"))

    assert '<span>Delivered</span><b data-live="message_delivered">30</b><em>50.0%</em>' in page
    assert '<span>Clicked</span><b data-live="message_clicked">6</b><em>10.0%</em>' in page
