"""The errors tab: messages and job apart, both on the badge, each with its cure and the way to the people."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from clarion.audience.models import Source
from clarion.campaigns import lifecycle
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Action
from clarion.channels import registry
from clarion.deliveries import troubles
from clarion.deliveries.models import Outage, Run, RunProblem, RunStep
from clarion.deliveries.states import Stage
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender
from clarion.web import campaign_live
from clarion.workspaces import actors
from tests import ledgers
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign_live, "snapshots", campaign_live.Snapshots())


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    return ledgers.make_run(campaign, sent=60, failed=8, unknown=3, waiting=5, pending=15)


def url(campaign: Campaign, tab: str = "errors/") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/{tab}"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def make_outage(run: Run, **facts: Any) -> Outage:
    now = timezone.now()
    values = {
        "sender": Sender.objects.get(), "lane": 0, "run_ids": [run.pk], "began_at": now, "seen_at": now,
        "until": now + timedelta(seconds=30), "reason": Reason.CONNECTION_FAILED, "detail": "Connection refused",
    }  # fmt: skip
    return Outage.objects.create(**values | facts)


def test_the_badge_counts_both_kinds_and_each_kind_its_own(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    make_outage(run, ended_at=timezone.now())
    client = client_of(people.alice)

    counts = troubles.counts(campaign, run)
    page = text(client, url(campaign, "errors/?type=messages"))
    now = client.get(url(campaign, "now/")).json()

    # Eight that failed; three that the broken connection left unknown, and the outage.
    assert (counts.messages, counts.job) == (8, 4)
    assert troubles.troubles(campaign, run).counts == counts
    assert now["values"]["problems"] == "12"
    assert "Messages <em>8</em>" in page
    assert "Job <em>4</em>" in page


def test_messages_and_the_job_are_told_apart(people: ledgers.People, campaign: Campaign, run: Run) -> None:
    messages = text(client_of(people.alice), url(campaign, "errors/?type=messages"))
    job = text(client_of(people.alice), url(campaign, "errors/?type=job"))

    assert "There is no such recipient." in messages
    assert "There is no such recipient." not in job
    assert "The connection broke" in job
    assert "The connection broke" not in messages
    assert "recipients/?status=unknown&amp;reason=102" in job


def test_outages_are_shown_with_their_words_span_and_sender(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    began = timezone.now()
    make_outage(run, began_at=began, ended_at=began + timedelta(seconds=90), openings=4)

    page = text(client_of(people.alice), url(campaign, "errors/?type=job"))

    assert "The provider could not be reached." in page
    assert "Connection refused" in page
    assert "1 minute 30 seconds" in page
    assert f"/senders/{Sender.objects.get().public_id}/" in page


def test_an_outage_that_goes_on_is_said_to_last(people: ledgers.People, campaign: Campaign, run: Run) -> None:
    make_outage(run)

    assert "It lasts" in text(client_of(people.alice), url(campaign, "errors/?type=job"))


def test_rows_of_the_file_that_cannot_be_used_are_errors_of_the_job(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    Source.objects.filter(campaign=campaign).update(row_count=100, bad_count=7)

    page = text(client_of(people.alice), url(campaign, "errors/?type=job"))

    assert "7 rows of 100 in the file cannot be used" in page
    assert f"/sources/{campaign.source.public_id}/rejected.csv" in page  # type: ignore[union-attr]


def test_exhausted_attempts_are_errors_of_the_job(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    RunProblem.objects.create(
        run=run, step=0, stage=Stage.FAILED, reason=Reason.ATTEMPTS_EXHAUSTED, code="451", count=2
    )

    page = text(client_of(people.alice), url(campaign, "errors/?type=job"))

    assert "Every attempt was put off by the provider." in page
    assert "status=failed&amp;reason=502" in page


def test_a_code_links_to_the_providers_own_words_on_it(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    RunStep.objects.filter(run_id=run.pk).update(channel="waba")
    RunProblem.objects.create(
        run=run, step=0, stage=Stage.FAILED, reason=Reason.RECIPIENT_REFUSED, code="131026", count=1
    )

    page = text(client_of(people.alice), url(campaign, "errors/?type=messages"))

    link = f'href="{registry.get("waba").code_url("131026")}" rel="noreferrer noopener">What 131026 means</a>'
    assert link in page
    assert page.count('rel="noreferrer noopener">What') == 1  # not of the codes that are no provider's


def test_one_reason_is_sent_again_from_here_after_a_question_with_its_number(
    people: ledgers.People, campaign: Campaign, run: Run
) -> None:
    client = client_of(people.alice)
    page = text(client, url(campaign, "errors/?type=messages"))
    assert '<input type="hidden" name="reason" value="301">' in page

    question = client.post(url(campaign, "retry/"), {"reason": "301"}).content.decode()
    assert "8 messages are sent again." in question
    assert '<input type="hidden" name="reason" value="301">' in question
    client.post(url(campaign, "retry/"), {"reason": "301", "confirmed": "1"})

    run.refresh_from_db()
    assert (run.failed, run.pending) == (0, 28)
    assert "Retry these" not in text(client_of(people.vera), url(campaign))


def test_the_tab_opens_where_there_is_something_to_see(people: ledgers.People) -> None:
    campaign = ledgers.make_campaign(people.alice)
    ledgers.make_run(campaign, sent=1, pending=1)
    assert "No message failed" in text(client_of(people.alice), url(campaign))

    lifecycle.move(campaign, Action.FAIL, by=actors.system(people.workspace), reason="The file is gone.")

    assert "The file is gone." in text(client_of(people.alice), url(campaign))


def test_strangers_find_no_errors(people: ledgers.People, campaign: Campaign, run: Run) -> None:
    assert client_of(people.mallory).get(url(campaign)).status_code == 404
    assert client_of(people.mallory).get(url(campaign, "errors/?type=job")).status_code == 404
