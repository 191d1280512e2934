"""The people of a campaign: the table, the drawer, masks for those who may not see them, settling unknowns."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import Result
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db

#: 1-5 skipped, 6-65 sent, 66-73 failed, 74-76 unknown, 77-81 waiting, 82-85 in flight, 86-100 pending.
KINDS = {"skipped": 5, "sent": 60, "failed": 8, "unknown": 3, "waiting": 5, "in_flight": 4, "pending": 15}


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
    return ledgers.make_run(campaign, **KINDS)


def url(campaign: Campaign, rest: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/recipients/{rest}"


def text(client: Client, address: str, **kwargs: Any) -> str:
    answer = client.get(address, **kwargs)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


class TestTable:
    def test_it_pages_both_ways(self, people: ledgers.People, campaign: Campaign, run: Run) -> None:
        client = client_of(people.alice)

        first = text(client, url(campaign))
        second = text(client, url(campaign, "?after=50"))

        assert "1–50 of 100" in first
        assert "after=50" in first
        assert "51–100 of 100" in second
        assert "before=51" in second
        assert "after=" not in second.split('class="pager"')[1]

    def test_a_filter_shows_how_many_fit(self, people: ledgers.People, campaign: Campaign, run: Run) -> None:
        page = text(client_of(people.alice), url(campaign, "?status=failed"))

        assert page.count("table__link") == 8
        assert "8 of 8, numbers 66 to 73" in page
        assert "There is no such recipient." in page

    def test_what_it_cannot_understand_is_left_out(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        query = "?status=nonsense&result=SENT&reason=x&skip=9&after=-1&before=²&code=&q=%00"

        assert text(client_of(people.alice), url(campaign, query)).count("table__link") == 50

    def test_nobody_matching_and_nobody_at_all_are_told_apart(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        assert "Nobody matches" in text(client_of(people.alice), url(campaign, "?result=replied"))
        empty = ledgers.make_campaign(people.alice)
        ledgers.make_run(empty)
        assert "Nobody is here yet" in text(client_of(people.alice), url(empty))

    def test_htmx_gets_the_table_alone(self, people: ledgers.People, campaign: Campaign, run: Run) -> None:
        headers = {"HX-Request": "true", "HX-Target": "results"}

        fragment = text(client_of(people.alice), url(campaign, "?status=sent"), headers=headers)

        assert fragment.startswith('<div class="sheet" id="results">')
        assert len(fragment) < 80_000

    def test_its_queries_do_not_grow_with_its_rows(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        client = client_of(people.alice)
        client.get(url(campaign))
        with CaptureQueriesContext(connection) as few:
            client.get(url(campaign, "?status=unknown"))
        with CaptureQueriesContext(connection) as many:
            client.get(url(campaign, "?status=sent"))

        assert len(few) == len(many) <= 20

    def test_a_campaign_without_a_run_leads_to_its_overview(self, people: ledgers.People) -> None:
        draft = ledgers.make_campaign(people.alice, status=Status.DRAFT, started_at=None)

        assert client_of(people.alice).get(url(draft)).status_code == 302


class TestMasks:
    def test_a_viewer_sees_no_name_and_no_address_anywhere(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        RunStep.objects.update(
            content={"subject": "Hi {{ first_name }}", "text": "Dear {{ last_name }}", "html": ""}
        )
        client = client_of(people.vera)

        for rest in ("", "?status=failed", "66/", "12/", "74/"):
            page = text(client, url(campaign, rest))
            assert "person00000" not in page
            assert "Number 12" not in page
            assert "p•••@e•••.test" in page
        assert client.get(url(campaign, "12/message/0/")).status_code == 403

    def test_a_viewer_finds_whose_whole_address_they_know_and_nobody_by_guessing(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        client = client_of(people.vera)

        for words, count in (("person0000012@example.tes", 0), ("person", 0), ("Ada Number 12", 0),
                             ("Person0000012@example.test", 1)):  # fmt: skip
            page = text(client, url(campaign, f"?q={words}"))
            assert page.count("table__link") == count
            assert "Your role finds people by their whole address" in page
        assert text(client, url(campaign, "?q=%2312")).count("table__link") == 1
        assert text(client, url(campaign, "?q=4bXy0000012")).count("table__link") == 1

    def test_an_author_sees_them(self, people: ledgers.People, campaign: Campaign, run: Run) -> None:
        assert "person0000012@example.test" in text(client_of(people.bob), url(campaign))


class TestDetails:
    def test_the_drawer_shows_attempts_receipts_and_the_message(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        ledgers.add_receipts(run, [12], Result.DELIVERED)

        page = text(client_of(people.alice), url(campaign, "12/"), headers={"HX-Request": "true"})

        assert "<html" not in page
        for words in ("Ada Number 12", "Accepted by the provider", "250 2.0.0", "Delivered", "Hello Ada"):
            assert words in page

    def test_the_message_is_a_document_without_scripts_that_only_we_may_frame(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        html = "<p onclick='x()'>Hi {{ first_name }}</p><script>x()</script>"
        RunStep.objects.update(content={"subject": "Hi", "text": "Hi there", "html": html})
        client = client_of(people.alice)

        answer = client.get(url(campaign, "12/message/0/"))

        policy = answer["Content-Security-Policy"]
        assert "Hi Ada" in answer.content.decode()
        assert "script-src 'none'" in policy or "script-src" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert "Hi there" in text(client, url(campaign, "12/message/0/?as=text"))
        assert client.get(url(campaign, "12/message/7/")).status_code == 404

    def test_a_number_that_there_is_not_is_404(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        assert client_of(people.alice).get(url(campaign, "999/")).status_code == 404


class TestSettling:
    def post(self, member: Membership, campaign: Campaign, **fields: str) -> Any:
        address = url(campaign).replace("/recipients/", "/unknowns/")
        return client_of(member).post(address, fields, follow=True)

    def test_it_asks_first_with_the_number(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        answer = self.post(people.alice, campaign, choice="sent")

        assert "3 messages are taken for delivered" in answer.content.decode()
        run.refresh_from_db()
        assert run.unknown == 3

    @pytest.mark.parametrize(
        ("fields", "unknown", "sent", "pending"),
        [
            ({"choice": "sent"}, 0, 63, 20),
            ({"choice": "again"}, 0, 60, 23),
            ({"choice": "sent", "ids": "74,75,x,"}, 1, 62, 20),
            ({"choice": "sent", "reason": "102", "code": "-"}, 0, 63, 20),
            ({"choice": "sent", "reason": "103"}, 3, 60, 20),
        ],
        ids=str,
    )
    def test_confirmed_it_settles_what_was_chosen(
        self,
        people: ledgers.People,
        campaign: Campaign,
        run: Run,
        fields: dict[str, str],
        unknown: int,
        sent: int,
        pending: int,
    ) -> None:
        answer = self.post(people.alice, campaign, confirmed="1", **fields)

        assert answer.status_code == 200
        run.refresh_from_db()
        assert (run.unknown, run.sent, run.pending) == (unknown, sent, pending)

    def test_an_ended_campaign_says_why_nothing_is_sent_again(self, people: ledgers.People) -> None:
        ended = ledgers.make_campaign(people.alice, status=Status.COMPLETED)
        run = ledgers.make_run(ended, finished=True, unknown=2)

        answer = self.post(people.alice, ended, confirmed="1", choice="again")

        assert "does not send any more" in answer.content.decode()
        run.refresh_from_db()
        assert run.unknown == 2
        page = text(client_of(people.alice), url(ended))
        assert 'aria-disabled="true" title="This campaign does not send any more."' in page

    def test_a_viewer_may_not_and_for_a_stranger_it_is_not_there(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        assert "Mark as sent" not in text(client_of(people.vera), url(campaign))
        assert self.post(people.vera, campaign, confirmed="1", choice="sent").status_code == 403
        assert self.post(people.mallory, campaign, confirmed="1", choice="sent").status_code == 404
        run.refresh_from_db()
        assert run.unknown == 3
