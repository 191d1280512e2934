"""What is done inside a run, on its pages: keep it paused, retry what failed, refresh its targets."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.audience.models import Contact, Source, SourceKind, Suppression
from clarion.campaigns import offers
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.deliveries import building
from clarion.deliveries.models import Recipient, Refresh, Run
from clarion.deliveries.refreshes import queries as refreshes
from clarion.deliveries.refreshes.operations import run_refresh_job
from tests import ledgers
from tests.factories import client_of
from tests.integration.campaigns.reading import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("contexts")]


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def url(campaign: Campaign, tail: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/{tail}"


def shut(people: ledgers.People) -> Campaign:
    tomorrow = timezone.now() + timedelta(hours=12)
    return ledgers.make_campaign(
        people.alice, status=Status.PAUSED, pause_cause=PauseCause.WINDOW, resume_at=tomorrow,
        status_reason="Outside its sending hours until tomorrow.",
    )  # fmt: skip


def work_on(campaign: Campaign) -> None:
    """Do what the background job of the campaign's targets does."""
    asked = Refresh.objects.get(campaign=campaign)
    run_refresh_job(asked.pk, asked.number)


class TestHold:
    def test_a_campaign_outside_its_hours_is_kept_paused_and_then_continued_by_a_person(
        self, people: ledgers.People
    ) -> None:
        campaign, client = shut(people), client_of(people.alice)
        assert Action.CONTINUE not in offers.actions_for(campaign, people.alice)
        assert "Keep paused" in words(client.get(url(campaign)))

        answer = client.post(url(campaign, "hold/"), follow=True)

        campaign.refresh_from_db()
        assert "stays paused until somebody continues it" in words(answer)
        assert (campaign.pause_cause, campaign.resume_at) == (PauseCause.PERSON, None)
        assert Action.CONTINUE in offers.actions_for(campaign, people.alice)

    def test_it_cannot_be_continued_by_hand_before(self, people: ledgers.People) -> None:
        campaign = shut(people)
        answer = client_of(people.alice).post(url(campaign, "do/continue/"), follow=True)
        campaign.refresh_from_db()
        assert campaign.status == Status.PAUSED
        assert "outside the campaign&#x27;s sending hours" in words(answer)

    def test_a_viewer_is_told_and_a_stranger_finds_nothing(self, people: ledgers.People) -> None:
        campaign = shut(people)
        told = client_of(people.vera).post(url(campaign, "hold/"), follow=True)
        assert told.status_code == 403
        assert client_of(people.mallory).post(url(campaign, "hold/")).status_code == 404
        campaign.refresh_from_db()
        assert campaign.pause_cause == PauseCause.WINDOW


