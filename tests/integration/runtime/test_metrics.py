"""`/metrics`: what an operator's graphs are drawn from, for whoever has the token."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app
from prometheus_client.parser import text_string_to_metric_families

from clarion.deliveries.inbox.models import InboxEvent
from clarion.deliveries.models import Delivery, Run, RunProblem, RunStep, Waiting, Worker
from clarion.deliveries.states import Stage
from clarion.runtime import metrics
from clarion.senders.models import SenderLane
from tests import ledgers

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-thirty-two-characters-or-more"


def asked(client: Client, token: str = TOKEN) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def value_of(body: str, name: str, **labels: str) -> float:
    """Return the value of the sample with these labels."""
    found = [
        sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def test_the_ledger_is_told_in_numbers(client: Client, settings: Any) -> None:
    settings.CLARION_METRICS_TOKEN = TOKEN
    campaign = ledgers.make_campaign(ledgers.make_people().alice)
    run = ledgers.make_run(campaign, sent=7, failed=2, pending=3)
    sender_id = run.steps.get().sender_id
    lane = SenderLane.objects.create(sender_id=sender_id, lane=0, rate=120.5)
    Worker.objects.create(name="w", host="h", pid=1)

    answer = asked(client)

    body = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain; version=")
    channel = run.steps.get().channel
    assert value_of(body, "clarion_messages_total", channel=channel, outcome="accepted") == 7
    assert value_of(body, "clarion_messages_total", channel=channel, outcome="failed") == 2
    assert value_of(body, "clarion_recipients_pending") == 3
    assert value_of(body, "clarion_runs_open") == 1
    assert value_of(body, "clarion_workers") == 1
    assert value_of(body, "clarion_lane_messages_per_second", lane="0") == 120.5
    assert value_of(body, "clarion_database_up") == 1
    assert lane.sender.name not in body
    assert campaign.name not in body


def test_latency_receipts_and_pools_are_told(client: Client, settings: Any) -> None:
    settings.CLARION_METRICS_TOKEN = TOKEN
    campaign = ledgers.make_campaign(ledgers.make_people().alice)
    run = ledgers.make_run(campaign, sent=9, pending=2)
    now = timezone.now()
    Run.objects.filter(pk=run.pk).update(last_sent_at=now)
    RunStep.objects.filter(run=run).update(cursor=9)
    for seconds, delivery in enumerate(Delivery.objects.filter(run_id=run.pk, stage=Stage.SENT), start=1):
        ledgers.change(
            "delivery", run, f"id = {delivery.id}",
            claimed_at=now - timedelta(seconds=seconds), ended_at=now,
        )  # fmt: skip
    InboxEvent.objects.create(
        sender_id=run.steps.get().sender_id, event="{}", received_at=now - timedelta(seconds=90)
    )

    body = asked(client).content.decode()

    assert value_of(body, "clarion_message_seconds", quantile="0.5") == 5
    assert value_of(body, "clarion_message_seconds", quantile="1") == 9
    assert value_of(body, "clarion_receipts_waiting") == 1
    assert value_of(body, "clarion_receipts_lag_seconds") > 60
    assert value_of(body, "clarion_database_sessions", of="pages and jobs", state="busy") >= 1
    assert value_of(body, "clarion_database_connections_most") > value_of(
        body, "clarion_database_connections"
    )


def test_reasons_lag_jobs_and_campaigns_are_told(client: Client, settings: Any) -> None:
    settings.CLARION_METRICS_TOKEN = TOKEN
    campaign = ledgers.make_campaign(ledgers.make_people().alice)
    run = ledgers.make_run(campaign, sent=1, failed=3, waiting=2, in_flight=4)
    step = run.steps.get()
    RunProblem.objects.create(run=run, step=step.step, stage=Stage.SENT, reason=0, code="5.1.1", count=2)
    late = timezone.now() - timedelta(seconds=300)
    Waiting.objects.filter(run_id=run.pk).update(not_before=late)
    SenderLane.objects.create(
        sender_id=step.sender_id, lane=0, worker_id=7, open_until=timezone.now() + timedelta(minutes=1)
    )
    app.configure_task("workspaces.check_audits", queue="workspaces").defer(timestamp=0)

    body = asked(client).content.decode()

    assert value_of(body, "clarion_message_problems_total", reason="address_unknown") == 3
    assert value_of(body, "clarion_message_problems_total", reason="returned") == 2
    assert value_of(body, "clarion_lane_lag_seconds", lane="0") == pytest.approx(300, abs=60)
    assert value_of(body, "clarion_lane_owned", lane="0") == 1
    assert value_of(body, "clarion_lane_breaker_open", lane="0") == 1
    assert value_of(body, "clarion_jobs", queue="workspaces", status="todo") == 1
    assert value_of(body, "clarion_recipients_in_flight") == 4
    assert value_of(body, "clarion_campaigns", status="sending") == 1


def test_without_a_database_that_alone_is_told(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CLARION_METRICS_TOKEN = TOKEN

    def fails(*_words: object) -> None:
        raise OperationalError("the server is gone")

    monkeypatch.setattr(metrics, "_ask", fails)

    body = asked(client).content.decode()

    assert value_of(body, "clarion_database_up") == 0
    assert value_of(body, "clarion_build_info") == 1


def test_every_metric_has_a_line_in_the_reference_and_every_line_its_metric(
    client: Client, settings: Any
) -> None:
    settings.CLARION_METRICS_TOKEN = TOKEN
    body = asked(client).content.decode()
    page = (Path(__file__).parents[3] / "docs/reference/metrics.md").read_text()

    told = {line.split()[2] for line in body.splitlines() if line.startswith("# TYPE")}

    assert set(re.findall(r"^\| `(clarion_\w+)", page, re.MULTILINE)) == told


def test_without_the_token_there_is_nothing(client: Client, settings: Any) -> None:
    settings.CLARION_METRICS_TOKEN = None
    assert asked(client).status_code == 404
    settings.CLARION_METRICS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 401
    assert asked(client, TOKEN + "x").status_code == 401


def test_health_needs_no_token_and_tells_nothing(client: Client) -> None:
    assert (client.get("/healthz").content, client.get("/readyz").content) == (b"live\n", b"ready\n")
