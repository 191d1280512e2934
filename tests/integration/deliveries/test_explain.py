"""Why a campaign is not moving: each cause with real rows, its share, its end and what helps."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.audience.models import Source, SourceStatus
from clarion.campaigns.models import Campaign, Launch, Review, Step
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries import progress, stretches
from clarion.deliveries.backlog import fitted
from clarion.deliveries.causes import CAUSES, Do, Kind
from clarion.deliveries.explain import Explanation, explain, explain_now
from clarion.deliveries.models import Activity, Run, RunStep, Waiting, Worker
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender, SenderLane, SenderStatus
from clarion.workspaces.models import Workspace
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def worker() -> Worker:
    return Worker.objects.create(name="w", host="h", pid=1)


@pytest.fixture
def campaign(people: ledgers.People, worker: Worker) -> Campaign:
    return ledgers.make_campaign(people.alice)


@pytest.fixture
def run(campaign: Campaign) -> Run:
    return ledgers.make_run(campaign, sent=10, pending=100)


def why(campaign: Campaign) -> Explanation:
    """Return the explanation of the campaign as it is in the database, whose shares add up."""
    fresh = Campaign.objects.select_related("workspace", "source").get(pk=campaign.pk)
    found = explain_now(fresh)
    assert sum(cause.count for cause in found.causes) == found.pending
    return found


def first(campaign: Campaign) -> tuple[Kind, int]:
    cause = why(campaign).causes[0]
    return cause.kind, cause.count


def change(campaign: Campaign, **facts: Any) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(**facts)


def sender_of(campaign: Campaign) -> Sender:
    return Sender.objects.get(step__campaign=campaign)


def open_lane(sender: Sender, **facts: Any) -> SenderLane:
    return SenderLane.objects.create(sender=sender, **{"lane": 0, "worker_id": 1} | facts)


def put_off(run: Run, count: int, *, reason: int | None = None, minutes: int = 10) -> None:
    """Let so many of the run wait: they are taken from those that were not tried yet."""
    step = run.steps.get()
    first_id = step.cursor + 1
    RunStep.objects.filter(pk=step.pk).update(cursor=step.cursor + count)
    at = timezone.now() + timedelta(minutes=minutes)
    Waiting.objects.bulk_create(
        Waiting(run_id=run.pk, delivery_id=i * 16, step=0, not_before=at, reason=reason)
        for i in range(first_id, first_id + count)
    )


class TestTheWholeCampaign:
    def test_a_halted_workspace_holds_all_and_says_who_and_why(self, campaign: Campaign, run: Run) -> None:
        Workspace.objects.filter(pk=campaign.workspace_id).update(
            halted_at=timezone.now(), halted_by="Alice", halt_reason="Wrong prices."
        )
        Sender.objects.update(status=SenderStatus.BLOCKED, status_reason="535 No.")

        found = why(campaign)

        assert [(one.kind, one.count, one.is_next) for one in found.causes] == [
            (Kind.HALTED, 100, False),
            (Kind.SENDER_BLOCKED, 0, True),
        ]
        assert found.causes[0].text == "Halted by Alice. Wrong prices."
        assert found.causes[0].remedies[0].object_id == campaign.workspace.slug

    def test_campaigns_that_are_switched_off(self, campaign: Campaign, run: Run) -> None:
        Workspace.objects.filter(pk=campaign.workspace_id).update(campaigns_enabled=False)

        assert first(campaign) == (Kind.SWITCHED_OFF, 100)

    @pytest.mark.parametrize(
        ("cause", "kind"),
        [
            (PauseCause.PERSON, Kind.PAUSED_PERSON),
            (PauseCause.WINDOW, Kind.PAUSED_WINDOW),
            (PauseCause.LIMIT, Kind.PAUSED_LIMIT),
            (PauseCause.ERRORS, Kind.PAUSED_ERRORS),
            (PauseCause.BALANCE, Kind.PAUSED_BALANCE),
            (PauseCause.REVIEW, Kind.PAUSED_REVIEW),
        ],
    )
    def test_every_pause_has_its_own_words(
        self, campaign: Campaign, run: Run, cause: PauseCause, kind: Kind
    ) -> None:
        at = timezone.now() + timedelta(hours=3)
        change(
            campaign, status=Status.PAUSED, pause_cause=cause, status_by="Bob", status_reason="Because.",
            resume_at=at, paused_from=Status.SENDING,
        )  # fmt: skip

        found = why(campaign).causes[0]

        assert (found.kind, found.count, found.text, found.until) == (kind, 100, "Because.", at)
        if cause is PauseCause.PERSON:
            assert found.title == "Paused by Bob"

    def test_a_pause_for_a_refused_sender_says_when_the_sender_was_mended(
        self, campaign: Campaign, run: Run
    ) -> None:
        change(
            campaign, status=Status.PAUSED, pause_cause=PauseCause.SENDER, status_reason="535 Wrong password."
        )
        Sender.objects.update(status=SenderStatus.BLOCKED, status_reason="535 Wrong password.")
        assert [one.kind for one in why(campaign).causes] == [Kind.PAUSED_SENDER]

        Sender.objects.update(status=SenderStatus.ACTIVE)

        (found,) = why(campaign).causes
        assert (found.kind, found.is_grave) == (Kind.PAUSED_MENDED, False)
        assert found.text == "It was paused because: 535 Wrong password."
        assert found.remedies[0].do is Do.CONTINUE

    def test_one_in_review_waits_for_a_moderator(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.bob, status=Status.IN_REVIEW, started_at=None)
        Review.objects.create(campaign=campaign, number=1, submitted_by=people.bob.user)

        (found,) = why(campaign).causes

        assert (found.kind, found.text) == (Kind.APPROVAL, "Submitted by Bob.")

    def test_one_that_is_ready_waits_for_a_person(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.bob, status=Status.READY, started_at=None)

        assert first(campaign) == (Kind.BY_HAND, 0)

    def test_one_for_later_says_when(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.bob, status=Status.SCHEDULED, started_at=None)

        (found,) = why(campaign).causes

        assert (found.kind, found.until) == (Kind.SCHEDULED, campaign.next_at)

    def test_one_whose_time_is_now_starts_or_lacks_a_process(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(
            people.bob, status=Status.SCHEDULED, started_at=None, starts_at=timezone.now()
        )
        assert first(campaign)[0] is Kind.NO_WORKER

        Worker.objects.create(name="w", host="h", pid=1)

        assert first(campaign)[0] is Kind.STARTING

    def test_a_missed_start_asks_a_person(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(
            people.bob, status=Status.SCHEDULED, started_at=None, starts_at=timezone.now(),
            missed_at=timezone.now(),
        )  # fmt: skip

        (found,) = why(campaign).causes

        assert found.kind is Kind.MISSED
        assert [one.do for one in found.remedies] == [Do.START, Do.EDIT]

    def test_a_file_that_is_still_read_says_how_far_it_is(
        self, people: ledgers.People, worker: Worker
    ) -> None:
        campaign = ledgers.make_campaign(people.bob, status=Status.BUILDING)
        Source.objects.filter(campaign=campaign).update(
            status=SourceStatus.READING, file_name="people.csv", file_bytes=1000, read_bytes=420
        )

        (found,) = why(campaign).causes

        assert (found.kind, found.text) == (Kind.READING, "42 % of “people.csv” is read.")

    def test_building_says_how_far_it_is(self, people: ledgers.People, worker: Worker) -> None:
        campaign = ledgers.make_campaign(people.bob, status=Status.BUILDING)
        run = ledgers.make_run(campaign, pending=20)
        Run.objects.filter(pk=run.pk).update(built_at=None, built_count=20, source_count=5000)

        (found,) = why(campaign).causes

        assert (found.kind, found.count, found.text) == (Kind.BUILDING, 20, "20 of 5,000 rows are taken.")

    def test_an_earlier_run_is_settled_first(self, people: ledgers.People, worker: Worker) -> None:
        campaign = ledgers.make_campaign(people.bob, status=Status.BUILDING)
        run = ledgers.make_run(campaign, pending=20)
        Run.objects.filter(pk=run.pk).update(closing_stage=7)

        assert first(campaign)[0] is Kind.SETTLING

    def test_a_triggered_one_waits_for_pushes_when_everybody_has_got_it(
        self, people: ledgers.People, worker: Worker
    ) -> None:
        ends_at = timezone.now() + timedelta(days=1)
        campaign = ledgers.make_campaign(people.bob, launch=Launch.TRIGGER, ends_at=ends_at)
        run = ledgers.make_run(campaign, sent=3)

        (found,) = why(campaign).causes
        assert (found.kind, found.until) == (Kind.PUSHES, ends_at)
        Run.objects.filter(pk=run.pk).update(pending=2, total=5, last_recipient_id=5)

        assert first(campaign) == (Kind.SENDING, 2)

    def test_nobody_sends(self, campaign: Campaign, run: Run) -> None:
        Worker.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=1))

        assert first(campaign) == (Kind.NO_WORKER, 100)

    @pytest.mark.parametrize("status", [Status.DRAFT, Status.COMPLETED, Status.CANCELLED])
    def test_nothing_is_said_of_one_that_nobody_waits_for(
        self, people: ledgers.People, status: Status
    ) -> None:
        assert why(ledgers.make_campaign(people.bob, status=status)).causes == ()


class TestTheMessagesOfOneThatIsSent:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [(SenderStatus.PAUSED, Kind.SENDER_PAUSED), (SenderStatus.BLOCKED, Kind.SENDER_BLOCKED)],
    )
    def test_a_sender_that_does_not_send(
        self, campaign: Campaign, run: Run, status: SenderStatus, kind: Kind
    ) -> None:
        Sender.objects.update(status=status, status_reason="Because.")

        found = why(campaign)

        assert first(campaign) == (kind, 100)
        assert found.causes[0].text == "Because."
        assert found.causes[0].remedies[0].object_id == str(sender_of(campaign).public_id)

    @pytest.mark.parametrize(
        ("reason", "kind"),
        [(Reason.CONNECTION_FAILED, Kind.PROVIDER_DOWN), (Reason.THROTTLED, Kind.PROVIDER_THROTTLES)],
    )
    def test_a_provider_that_is_given_a_rest_is_named_with_its_end(
        self, campaign: Campaign, run: Run, reason: Reason, kind: Kind
    ) -> None:
        until = timezone.now() + timedelta(minutes=2)
        open_lane(sender_of(campaign), open_until=until, open_reason=reason, open_detail="421 Down")

        found = why(campaign).causes[0]

        assert (found.kind, found.count, found.until) == (kind, 100, until)
        assert found.text.endswith("421 Down")

    def test_a_provider_that_is_tried_just_now_is_still_what_holds_it(
        self, campaign: Campaign, run: Run
    ) -> None:
        lane = open_lane(
            sender_of(campaign), open_until=timezone.now() - timedelta(seconds=2), open_reason=104
        )
        found = why(campaign).causes[0]
        assert (found.kind, found.until) == (Kind.PROVIDER_DOWN, None)

        SenderLane.objects.filter(pk=lane.pk).update(open_until=None)

        assert first(campaign) == (Kind.SENDING, 100)

    def test_one_lane_of_two_holds_its_share(self, campaign: Campaign, run: Run) -> None:
        Sender.objects.update(lanes=2)
        open_lane(sender_of(campaign), open_until=timezone.now() + timedelta(minutes=2), open_reason=104)
        open_lane(sender_of(campaign), lane=1)

        assert [(one.kind, one.count) for one in why(campaign).causes] == [
            (Kind.PROVIDER_DOWN, 50),
            (Kind.SENDING, 50),
        ]

    def test_retries_are_told_by_reason_with_their_next_moment(self, campaign: Campaign, run: Run) -> None:
        put_off(run, 30, reason=Reason.MAILBOX_FULL)
        run.refresh_from_db()
        put_off(run, 20, reason=Reason.PROVIDER_BUSY, minutes=5)

        found = why(campaign)

        assert [(one.kind, one.count) for one in found.causes] == [
            (Kind.RETRY, 30),
            (Kind.RETRY, 20),
            (Kind.SENDING, 50),
        ]
        assert found.causes[0].text == "The recipient's mailbox is full."
        assert found.causes[0].until is not None

    def test_what_was_due_a_moment_ago_is_not_held(self, campaign: Campaign, run: Run) -> None:
        put_off(run, 30, reason=Reason.MAILBOX_FULL, minutes=-1)

        assert first(campaign) == (Kind.SENDING, 100)

    def test_recipients_outside_their_own_window(self, campaign: Campaign, run: Run) -> None:
        change(campaign, window_is_recipients=True)
        put_off(run, 40, reason=stretches.OUTSIDE_WINDOW)

        assert first(campaign) == (Kind.RECIPIENT_WINDOW, 40)

    def test_the_next_days_share_of_a_spread(self, campaign: Campaign, run: Run) -> None:
        change(
            campaign, launch=Launch.SPREAD, zone="Europe/Berlin",
            windows=[{"days": [0, 1, 2, 3, 4], "from": "09:30", "to": "18:00"}],
        )  # fmt: skip
        # A Friday: the next share leaves on Monday, at half past nine in Berlin.
        Run.objects.filter(pk=run.pk).update(released_id=60, released_on="2026-11-20")

        found = why(campaign)

        assert [(one.kind, one.count) for one in found.causes] == [(Kind.NEXT_SHARE, 50), (Kind.SENDING, 50)]
        assert found.causes[0].until is not None
        assert found.causes[0].until.isoformat() == "2026-11-23T08:30:00+00:00"

    def test_the_part_of_a_spread_after_its_first_one_waits_for_a_second_yes(
        self, campaign: Campaign, run: Run
    ) -> None:
        change(campaign, launch=Launch.SPREAD)
        Run.objects.filter(pk=run.pk).update(released_id=10, plan={"first_part": 10})

        assert first(campaign) == (Kind.SECOND_YES, 100)

    def test_the_part_after_a_first_one_waits_for_a_second_yes(self, campaign: Campaign, run: Run) -> None:
        Run.objects.filter(pk=run.pk).update(released_id=10)

        assert first(campaign) == (Kind.SECOND_YES, 100)

    @pytest.mark.parametrize(("span", "seconds"), [("minute", 60), ("hour", 3600), ("day", 86400)])
    def test_a_used_up_limit_says_which_and_until_when(
        self, campaign: Campaign, run: Run, span: str, seconds: int
    ) -> None:
        Sender.objects.update(**{f"limit_{span}": 1500})
        used_at = (
            int(timezone.now().timestamp()) // 1440 * 1440
            if span == "day"
            else int(timezone.now().timestamp())
        )
        open_lane(sender_of(campaign), limits={span: {str(used_at): 1500}})

        found = why(campaign).causes[0]

        assert (found.kind, found.count) == (Kind.SENDER_LIMIT, 100)
        assert "1,500 a" in found.title
        assert span in found.title
        assert found.until is not None
        left = (found.until - timezone.now()).total_seconds()
        assert 0 < left <= seconds * 62 / 60

    def test_a_limit_that_is_not_used_up_holds_nothing(self, campaign: Campaign, run: Run) -> None:
        Sender.objects.update(limit_hour=1500)
        open_lane(sender_of(campaign), limits={"hour": {str(int(timezone.now().timestamp())): 1499}})

        assert first(campaign)[0] is Kind.SENDING

    def test_another_campaign_on_the_same_sender_is_named(
        self, people: ledgers.People, campaign: Campaign, run: Run
    ) -> None:
        other = ledgers.make_campaign(people.alice, name="Newsletter")
        Step.objects.filter(campaign=other).update(sender=sender_of(campaign))
        ledgers.make_run(other, pending=1000)

        found = why(campaign).causes[0]

        assert (found.kind, found.count) == (Kind.TURN, 100)
        assert "“Newsletter”" in found.title
        assert found.remedies[0].object_id == str(other.public_id)

    def test_its_own_delay_and_its_own_speed(self, campaign: Campaign, run: Run) -> None:
        change(campaign, rate_limit=2.5)
        assert first(campaign) == (Kind.OWN_SPEED, 100)

        change(campaign, delay_min=30, delay_max=90)

        assert why(campaign).causes[0].title == "The campaign's own delay between recipients: 30–90 s"

    def test_a_speed_above_the_senders_own_is_not_what_paces_it(self, campaign: Campaign, run: Run) -> None:
        change(campaign, rate_limit=500.0)

        assert first(campaign) == (Kind.SENDING, 100)


class TestTheSums:
    def test_every_kind_of_message_is_in_exactly_one_share(self, campaign: Campaign, run: Run) -> None:
        put_off(run, 7, reason=Reason.MAILBOX_FULL)
        run.refresh_from_db()
        put_off(run, 11, reason=Reason.THROTTLED)
        Run.objects.filter(pk=run.pk).update(released_id=70)
        Sender.objects.update(lanes=3)
        open_lane(sender_of(campaign), open_until=timezone.now() + timedelta(minutes=2), open_reason=104)

        found = why(campaign)

        assert {one.kind for one in found.causes} == {
            Kind.RETRY, Kind.SECOND_YES, Kind.PROVIDER_DOWN, Kind.SENDING,
        }  # fmt: skip
        assert not found.is_estimate

    def test_a_cut_sample_still_adds_up(
        self, campaign: Campaign, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_off(run, 90, reason=Reason.MAILBOX_FULL)
        monkeypatch.setattr("clarion.deliveries.backlog.SAMPLE", 25)

        found = why(campaign)

        assert found.is_estimate
        assert [(one.kind, one.count) for one in found.causes] == [(Kind.RETRY, 90), (Kind.SENDING, 10)]

    def test_counters_that_lag_do_not_make_a_share_negative(self, campaign: Campaign, run: Run) -> None:
        put_off(run, 50, reason=Reason.MAILBOX_FULL)
        Run.objects.filter(pk=run.pk).update(pending=30, in_flight=70)

        assert first(campaign) == (Kind.RETRY, 30)

    def test_nothing_counts_the_big_tables(self, campaign: Campaign, run: Run) -> None:
        put_off(run, 50, reason=Reason.MAILBOX_FULL)
        fresh = Campaign.objects.select_related("workspace", "source").get(pk=campaign.pk)

        with CaptureQueriesContext(
            connection,
        ) as asked:
            explain(fresh, Run.objects.get(pk=run.pk))

        words = " ".join(one["sql"] for one in asked.captured_queries)
        assert "deliveries_delivery" not in words
        assert "deliveries_recipient" not in words
        assert len(asked) <= 12

    def test_scaling_keeps_the_sum(self) -> None:
        assert sum(fitted([1, 1, 1], 100)) == 100
        assert fitted([0, 0], 5) == [0, 0]


class TestWhatIsTold:
    def test_pace_is_told_only_while_nothing_leaves(self, campaign: Campaign, run: Run) -> None:
        change(campaign, rate_limit=2.5)
        fresh = Campaign.objects.select_related("workspace", "source").get(pk=campaign.pk)

        assert [one.kind for one in explain(fresh, run, rate=0.0).held] == [Kind.OWN_SPEED]
        assert explain(fresh, run, rate=2.5).held == ()

    def test_a_stop_is_seen_in_the_speed_within_seconds(self, campaign: Campaign, run: Run) -> None:
        now = timezone.now()
        Activity.objects.create(
            run_id=run.pk, step=0, minute=now.replace(second=0, microsecond=0), stage=2, count=6000
        )
        Run.objects.filter(pk=run.pk).update(
            first_sent_at=now - timedelta(seconds=60), last_sent_at=now - timedelta(seconds=5)
        )

        seen = progress.overview(Run.objects.get(pk=run.pk), is_sending=True)

        assert seen.rate <= 0.2

    def test_every_kind_has_words_and_every_pause_a_kind(self) -> None:
        assert set(CAUSES) == set(Kind)
