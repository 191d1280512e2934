"""A month in seconds: recurring, windowed and spread campaigns through scheduler, builder, dispatcher and sandbox."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clarion.audience.models import Contact, List, ListMember, Source, SourceKind
from clarion.campaigns import operations
from clarion.campaigns.models import Campaign, Launch, MissedPolicy, RepeatUnit, Step
from clarion.campaigns.states import Status
from clarion.channels import registry
from clarion.deliveries import ledger
from clarion.deliveries.models import Delivery
from clarion.deliveries.states import STEPS, Result
from clarion.senders.models import Sender
from clarion.workspaces import actors
from clarion.workspaces.models import Workspace
from tests.travelling import Clock, Worker, sent, travelling

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BERLIN = ZoneInfo("Europe/Berlin")
#: A Monday. The clocks change in New York on the 14th, in Berlin on the 28th.
BEGIN = datetime(2027, 3, 8, 5, 0, tzinfo=UTC)
END = BEGIN + timedelta(days=31)
WEEKDAYS = [0, 1, 2, 3, 4]
_numbers = count(1)


@pytest.fixture
def clock(
    monkeypatch: pytest.MonkeyPatch, transactional_db: None, settings: Any, tmp_path: Path
) -> Iterator[Clock]:
    settings.CLARION_HOME = tmp_path
    with travelling(BEGIN, monkeypatch) as clock:
        yield clock


@pytest.fixture
def worker(clock: Clock, tmp_path: Path) -> Iterator[Worker]:
    with Worker(clock, tmp_path) as worker:
        yield worker


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    return Workspace.objects.create(slug=f"travel-{next(_numbers)}", name="Travel", zone="Europe/Berlin")


def launched(workspace: Workspace, people: int, zones: tuple[str, ...] = ("",), **said: Any) -> Campaign:
    """A campaign to a list of its own, through a sandbox of its own."""
    members = List.objects.create(workspace=workspace, name=f"List {next(_numbers)}")
    contacts = Contact.objects.bulk_create(
        Contact(workspace=workspace, email=f"p{next(_numbers)}@example.test", zone=zones[n % len(zones)])
        for n in range(people)
    )
    ListMember.objects.bulk_create(ListMember(list=members, contact=one) for one in contacts)
    source = Source.objects.create(workspace=workspace, kind=SourceKind.LISTS)
    source.lists.add(members)
    config = {"latency_seconds": 0.0, "connections": 8}
    sender = Sender.objects.create(
        workspace=workspace, channel="sandbox", name=f"Sandbox {next(_numbers)}", config=config
    )
    campaign = Campaign.objects.create(
        workspace=workspace,
        name=f"Journey {next(_numbers)}",
        source=source,
        **{"zone": "Europe/Berlin", **said},
    )
    Step.objects.create(
        campaign=campaign, channel="sandbox", sender=sender, body_source={"subject": "Hello"},
        body_content={"subject": "Hello", "html": "", "text": "Only today. {{ unsubscribe_url }}"},
    )  # fmt: skip
    return operations.launch(campaign=campaign, by=actors.system(workspace))


def test_a_fallback_goes_when_receipts_are_half_an_hour_late_and_late_ones_change_nothing(
    clock: Clock, worker: Worker, workspace: Workspace, tmp_path: Path
) -> None:
    began = clock.at + timedelta(hours=1)
    campaign = launched(workspace, 6, receipt_wait=30, launch=Launch.SCHEDULE, starts_at=began)
    first = campaign.steps.get()
    outbox = tmp_path / "outbox" / "first"
    outbox.mkdir(parents=True)
    assert first.sender is not None
    config = {"outbox": str(outbox), "latency_seconds": 0.0, "connections": 8}
    prompt, late = sorted(Contact.objects.filter(workspace=workspace), key=lambda one: one.pk)[:2]
    Contact.objects.filter(pk=prompt.pk).update(email="bounce@example.test")
    Contact.objects.filter(pk=late.pk).update(email="refuse@example.test")
    # Receipts come an hour late: after 30 minutes everybody who was sent to is taken for not reached.
    Sender.objects.filter(pk=first.sender_id).update(
        config=registry.get("sandbox").check_config(config | {"receipt_delay_seconds": 3600.0})
    )
    second = Sender.objects.create(workspace=workspace, channel="sandbox", name="Second", config={})
    Step.objects.create(
        campaign=campaign,
        channel="sandbox",
        sender=second,
        position=1,
        tier=1,
        body_content=first.body_content,
    )

    worker.run_until(began + timedelta(hours=3))

    done = whole(campaign)
    run = campaign.runs.get()
    assert done.status == Status.COMPLETED
    fallbacks = [one for one in sent(campaign) if one.at >= began + timedelta(minutes=30)]
    # Whoever is refused by both gets nothing; for the others nothing was heard of the first message.
    assert Counter(one.at - began for one in fallbacks) == {timedelta(minutes=30): 5}
    assert Counter(one.at - began for one in sent(campaign))[timedelta()] == 5
    assert (run.sent, run.failed) == (5, 1)
    delivered = Delivery.objects.filter(run_id=run.pk, result=Result.DELIVERED).values_list("id", flat=True)
    assert sum(one % STEPS == 0 for one in delivered) == 4


def whole(campaign: Campaign) -> Campaign:
    """The campaign as it is now, its ledger checked."""
    for run in campaign.runs.all():
        assert ledger.check(run).findings == []
    return Campaign.objects.get(pk=campaign.pk)


def berlin(day: int, hour: int, minute: int = 0) -> datetime:
    """That day of March 2027 or later, by Berlin's clocks."""
    return datetime(2027, 3, 1, hour, minute, tzinfo=BERLIN) + timedelta(days=day - 1)


