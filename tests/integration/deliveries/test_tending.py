"""What the program does by itself to campaigns on their way."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from clarion.campaigns import operations as campaigns
from clarion.campaigns.errors import CampaignInvalid, TransitionRefused
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import closing, ledger, operations, tending
from clarion.deliveries.models import Run, RunStep
from clarion.engine.limits import Limits
from clarion.senders.models import Sender, SenderLane
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.runs import MadeRun, make_run

#: A Monday, 12:00 in Berlin.
MONDAY = datetime(2026, 11, 23, 11, tzinfo=UTC)
OFFICE = [{"days": [0, 1, 2, 3, 4], "from": "09:00", "to": "18:00"}]
EVENING = MONDAY + timedelta(hours=7)
TUESDAY = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = MONDAY


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


def make(count: int = 10, **campaign: Any) -> MadeRun:
    facts = {"windows": OFFICE, "zone": "Europe/Berlin"} | campaign
    made = make_run(count=count, campaign=facts)
    Step.objects.create(campaign=made.campaign, channel="sandbox", sender=made.sender)
    return made


def tended(made: MadeRun, clock: Clock, at: datetime) -> Campaign:
    clock.now = at
    for campaign in tending.awaiting(at):
        tending.tend(campaign, at)
    return Campaign.objects.get(pk=made.campaign.pk)


@pytest.mark.django_db
def test_outside_its_hours_it_pauses_until_they_begin_and_goes_on_by_itself(clock: Clock) -> None:
    made = make()

    assert tended(made, clock, MONDAY).status == Status.SENDING
    paused = tended(made, clock, EVENING)
    assert (paused.status, paused.pause_cause, paused.resume_at) == (
        Status.PAUSED,
        PauseCause.WINDOW,
        TUESDAY,
    )
    assert paused.status_reason == "Outside its sending hours until Tue 24 Nov, 09:00 (Europe/Berlin)."
    assert tended(made, clock, TUESDAY - timedelta(seconds=1)).status == Status.PAUSED
    going = tended(made, clock, TUESDAY)
    assert (going.status, going.resume_at, going.status_by) == (Status.SENDING, None, "system")


@pytest.mark.django_db
def test_a_persons_pause_never_ends_by_itself(clock: Clock) -> None:
    people = ledgers.make_people()
    made = make()
    by = ledgers.actor(ledgers.make_member(made.workspace, "alice", people.alice.role))
    campaigns.pause(campaign=made.campaign, by=by, resume_at=TUESDAY)

    assert tended(made, clock, EVENING).pause_cause == PauseCause.PERSON
    assert tended(made, clock, TUESDAY + timedelta(hours=1)).status == Status.PAUSED
    with pytest.raises(TransitionRefused):
        campaigns.resume(campaign=made.campaign, by=actors.system(made.workspace))


@pytest.mark.django_db
def test_a_person_does_not_send_outside_the_hours_but_may_keep_it_paused_over_them(clock: Clock) -> None:
    people = ledgers.make_people()
    made = make()
    by = ledgers.actor(ledgers.make_member(made.workspace, "alice", people.alice.role))
    paused = tended(made, clock, EVENING)

    with pytest.raises(CampaignInvalid, match="goes on by itself on Tue 24 Nov, 09:00"):
        campaigns.continue_(campaign=paused, by=by)
    campaigns.hold(campaign=paused, by=by, reason="Legal looks at it.")

    assert tended(made, clock, TUESDAY + timedelta(hours=1)).status == Status.PAUSED
    assert campaigns.continue_(campaign=paused, by=by).status == Status.SENDING
    with pytest.raises(TransitionRefused):
        campaigns.hold(campaign=paused, by=by)
    stranger = ledgers.actor(people.mallory)
    with pytest.raises(TransitionRefused):
        campaigns.hold(campaign=paused, by=stranger)


@pytest.mark.django_db
def test_other_hours_move_the_moment_at_which_it_goes_on(clock: Clock) -> None:
    made = make()
    tended(made, clock, EVENING)

    later = [{"days": [1], "from": "15:00", "to": "18:00"}]
    Campaign.objects.filter(pk=made.campaign.pk).update(windows=later)
    moved = tended(made, clock, EVENING + timedelta(minutes=1))
    assert moved.resume_at == datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert "15:00" in moved.status_reason
    Campaign.objects.filter(pk=made.campaign.pk).update(windows=[])
    assert tended(made, clock, EVENING + timedelta(minutes=2)).status == Status.SENDING


@pytest.mark.django_db
def test_hours_in_each_recipients_zone_pause_nothing(clock: Clock) -> None:
    made = make(window_is_recipients=True)
    assert tended(made, clock, EVENING).status == Status.SENDING


@pytest.mark.django_db
def test_hours_that_make_no_sense_end_it_with_a_sentence(clock: Clock) -> None:
    made = make(windows=[{"days": [9], "from": "09:00", "to": "10:00"}])
    failed = tended(made, clock, MONDAY)
    assert failed.status == Status.FAILED
    assert "day of the week" in failed.status_reason


@pytest.mark.django_db
@pytest.mark.parametrize("at", [MONDAY, EVENING])
def test_at_its_end_who_is_pending_expires(clock: Clock, at: datetime) -> None:
    made = make(count=7, ends_at=EVENING + timedelta(hours=1))
    before = tended(made, clock, at)
    assert before.status == (Status.SENDING if at == MONDAY else Status.PAUSED)

    ended = tended(made, clock, EVENING + timedelta(hours=1))
    assert (ended.status, bool(ended.status_reason)) == (Status.EXPIRED, True)
    for run in closing.ended():
        closing.close(run)

    run = Run.objects.get(pk=made.run.pk)
    assert (run.expired, run.pending, run.finished_at is not None) == (7, 0, True)
    assert ledger.check(run).findings == []


@pytest.mark.django_db
def test_of_which_nothing_is_left_at_its_end_completes(clock: Clock) -> None:
    people = ledgers.make_people()
    campaign = ledgers.make_campaign(people.alice, status=Status.PAUSED, ends_at=EVENING)
    run = ledgers.make_run(campaign, sent=3)
    made = MadeRun(people.workspace, Sender.objects.get(), campaign, run)

    tended(made, clock, EVENING)
    operations.finish_run(run.pk)

    campaign.refresh_from_db()
    assert campaign.status == Status.COMPLETED


@pytest.mark.django_db
@pytest.mark.parametrize("in_flight", [2, 0])
def test_whose_last_messages_are_out_when_its_hours_end_does_not_wait_for_the_next(
    clock: Clock, in_flight: int
) -> None:
    made = make(count=5)
    Run.objects.filter(pk=made.run.pk).update(pending=0, in_flight=in_flight, sent=5 - in_flight)

    assert tended(made, clock, EVENING).status == Status.SENDING


@pytest.mark.django_db
def test_whose_last_messages_settle_after_its_hours_ended_goes_on_to_its_end(clock: Clock) -> None:
    made = make(count=5)
    assert tended(made, clock, EVENING).status == Status.PAUSED
    Run.objects.filter(pk=made.run.pk).update(pending=0, sent=5)

    assert tended(made, clock, EVENING + timedelta(seconds=1)).status == Status.SENDING
    assert operations.finish_run(made.run.pk)
    assert Campaign.objects.get(pk=made.campaign.pk).status == Status.COMPLETED


@pytest.mark.django_db
def test_too_much_failing_pauses_it_with_the_numbers_and_a_person_may_go_on(clock: Clock) -> None:
    made = make(windows=[], error_percent=20)
    step = RunStep.objects.filter(run=made.run)

    step.update(accepted=79, failed=20)  # too few yet
    assert tended(made, clock, MONDAY).status == Status.SENDING
    step.update(accepted=80, failed=20)  # no more than allowed
    assert tended(made, clock, MONDAY).status == Status.SENDING
    step.update(accepted=79, failed=21)
    paused = tended(made, clock, MONDAY)
    assert (paused.pause_cause, paused.resume_at) == (PauseCause.ERRORS, None)
    assert paused.status_reason == "21 of 100 messages failed: 21 %, where at most 20 % are allowed."

    campaigns.continue_(campaign=paused, by=actors.operator(made.workspace))
    assert tended(made, clock, MONDAY).status == Status.SENDING
    step.update(accepted=79, failed=121)
    assert tended(made, clock, MONDAY).pause_cause == PauseCause.ERRORS


def _used_up(sender: Sender, lanes: int, at: datetime) -> None:
    for lane in range(lanes):
        limits = Limits(hour=sender.limit_hour, day=sender.limit_day, lane=lane, lanes=lanes)
        limits.take(5, at.timestamp())
        SenderLane.objects.update_or_create(
            sender=sender, lane=lane, defaults={"limits": limits.save(), "saved_at": at}
        )


@pytest.mark.django_db
def test_limits_that_are_used_up_pause_it_until_they_open_again(clock: Clock) -> None:
    made = make(windows=[])
    Sender.objects.filter(pk=made.sender.pk).update(limit_hour=10, lanes=2)
    made.sender.refresh_from_db()
    _used_up(made.sender, 1, MONDAY)
    assert tended(made, clock, MONDAY).status == Status.SENDING  # one lane has its share left

    _used_up(made.sender, 2, MONDAY)
    paused = tended(made, clock, MONDAY)
    assert (paused.status, paused.pause_cause) == (Status.PAUSED, PauseCause.LIMIT)
    assert paused.resume_at is not None
    assert timedelta(minutes=55) < paused.resume_at - MONDAY <= timedelta(minutes=62)
    assert tended(made, clock, MONDAY + timedelta(minutes=30)).status == Status.PAUSED
    assert tended(made, clock, paused.resume_at).status == Status.SENDING


@pytest.mark.django_db
def test_a_limit_that_is_raised_lets_it_go_on_at_once(clock: Clock) -> None:
    made = make(windows=[])
    Sender.objects.filter(pk=made.sender.pk).update(limit_day=5)
    made.sender.refresh_from_db()
    _used_up(made.sender, 1, MONDAY)
    assert tended(made, clock, MONDAY).pause_cause == PauseCause.LIMIT

    Sender.objects.filter(pk=made.sender.pk).update(limit_day=50)
    assert tended(made, clock, MONDAY + timedelta(seconds=1)).status == Status.SENDING


@pytest.mark.django_db
def test_each_day_of_a_spread_gets_its_share_and_a_pause_plans_anew(clock: Clock) -> None:
    made = make(count=10, launch=Launch.SPREAD, starts_at=MONDAY, ends_at=MONDAY + timedelta(days=3, hours=1))
    Run.objects.filter(pk=made.run.pk).update(released_id=0)
    step = RunStep.objects.filter(run=made.run)

    def released(at: datetime) -> int | None:
        tended(made, clock, at)
        return Run.objects.get(pk=made.run.pk).released_id

    assert released(MONDAY) == 3  # of 10 on four days
    step.update(cursor=3)
    assert released(MONDAY + timedelta(hours=2)) == 3
    assert released(EVENING) == 3
    assert released(TUESDAY) == 3  # it goes on
    assert released(TUESDAY + timedelta(seconds=1)) == 6  # 7 on three days
    step.update(cursor=4)  # and stands still over Wednesday
    assert released(MONDAY + timedelta(days=3)) == 10
    assert released(EVENING) == 10


@pytest.mark.django_db(transaction=True)
def test_many_processes_that_look_at_once_pause_it_once(clock: Clock) -> None:
    made = make()
    seen = [*tending.awaiting(EVENING)]
    clock.now = EVENING

    def look() -> None:
        tending.tend(Campaign.objects.select_related("workspace").get(pk=seen[0].pk), EVENING)
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Campaign.objects.get(pk=made.campaign.pk).pause_cause == PauseCause.WINDOW
    assert AuditEvent.objects.filter(action="campaign.pause").count() == 1
