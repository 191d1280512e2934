"""Calling hours are law: a call that is to be made again outside of them is made when they open next."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns import operations
from clarion.campaigns.models import Campaign, Step
from clarion.campaigns.states import Status
from clarion.channels.voice import CHANNEL
from clarion.channels.voice.tests import telephony
from clarion.channels.voice.twilio import transport as calls
from clarion.deliveries import ledger
from clarion.deliveries.models import Delivery
from clarion.deliveries.states import Stage
from clarion.senders import operations as senders
from clarion.workspaces import actors
from tests.acceptance.smtp import Running
from tests.factories import make_cast
from tests.travelling import Clock, Worker, travelling

pytestmark = pytest.mark.django_db(transaction=True)

#: A Friday, 17:59 in Berlin.
FRIDAY = datetime(2027, 3, 12, 16, 59, tzinfo=UTC)
#: The Monday after, 9:00 there.
MONDAY = datetime(2027, 3, 15, 8, 0, tzinfo=UTC)
OFFICE = [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]
BUSY, ANSWERS = "+4915112345673", "+4915112345670"


@pytest.fixture
def clock(
    monkeypatch: pytest.MonkeyPatch, transactional_db: None, settings: Any, tmp_path: Path
) -> Iterator[Clock]:
    settings.CLARION_HOME = tmp_path
    monkeypatch.setattr(calls, "LOOK_SECONDS", 0.02)
    with travelling(FRIDAY, monkeypatch) as clock:
        yield clock


@pytest.fixture
def exchange() -> Iterator[telephony.Provider]:
    far = telephony.Provider()
    running = Running({"provider": far})
    yield far
    running.close()


def launched(far: telephony.Provider, **content: Any) -> Campaign:
    """Two people to be called in office hours: one whose line is busy, one who answers."""
    alice = make_cast().alice
    workspace = alice.workspace
    for phone in (BUSY, ANSWERS):
        Contact.objects.create(workspace=workspace, phone=phone)
    config = {
        "protocol": "twilio", "account_sid": telephony.SID, "auth_token": telephony.TOKEN,
        "base_url": f"http://127.0.0.1:{far.port}", "caller_id": "+493012345", "connections": 2,
    }  # fmt: skip
    sender = senders.create_sender(by=actors.of_member(alice), channel="voice", name="Line", config=config)
    campaign = Campaign.objects.create(
        workspace=workspace, name="Calls", zone="Europe/Berlin", windows=OFFICE,
        source=Source.objects.create(workspace=workspace, kind=SourceKind.CONTACTS),
    )  # fmt: skip
    said = {"text": "Hello"} | content
    Step.objects.create(
        campaign=campaign, channel="voice", sender=sender, body_source=said,
        body_content=CHANNEL.check_content(said),
    )  # fmt: skip
    return operations.launch(campaign=campaign, by=actors.system(workspace))


def called(far: telephony.Provider) -> list[str]:
    return [one["To"] for one in far.taken]


def stages(campaign: Campaign) -> list[Stage]:
    run = campaign.runs.get()
    assert ledger.check(run).findings == []
    return [
        Stage(stage)
        for stage in Delivery.objects.filter(run_id=run.pk).order_by("id").values_list("stage", flat=True)
    ]


def test_a_busy_line_is_called_again_when_the_hours_open_next_and_not_before(
    clock: Clock, exchange: telephony.Provider, tmp_path: Path
) -> None:
    with Worker(clock, tmp_path) as worker:
        campaign = launched(exchange, retries=1, retry_busy=120)
        worker.look()
        assert sorted(called(exchange)) == sorted([BUSY, ANSWERS])

        # Due two minutes later, which is a minute after the end of the week.
        worker.run_until(MONDAY - timedelta(seconds=1))
        assert len(exchange.taken) == 2
        campaign.refresh_from_db()
        assert campaign.status != Status.COMPLETED
        assert sorted(stages(campaign)) == [Stage.PENDING, Stage.SENT]

        worker.run_until(MONDAY)

    assert called(exchange)[2:] == [BUSY]
    assert sorted(stages(campaign)) == [Stage.SENT, Stage.FAILED]
    campaign.refresh_from_db()
    assert campaign.status == Status.COMPLETED


def test_a_retry_within_the_hours_is_made_on_time(
    clock: Clock, exchange: telephony.Provider, tmp_path: Path
) -> None:
    with Worker(clock, tmp_path) as worker:
        launched(exchange, retries=1, retry_busy=50)
        worker.run_until(FRIDAY + timedelta(seconds=49))
        assert len(exchange.taken) == 2
        worker.run_until(FRIDAY + timedelta(seconds=50))

    assert called(exchange)[2:] == [BUSY]