def test_a_month_of_recurring_windowed_and_spread_campaigns(worker: Worker, workspace: Workspace) -> None:
    weekdays = [{"days": WEEKDAYS, "from": "09:00", "to": "17:00"}]
    daily = launched(
        workspace, 3, launch=Launch.RECURRING, starts_at=berlin(8, 9, 30), repeat_every=1,
        repeat_unit=RepeatUnit.DAY, windows=weekdays,
    )  # fmt: skip
    everywhere = launched(
        workspace, 6, ("Asia/Tokyo", "Europe/Berlin", "America/New_York"), launch=Launch.RECURRING,
        starts_at=datetime(2027, 3, 9, tzinfo=UTC), repeat_every=1, repeat_unit=RepeatUnit.WEEK, repeat_count=4,
        windows=[{"days": [*WEEKDAYS, 5, 6], "from": "09:00", "to": "10:00"}], window_is_recipients=True,
    )  # fmt: skip
    spread = launched(
        workspace, 100, launch=Launch.SPREAD, starts_at=berlin(10, 0), ends_at=berlin(31, 0),
        windows=[{"days": WEEKDAYS, "from": "10:00", "to": "12:00"}],
    )  # fmt: skip

    worker.run_until(END)

    _check_daily(whole(daily))
    _check_everywhere(whole(everywhere))
    _check_spread(whole(spread))


def _check_daily(campaign: Campaign) -> None:
    """Each weekday at half past nine; Saturday's run waits for Monday, and Sunday's is passed over meanwhile."""
    expected = []
    for day in range(8, 8 + 31):
        if berlin(day, 0).weekday() in WEEKDAYS:
            expected.append(berlin(day, 9, 30))
        elif berlin(day, 0).weekday() == 5 and berlin(day + 2, 9) < END:
            expected.append(berlin(day + 2, 9))
    times = Counter(one.at for one in sent(campaign))
    assert times == {at.astimezone(UTC): 3 for at in expected}
    assert campaign.runs.count() == len(expected)
    assert campaign.status == Status.SCHEDULED