class TestRetry:
    @pytest.fixture
    def campaign(self, people: ledgers.People) -> Campaign:
        campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        ledgers.make_run(campaign, finished=True, sent=4, failed=3)
        address = "person0000005@example.test"
        Suppression.objects.create(
            workspace=people.workspace, channel="email", address=address, reason="BOUNCED"
        )
        return campaign

    def test_it_asks_with_the_numbers_and_then_sends_again(
        self, people: ledgers.People, campaign: Campaign
    ) -> None:
        client = client_of(people.alice)
        assert "Retry failed" in words(client.get(url(campaign)))

        asked = words(client.post(url(campaign, "retry/")))
        assert "2 messages are sent again." in asked
        assert "3 × There is no such recipient." in asked
        assert "1 is left out, because the address is suppressed." in asked
        assert Campaign.objects.get().status == Status.COMPLETED

        done = client.post(url(campaign, "retry/"), {"confirmed": "1"}, follow=True)
        assert "2 messages are sent again." in words(done)
        assert (Campaign.objects.get().status, Run.objects.get().pending) == (Status.SENDING, 2)

    def test_where_nothing_failed_it_is_not_offered_and_says_so(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        ledgers.make_run(campaign, finished=True, sent=4)
        client = client_of(people.alice)
        assert "Retry failed" not in words(client.get(url(campaign)))
        told = client.post(url(campaign, "retry/"), {"confirmed": "1"}, follow=True)
        assert "there is nothing to send again" in words(told)

    def test_a_viewer_is_told_and_a_stranger_finds_nothing(
        self, people: ledgers.People, campaign: Campaign
    ) -> None:
        assert "Retry failed" not in words(client_of(people.vera).get(url(campaign)))
        told = client_of(people.vera).post(url(campaign, "retry/"), {"confirmed": "1"}, follow=True)
        assert told.status_code == 403
        assert client_of(people.mallory).post(url(campaign, "retry/"), {"confirmed": "1"}).status_code == 404
        assert Campaign.objects.get().status == Status.COMPLETED


class TestRefresh:
    @pytest.fixture
    def campaign(self, people: ledgers.People) -> Campaign:
        for name in ("a", "b"):
            Contact.objects.create(workspace=people.workspace, email=f"{name}@example.test")
        source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
        campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
        building.build(campaign.pk)
        return campaigns.pause(campaign=campaign, by=ledgers.actor(people.alice))

    def numbers(self, client: Client, campaign: Campaign) -> Any:
        answer = client.get(url(campaign, "refresh/"))
        assert answer.status_code == 200
        return {str(stat.label): stat.value for stat in answer.context["stats"]}

    def test_it_shows_the_numbers_and_applies_them(self, people: ledgers.People, campaign: Campaign) -> None:
        client = client_of(people.alice)
        assert "Refresh targets" in words(client.get(url(campaign)))
        assert "Nothing has changed" in words(client.get(url(campaign, "refresh/")))
        Contact.objects.filter(email="b@example.test").delete()
        for name in ("c", "d"):
            Contact.objects.create(workspace=people.workspace, email=f"{name}@example.test")
        Contact.objects.filter(email="a@example.test").update(first_name="Ada")

        assert self.numbers(client, campaign) == {
            "People before": 2, "People now": 3, "Added": 2, "Removed": 1, "Changed": 1,
        }  # fmt: skip
        page = f"http://localhost{url(campaign, 'refresh/')}"
        done = client.post(url(campaign, "refresh/"), follow=True, headers={"referer": page})

        assert done.redirect_chain == [(url(campaign), 302)]
        assert "Added 2, removed 1, changed 1." in words(done)
        assert Recipient.objects.filter(skip=None).count() == 3

    def test_of_a_draft_the_count_is_noted(self, people: ledgers.People, campaign: Campaign) -> None:
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, source=campaign.source)
        client = client_of(people.alice)
        assert self.numbers(client, draft) == {"People now": 2}
        assert "2 people will get it." in words(client.post(url(draft, "refresh/"), follow=True))
        Contact.objects.create(workspace=people.workspace, email="c@example.test")
        assert self.numbers(client, draft) == {"People before": 2, "People now": 3, "Added": 1, "Removed": 0}

    def test_while_it_sends_it_is_not_offered_and_refused(
        self, people: ledgers.People, campaign: Campaign
    ) -> None:
        campaigns.continue_(campaign=campaign, by=ledgers.actor(people.alice))
        client = client_of(people.alice)
        assert "Refresh targets" not in words(client.get(url(campaign)))
        told = client.get(url(campaign, "refresh/"), follow=True)
        assert "That is not possible: the campaign is sending now." in words(told)

    def test_very_many_people_are_compared_and_changed_by_a_background_job(
        self, people: ledgers.People, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refreshes, "LARGE", 1)
        Contact.objects.create(workspace=people.workspace, email="c@example.test")
        client, page = client_of(people.alice), url(campaign, "refresh/")
        assert "So many people are compared in the background." in words(client.get(page))

        assert "Everybody is being compared." in words(client.post(page, {"do": "compare"}, follow=True))
        busy = client.get(f"{page}live/").json()
        assert (busy["final"], busy["versions"]) == (False, {"refresh": "2-QUEUED"})
        work_on(campaign)
        told = client.get(f"{page}state/")
        assert {str(stat.label): stat.value for stat in told.context["stats"]} == {
            "People before": 2, "People now": 3, "Added": 1, "Removed": 0, "Changed": 0,
        }  # fmt: skip
        assert (Recipient.objects.count(), client.get(f"{page}live/").json()["final"]) == (2, True)

        assert "The differences are being applied." in words(client.post(page, {"do": "apply"}, follow=True))
        work_on(campaign)
        assert "The differences were applied" in words(client.get(page))
        assert Recipient.objects.count() == 3
        for part in ("", "live/", "state/"):
            assert client_of(people.mallory).get(page + part).status_code == 404

    def test_a_viewer_is_told_and_a_stranger_finds_nothing(
        self, people: ledgers.People, campaign: Campaign
    ) -> None:
        told = client_of(people.vera).post(url(campaign, "refresh/"), follow=True)
        assert told.status_code == 403
        assert client_of(people.mallory).get(url(campaign, "refresh/")).status_code == 404
