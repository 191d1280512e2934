"""Why a whole campaign is not moving: each cause with its end and what helps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clarion.audience.models import Source, SourceStatus
from clarion.campaigns.models import Campaign, Launch, Review
from clarion.campaigns.states import PauseCause, Status
from clarion.deliveries.causes import Do, Kind
from clarion.deliveries.models import Run, Worker
from clarion.senders.models import Sender, SenderStatus
from clarion.workspaces.models import Workspace
from tests import ledgers
from tests.integration.deliveries.explaining.asking import change, first, why

pytestmark = pytest.mark.django_db


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