def _check_everywhere(campaign: Campaign) -> None:
    """Each of four weeks at nine by each recipient's own clock, across both changes of the clocks."""
    zones = dict(Contact.objects.values_list("email", "zone"))
    messages = sent(campaign)
    local = [one.at.astimezone(ZoneInfo(zones[one.address])) for one in messages]
    assert {(at.hour, at.minute, at.second) for at in local} == {(9, 0, 0)}
    days = Counter(f"{at:%m-%d}" for at in local)
    assert days == {"03-09": 6, "03-16": 6, "03-23": 6, "03-30": 6}
    assert campaign.status == Status.COMPLETED


def _check_spread(campaign: Campaign) -> None:
    """Everybody once; the weekdays' shares differ by at most one, and go when the hours begin."""
    messages = sent(campaign)
    assert max(Counter(one.address for one in messages).values()) == 1
    assert len(messages) == 100
    days = Counter(one.at.astimezone(BERLIN).date() for one in messages)
    assert sorted(days) == [
        berlin(day, 0).date() for day in range(10, 31) if berlin(day, 0).weekday() in WEEKDAYS
    ]  # fmt: skip
    assert max(days.values()) - min(days.values()) <= 1
    assert {one.at for one in messages} == {
        datetime(at.year, at.month, at.day, 10, tzinfo=BERLIN).astimezone(UTC) for at in days
    }
    assert campaign.status == Status.COMPLETED


def test_the_31st_at_a_time_that_the_clocks_skip(worker: Worker, workspace: Workspace) -> None:
    """Half past two on Berlin's 28th of March is not there; months end on different days."""
    nights = launched(
        workspace, 1, launch=Launch.RECURRING, starts_at=berlin(27, 2, 30), repeat_every=1,
        repeat_unit=RepeatUnit.DAY, repeat_count=3,
    )  # fmt: skip
    months = launched(
        workspace, 1, launch=Launch.RECURRING, starts_at=berlin(31, 8), repeat_every=1,
        repeat_unit=RepeatUnit.MONTH, repeat_count=3,
    )  # fmt: skip

    worker.run_until(BEGIN + timedelta(days=90))

    assert [f"{one.at.astimezone(BERLIN):%m-%d %H:%M}" for one in sent(whole(nights))] == [
        "03-27 02:30", "03-28 03:30", "03-29 02:30",
    ]  # fmt: skip
    assert [f"{one.at.astimezone(BERLIN):%m-%d %H:%M}" for one in sent(whole(months))] == [
        "03-31 08:00", "04-30 08:00", "05-31 08:00",
    ]  # fmt: skip


def test_a_weekend_without_a_process(worker: Worker, workspace: Workspace, clock: Clock) -> None:
    """What was to start meanwhile starts late, waits or asks, as each campaign says; nothing is sent twice."""
    friday, monday = berlin(12, 18), berlin(15, 8)
    saturday = {"launch": Launch.SCHEDULE, "starts_at": berlin(13, 9)}
    late = launched(workspace, 1, **saturday, missed_policy=MissedPolicy.LATE, missed_hours=72)
    asking = launched(workspace, 1, **saturday)
    waiting = launched(
        workspace, 1, **saturday, missed_policy=MissedPolicy.NEXT,
        windows=[{"days": [0, 5], "from": "09:00", "to": "17:00"}],
    )  # fmt: skip
    hourly = launched(
        workspace, 1, launch=Launch.RECURRING, starts_at=berlin(12, 17, 30), repeat_every=1,
        repeat_unit=RepeatUnit.HOUR, missed_policy=MissedPolicy.NEXT,
    )  # fmt: skip
    worker.run_until(friday)

    clock.move_to(monday)
    worker.run_until(berlin(15, 10))

    assert [one.at for one in sent(whole(late))] == [monday]
    assert (sent(asking), whole(asking).missed_at) == ([], monday)
    assert [one.at for one in sent(whole(waiting))] == [berlin(15, 9)]
    assert [one.at for one in sent(whole(hourly))] == [
        berlin(12, 17, 30), berlin(15, 8, 30), berlin(15, 9, 30),
    ]  # fmt: skip
