"""A WhatsApp campaign from its file to the ledger: approved templates, messages, statuses, and what stops it."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from clarion.audience import operations as audience
from clarion.audience import reading
from clarion.audience.models import Source, Suppression
from clarion.campaigns import operations as campaigns
from clarion.campaigns import preflight
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import PauseCause, Status
from clarion.channels.base import HookRequest
from clarion.channels.waba.tests import server
from clarion.channels.waba.tests.making import call, entries, make_settings, status, value
from clarion.content.models import Approval, Template
from clarion.content.queries import latest_version
from clarion.deliveries import explain, ledger, provider_notices
from clarion.deliveries.causes import Kind
from clarion.deliveries.inbox import applying
from clarion.deliveries.models import Answer, Delivery, InboxEvent, Receipt, Run, RunStep
from clarion.deliveries.states import Result, Stage
from clarion.hooks import receiving
from clarion.senders import operations as senders
from clarion.senders.models import ProviderTemplate, Sender
from clarion.senders.provided import queries as provided
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests.acceptance.smtp import Running
from tests.factories import Cast, client_of, make_cast
from tests.travelling import Worker

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Hi {{ first_name }}, your order is on its way to {{ city|default('you', true) }}."
PEOPLE = "phone,first_name,city,order\n+4915112340001,Ada,Leipzig,7\n+4915112340002,Bo,,8\n+4915112340003,Cy,Ulm,9\n"


@pytest.fixture
def far() -> Iterator[server.Server]:
    """Run a Graph API in a thread of its own."""
    far = server.Server()
    running = Running({"far": far})
    receiving._remembered.clear()
    yield far
    running.close()


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.fixture
def sender(cast: Cast, far: server.Server) -> Sender:
    """A number whose templates are known."""
    made = senders.create_sender(
        by=actors.of_member(cast.alice), channel="waba", name="Shop", config=make_settings(api_url=far.url)
    )
    provider_notices.refresh(sender=made, by=actors.of_member(cast.alice))
    made.refresh_from_db()
    return made


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with Worker(None, tmp_path) as worker:  # type: ignore[arg-type]  # it lives by the real clock
        yield worker


def taken_over(cast: Cast, sender: Sender, name: str = "order_shipped", **extras: str) -> Template:
    """Take a template into the library by its page, and fill its values in there."""
    client = client_of(cast.alice)
    answer = client.post(f"/w/acme/senders/{sender.public_id}/templates/use/", {"name": name})
    assert answer.status_code == 302
    template = Template.objects.latest("pk")
    source = latest_version(template).source
    saved = client.post(
        f"/w/acme/templates/{template.public_id}/",
        {
            "name": name, "channel": "waba", "mode": "text", "language": source["language"], "source": TEXT,
            "subject": "Order {{ order }}", "provider_template": source["extras"]["provider_template"],
            "buttons": "{{ order }}", "edited": "",
        } | extras,
    )  # fmt: skip
    assert saved.status_code == 302, saved.content.decode()
    return template


def from_file(cast: Cast, rows: str = PEOPLE) -> Source:
    by = actors.of_member(cast.alice)
    source = audience.create_upload_source(
        by=by, file=io.BytesIO(rows.encode()), file_name="people.csv", channel="waba"
    )
    reading.read_source_job(source.pk)
    source.refresh_from_db()
    return source


def made(cast: Cast, sender: Sender, template: Template, rows: str = PEOPLE) -> Campaign:
    by = actors.of_member(cast.alice)
    campaign = campaigns.create_campaign(name="Shipped", by=by)
    campaigns.set_source(campaign=campaign, source=from_file(cast, rows), by=by)
    campaigns.set_step(
        campaign=campaign, channel="waba", by=by, sender=sender, template_version=latest_version(template)
    )
    return Campaign.objects.get(pk=campaign.pk)


def started(cast: Cast, sender: Sender, worker: Worker, rows: str = PEOPLE) -> Campaign:
    campaign = made(cast, sender, taken_over(cast, sender), rows)
    campaigns.start(campaign=campaign, by=actors.of_member(cast.alice))
    worker.look()
    campaign.refresh_from_db()
    return campaign


def ring(sender: Sender, told: Any) -> HttpResponse:
    """Have Meta call, and apply what it told."""
    request: HookRequest = call(told)
    answer: HttpResponse = Client(enforce_csrf_checks=True).post(
        f"/hooks/{sender.public_id}/", request.body, content_type="application/json",
        headers={"X-Hub-Signature-256": request.headers["x-hub-signature-256"]},
    )  # fmt: skip
    applying.apply_due()
    return answer


def told_of_template(event: str, name: str = "order_shipped", **facts: Any) -> dict[str, Any]:
    about = {
        "event": event, "message_template_id": 1, "message_template_name": name,
        "message_template_language": "en_US",
    }  # fmt: skip
    told = entries(about | facts, field="message_template_status_update")
    for entry in told["entry"]:
        entry["time"] = 4_000_000_000
    return told


class TestACampaign:
    def test_goes_from_a_file_to_the_ledger_and_its_statuses_are_receipts(
        self, cast: Cast, sender: Sender, worker: Worker, far: server.Server
    ) -> None:
        campaign = started(cast, sender, worker)

        run = Run.objects.get(campaign=campaign)
        assert (campaign.status, run.sent, run.total) == (Status.COMPLETED, 3, 3)
        sent = sorted(far.taken, key=lambda body: body["to"])
        assert [body["template"]["components"][1]["parameters"] for body in sent] == [
            [{"type": "text", "text": name}, {"type": "text", "text": city}]
            for name, city in (("Ada", "Leipzig"), ("Bo", "you"), ("Cy", "Ulm"))
        ]
        references = [body["biz_opaque_callback_data"] for body in sent]
        assert references == [f"{run.pk}.{16 * n}" for n in (1, 2, 3)]

        price = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
        batch = entries(
            value(statuses=[status(name, references[0], pricing=price) for name in ("sent", "delivered", "read")]),
            value(statuses=[status("sent", references[1], pricing=price)]),
            value(statuses=[status("failed", references[2], errors=[{"code": 131026, "title": "Undeliverable"}])]),
        )  # fmt: skip
        for _twice in range(2):
            assert ring(sender, batch).status_code == 204

        results = dict(Delivery.objects.filter(run_id=run.pk).values_list("id", "result"))
        assert results == {16: Result.READ, 32: None, 48: Result.BOUNCED}
        kept = Receipt.objects.filter(run_id=run.pk, delivery_id=16).order_by("result")
        assert [(one.result, one.code) for one in kept] == [(0, "sent"), (2, "delivered"), (3, "read")]
        assert {one.detail for one in kept} == {"utility, PMP, regular, billable"}
        step = RunStep.objects.get(run=run)
        assert (step.delivered, step.read, step.bounced) == (1, 1, 1)
        assert ledger.check(run).findings == []

    def test_a_message_of_unknown_fate_is_settled_by_a_later_status(
        self, cast: Cast, sender: Sender, worker: Worker, far: server.Server
    ) -> None:
        rows = f"phone,first_name,city,order\n+4915112{server.DROPS},Ada,Leipzig,7\n"
        campaign = started(cast, sender, worker, rows)
        run = Run.objects.get(campaign=campaign)
        assert (run.unknown, len(far.taken)) == (1, 1)

        ring(sender, entries(value(statuses=[status("sent", far.taken[0]["biz_opaque_callback_data"])])))

        run.refresh_from_db()
        assert (run.unknown, run.sent) == (0, 1)
        assert Delivery.objects.get(run_id=run.pk).stage == Stage.SENT
        assert len(far.taken) == 1
        assert ledger.check(run).findings == []

    def test_stop_written_back_is_an_answer_and_suppresses(self, cast: Cast, sender: Sender) -> None:
        button = {
            "from": "4915112340001", "id": "wamid.in", "timestamp": "1790000000", "type": "button",
            "button": {"text": "STOP"},
        }  # fmt: skip

        ring(sender, entries(value(messages=[button])))

        assert [(one.address, one.text) for one in Answer.objects.all()] == [("+4915112340001", "STOP")]
        assert Suppression.objects.get().address == "+4915112340001"


class TestATemplateThatIsStopped:
    def test_refused_while_it_is_sent_it_pauses_the_campaign_and_fails_nobody(
        self, cast: Cast, sender: Sender, worker: Worker, far: server.Server
    ) -> None:
        far.everybody = 132015
        campaign = started(cast, sender, worker)

        run = Run.objects.get(campaign=campaign)
        assert (campaign.status, campaign.pause_cause) == (Status.PAUSED, PauseCause.CONTENT)
        assert "Template is paused" in campaign.status_reason
        assert (run.pending, run.failed, far.taken) == (3, 0, [])
        assert explain.explain_now(campaign).causes[0].kind is Kind.PAUSED_CONTENT
        assert ledger.check(run).findings == []
        assert Sender.objects.get(pk=sender.pk).status == "ACTIVE"

        far.everybody = 0
        campaigns.continue_(campaign=campaign, by=actors.of_member(cast.alice))
        worker.look()
        run.refresh_from_db()
        assert (run.sent, run.pending) == (3, 0)

    @pytest.mark.parametrize("event", ["PAUSED", "REJECTED", "DISABLED"])
    def test_a_call_that_says_so_pauses_what_uses_it_and_tells_why(
        self, cast: Cast, sender: Sender, event: str
    ) -> None:
        campaign = made(cast, sender, taken_over(cast, sender))
        campaigns.start(campaign=campaign, by=actors.of_member(cast.alice))

        for _twice in range(2):
            ring(sender, told_of_template(event, reason="LOW_QUALITY"))

        campaign.refresh_from_db()
        assert (campaign.status, campaign.pause_cause) == (Status.PAUSED, PauseCause.CONTENT)
        assert (
            campaign.status_reason
            == f"The template “order_shipped” (en_US) is {event} at the provider. LOW_QUALITY"
        )
        assert ProviderTemplate.objects.get().status == event
        assert latest_version(Template.objects.get()).approval == Approval.REJECTED
        assert AuditEvent.objects.filter(action="sender.template_status").count() == 1
        assert not InboxEvent.objects.exists()

    def test_it_is_told_for_every_number_of_the_account_and_nobody_elses(
        self, cast: Cast, sender: Sender, far: server.Server
    ) -> None:
        by = actors.of_member(cast.alice)
        second = senders.create_sender(
            by=by, channel="waba", name="Second", config=make_settings(api_url=far.url)
        )
        stranger = senders.create_sender(
            by=actors.of_member(cast.mallory),
            channel="waba",
            name="Shop",
            config=make_settings(api_url=far.url),
        )
        for one in (second, stranger):
            provider_notices.refresh(sender=one, by=actors.system(one.workspace))
        campaign = made(cast, second, taken_over(cast, sender))
        campaigns.start(campaign=campaign, by=by)

        ring(sender, told_of_template("PAUSED"))

        campaign.refresh_from_db()
        assert campaign.pause_cause == PauseCause.CONTENT
        assert ProviderTemplate.objects.get(sender=stranger).status == "APPROVED"

    def test_another_template_or_old_news_pauses_nothing(self, cast: Cast, sender: Sender) -> None:
        campaign = made(cast, sender, taken_over(cast, sender))
        campaigns.start(campaign=campaign, by=actors.of_member(cast.alice))
        old = told_of_template("PAUSED")
        for entry in old["entry"]:
            entry["time"] = 1_000_000_000

        ring(sender, old)
        ring(sender, told_of_template("PAUSED", name="another"))

        campaign.refresh_from_db()
        assert campaign.status == Status.BUILDING

    def test_what_asking_shows_pauses_too(self, cast: Cast, sender: Sender, far: server.Server) -> None:
        campaign = made(cast, sender, taken_over(cast, sender))
        campaigns.start(campaign=campaign, by=actors.of_member(cast.alice))
        far.templates = [server.template("welcome")]

        done = provider_notices.refresh(sender=sender, by=actors.of_member(cast.alice))

        campaign.refresh_from_db()
        assert (done.added, done.removed) == (1, 1)
        assert campaign.pause_cause == PauseCause.CONTENT
        assert "gone" in campaign.status_reason


class TestBeforeLaunch:
    def blockers(self, campaign: Campaign) -> list[str]:
        found = preflight.examine(Campaign.objects.get(pk=campaign.pk)).blockers
        return [check.sentence for check in found if check.code == "template_approval"]

    def test_only_what_is_approved_now_and_unchanged_can_go(
        self, cast: Cast, sender: Sender, far: server.Server
    ) -> None:
        campaign = made(cast, sender, taken_over(cast, sender))
        assert self.blockers(campaign) == []

        far.templates = [server.template(status="PENDING")]
        provider_notices.refresh(sender=sender, by=actors.system(sender.workspace))
        (pending,) = self.blockers(campaign)
        assert "PENDING" in pending

        changed = server.template()
        changed["components"][2]["text"] = "Another footer."
        far.templates = [changed]
        provider_notices.refresh(sender=sender, by=actors.system(sender.workspace))
        (anew,) = self.blockers(campaign)
        assert "was changed" in anew

        far.templates = []
        provider_notices.refresh(sender=sender, by=actors.system(sender.workspace))
        (gone,) = self.blockers(campaign)
        assert "is not among" in gone


class TestTheLimitOfADay:
    def test_it_follows_the_provider_and_a_lower_one_of_a_person_stays(
        self, cast: Cast, sender: Sender, far: server.Server
    ) -> None:
        by = actors.of_member(cast.alice)
        assert sender.limit_day == 2000

        ring(
            sender,
            entries({"max_daily_conversations_per_business": "TIER_10K"}, field="business_capability_update"),
        )
        sender.refresh_from_db()
        assert sender.limit_day == 10_000

        senders.update_sender(sender=sender, by=by, limits=senders.Limits(day=500))
        far.tier = "TIER_250"
        provider_notices.refresh(sender=sender, by=by)
        sender.refresh_from_db()
        assert sender.limit_day == 250

        senders.update_sender(sender=sender, by=by, limits=senders.Limits(day=100))
        far.tier = "TIER_UNLIMITED"
        provider_notices.refresh(sender=sender, by=by)
        sender.refresh_from_db()
        assert (sender.limit_day, provided.state_of(sender).per_day) == (100, 0)
