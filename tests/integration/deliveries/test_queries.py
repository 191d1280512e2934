"""What screens read of a campaign's runs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from clarion.campaigns import lifecycle
from clarion.campaigns.states import Action, PauseCause, Status
from clarion.deliveries import details, progress, queries, trail
from clarion.deliveries.activity import Span, activity, fitting_span
from clarion.deliveries.models import Activity, Run, RunProblem, RunStep, Waiting
from clarion.deliveries.states import Result, Stage
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender, SenderLane
from clarion.workspaces import actors, audit
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people(zone="Europe/Berlin")


class TestTheWall:
    def test_a_member_gets_the_campaign_and_its_runs(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)
        first = ledgers.make_run(campaign, sent=1, finished=True)
        second = ledgers.make_run(campaign, number=2, sent=1)

        assert queries.campaign_for(people.vera, campaign.public_id) == campaign
        assert list(queries.runs_for(people.vera, campaign)) == [second, first]
        assert queries.run_for(people.vera, campaign) == second
        assert queries.run_for(people.vera, campaign, 1) == first
        assert queries.run_by_id_for(people.vera, first.pk) == first

    def test_a_stranger_gets_nothing(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)
        run = ledgers.make_run(campaign, sent=1)

        assert queries.campaign_for(people.mallory, campaign.public_id) is None
        assert list(queries.runs_for(people.mallory, campaign)) == []
        assert queries.run_for(people.mallory, campaign) is None
        assert queries.run_by_id_for(people.mallory, run.pk) is None


class TestOverview:
    def test_it_tells_who_is_where_in_shares_of_the_targets(self, people: ledgers.People) -> None:
        run = ledgers.make_run(
            ledgers.make_campaign(people.alice),
            skipped=10,
            sent=60,
            failed=10,
            unknown=5,
            waiting=5,
            pending=20,
        )

        seen = progress.overview(run, is_sending=False)

        assert (seen.targets, seen.done, seen.percent, seen.waiting) == (100, 75, 75, 25)
        assert (seen.not_delivered, seen.share(seen.sent), seen.reconciles) == (15, 60.0, True)
        assert (seen.rate, seen.eta_seconds, seen.limit) == (0.0, None, 200.0)
        assert seen.next_due == ledgers.BEGAN + timedelta(minutes=10)
        assert (seen.channels[0].channel, seen.channels[0].tried, seen.messages("accepted")) == (
            "email",
            75,
            60,
        )

    def test_the_last_person_makes_it_a_hundred_per_cent_and_not_before(self, people: ledgers.People) -> None:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), sent=999, pending=1)

        assert progress.overview(run, is_sending=True).percent == 99

    def test_its_rate_is_what_its_senders_lanes_say(self, people: ledgers.People) -> None:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), sent=10, pending=100)
        SenderLane.objects.create(sender=Sender.objects.get(), lane=0, worker_id=1, rate=12.5)
        SenderLane.objects.create(sender=Sender.objects.get(), lane=1, worker_id=2, rate=7.5)

        seen = progress.overview(run, is_sending=True)

        assert (seen.rate, seen.eta_seconds) == (20.0, 5)

    def test_a_lane_that_is_silent_for_long_is_not_believed(self, people: ledgers.People) -> None:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), sent=10, pending=100)
        long_ago = timezone.now() - timedelta(minutes=1)
        SenderLane.objects.create(
            sender=Sender.objects.get(), lane=0, worker_id=1, rate=12.5, saved_at=long_ago
        )

        seen = progress.overview(run, is_sending=True)

        assert (seen.rate, seen.eta_seconds) == (0.0, None)

    def test_beside_another_campaign_on_the_sender_its_own_messages_count(
        self, people: ledgers.People
    ) -> None:
        campaign = ledgers.make_campaign(people.alice)
        run = ledgers.make_run(campaign, sent=10, pending=100)
        other = ledgers.make_run(ledgers.make_campaign(people.alice), sent=1, pending=9)
        RunStep.objects.filter(run=other).update(sender_id=campaign.steps.get().sender_id)
        SenderLane.objects.create(sender=campaign.steps.get().sender, lane=0, worker_id=1, rate=1000)
        now = timezone.now()
        Run.objects.filter(pk=run.pk).update(first_sent_at=now - timedelta(seconds=10))
        run.refresh_from_db()
        Activity.objects.create(
            run_id=run.pk, step=0, minute=now.replace(second=0, microsecond=0), stage=Stage.SENT, count=50
        )

        assert progress.overview(run, is_sending=True).rate == pytest.approx(5.0, rel=0.1)

    def test_the_strictest_limit_is_told(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice, rate_limit=50)
        run = ledgers.make_run(campaign, pending=1)
        Sender.objects.update(limit_hour=36_000)

        assert progress.overview(run, is_sending=True).limit == 10.0

    def test_it_costs_six_queries(
        self, people: ledgers.People, django_assert_max_num_queries: object
    ) -> None:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), sent=5, pending=5)

        with django_assert_max_num_queries(7):  # type: ignore[operator]
            progress.overview(run, is_sending=True)


class TestProblems:
    def test_they_are_grouped_by_stage_and_reason_the_gravest_first(self, people: ledgers.People) -> None:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), failed=3, unknown=1, waiting=9)
        RunProblem.objects.create(
            run=run, step=0, stage=Stage.FAILED, reason=Reason.ADDRESS_UNKNOWN, code="550 5.1.10", count=4
        )

        groups = queries.problems(run)

        assert [(g.stage, g.reason.name, g.count) for g in groups] == [
            (Stage.UNKNOWN, "connection_lost", 1),
            (Stage.FAILED, "address_unknown", 7),
            (Stage.PENDING, "provider_busy", 9),
        ]
        assert groups[1].reason.sentence == "There is no such recipient."
        assert [(code.code, code.count) for code in groups[1].codes] == [("550 5.1.10", 4), ("550 5.1.1", 3)]
        assert groups[2].was_put_off

    def test_a_reason_of_a_newer_version_is_told_as_such(self, people: ledgers.People) -> None:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), sent=1)
        RunProblem.objects.create(run=run, step=0, stage=Stage.FAILED, reason=998, count=1)

        assert queries.problems(run)[0].reason.cure == "Update the program."


class TestActivity:
    def make(self, people: ledgers.People, *minutes: tuple[datetime, int]) -> Run:
        run = ledgers.make_run(ledgers.make_campaign(people.alice), pending=1)
        for minute, count in minutes:
            Activity.objects.create(run_id=run.pk, step=0, minute=minute, stage=Stage.SENT, count=count)
        return run

    def test_hours_have_no_gaps_and_are_those_of_the_zone(self, people: ledgers.People) -> None:
        run = self.make(
            people,
            (datetime(2026, 11, 21, 8, 59, tzinfo=UTC), 5),
            (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), 2),
            (datetime(2026, 11, 21, 11, 30, tzinfo=UTC), 7),
        )

        columns = activity(run, Span.HOUR, "Europe/Berlin")

        assert [(c.start.hour, c.sent) for c in columns[:4]] == [(9, 5), (10, 2), (11, 0), (12, 7)]
        assert len(columns) == 12
        assert activity(run, Span.HOUR, "Asia/Kolkata")[0].start.minute == 0

    def test_days_are_the_zones_days_over_a_change_of_the_clocks(self, people: ledgers.People) -> None:
        run = self.make(
            people,
            (datetime(2026, 10, 24, 22, 30, tzinfo=UTC), 1),  # the 25th in Berlin, a day of 25 hours
            (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), 2),  # still the 25th
            (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), 4),
        )

        columns = activity(run, Span.DAY, "Europe/Berlin")

        assert [(c.start.day, c.sent) for c in columns[:2]] == [(25, 3), (26, 4)]
        assert {c.start.astimezone(ZoneInfo("Europe/Berlin")).hour for c in columns} == {0}

    def test_only_the_last_columns_of_a_long_run_are_shown(self, people: ledgers.People) -> None:
        start = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        run = self.make(people, (start, 1), (start + timedelta(hours=5), 2))

        columns = activity(run, Span.MINUTE, "UTC")

        assert (len(columns), columns[-1].sent, columns[0].sent) == (60, 2, 0)

    def test_nothing_sent_gives_no_columns(self, people: ledgers.People) -> None:
        assert activity(self.make(people), Span.HOUR, "UTC") == []

    @pytest.mark.parametrize(
        ("length", "span"),
        [(timedelta(minutes=5), Span.MINUTE), (timedelta(hours=5), Span.HOUR), (timedelta(days=9), Span.DAY)],
        ids=str,
    )
    def test_the_span_fits_the_runs_length(self, length: timedelta, span: Span) -> None:
        run = Run(first_sent_at=ledgers.BEGAN, last_sent_at=ledgers.BEGAN + length)

        assert fitting_span(run) is span


class TestTrail:
    def test_the_states_are_told_newest_first_with_actor_reason_and_cause(
        self, people: ledgers.People
    ) -> None:
        campaign = ledgers.make_campaign(people.alice)
        campaign = lifecycle.move(
            campaign,
            Action.PAUSE,
            by=actors.system(people.workspace),
            cause=PauseCause.SENDER,
            reason="Refused.",
        )
        lifecycle.move(campaign, Action.CONTINUE, by=ledgers.actor(people.bob))

        newest, older = trail.state_history(campaign)

        assert (newest.status, newest.actor) == (Status.SENDING, "Bob")
        assert (older.status, older.actor, older.reason, older.pause_cause) == (
            Status.PAUSED,
            "system",
            "Refused.",
            PauseCause.SENDER,
        )

    def test_the_timeline_pages_through_everything_done(self, people: ledgers.People) -> None:
        campaign = ledgers.make_campaign(people.alice)
        other = ledgers.make_campaign(people.alice)
        for name in ("a", "b", "c"):
            for one in (campaign, other):
                audit.record(
                    by=ledgers.actor(people.alice),
                    action="campaign.update",
                    kind="campaign",
                    object_id=str(one.public_id),
                    changes={"name": (None, name)},
                )

        first = trail.timeline(campaign, limit=2)
        second = trail.timeline(campaign, limit=2, before=first.older)

        assert [entry.changes["name"][1] for entry in first.entries] == ["c", "b"]
        assert ([entry.changes["name"][1] for entry in second.entries], second.older) == (["a"], None)


class TestDetails:
    @pytest.fixture
    def run(self, people: ledgers.People) -> Run:
        campaign = ledgers.make_campaign(people.alice)
        Sender.objects.update(config={"host": "mail.example.test", "from_address": "shop@example.test"})
        return ledgers.make_run(campaign, skipped=1, sent=2, waiting=1, in_flight=1)

    def test_an_accepted_message_shows_its_attempt_and_receipts(self, run: Run) -> None:
        ledgers.add_receipts(run, [2], Result.DELIVERED)

        found = details.delivery_details(run, 2)

        assert found is not None
        (message,) = found.messages
        (attempt,) = message.tries
        assert (attempt.stage, attempt.code, attempt.started_at) == (Stage.SENT, "250 2.0.0", ledgers.BEGAN)
        assert [said.result for said in message.receipts] == [Result.DELIVERED]
        assert message.message.provider_id == "4bXy0000002"

    def test_one_put_off_shows_why_and_until_when(self, run: Run) -> None:
        found = details.delivery_details(run, 4)

        assert found is not None
        (message,) = found.messages
        assert [(one.number, one.reason, one.detail) for one in message.tries] == [
            (1, Reason.PROVIDER_BUSY, "451 4.7.1 Try again later")
        ]
        assert message.message.not_before == Waiting.objects.get().not_before

    def test_one_in_flight_shows_an_attempt_without_an_end(self, run: Run) -> None:
        found = details.delivery_details(run, 5)

        assert found is not None
        assert [(one.stage, one.ended_at) for one in found.messages[0].tries] == [(Stage.IN_FLIGHT, None)]

    def test_somebody_skipped_has_no_message_and_nobody_no_details(self, run: Run) -> None:
        found = details.delivery_details(run, 1)

        assert found is not None
        assert list(found.messages) == []
        assert details.delivery_details(run, 77) is None

    def test_the_message_is_made_again_from_what_was_frozen(self, run: Run) -> None:
        step = queries.steps_of(run)[0]
        step.content = {
            "subject": "Grüße, {{ first_name }}",
            "text": "Only today.\n.\nBye",
            "html": "<p>Hi {{ last_name }}</p><a href='{{ unsubscribe_url }}'>no more</a>",
        }
        found = details.delivery_details(run, 2)
        assert found is not None

        copy = details.copy_of(run, step, found.person)

        assert (copy.problem, copy.subject) == ("", "Grüße, Ada")
        assert copy.text.splitlines() == ["Only today.", ".", "Bye"]
        assert "<p>Hi Number 2</p>" in copy.html

    def test_a_copys_links_do_nothing(self, run: Run) -> None:
        from django.conf import settings

        from clarion.lib import keys, tokens

        step = queries.steps_of(run)[0]
        step.content = {"subject": "Hi", "text": "{{ unsubscribe_url }}", "html": ""}
        found = details.delivery_details(run, 2)
        assert found is not None

        token = details.copy_of(run, step, found.person).text.strip().rsplit("/", 1)[1]

        assert tokens.read("unsubscribe", keys.derive(settings.SECRET_KEY, keys.TOKENS), token) is None

    def test_a_message_that_cannot_be_made_again_says_so(self, run: Run) -> None:
        step = queries.steps_of(run)[0]
        step.channel = "pigeon"
        found = details.delivery_details(run, 2)
        assert found is not None

        copy = details.copy_of(run, step, found.person)

        assert (copy.text, copy.problem) == ("", "Its channel, pigeon, is not part of this program.")

    def test_a_message_whose_content_or_sender_is_gone_says_so_in_a_sentence(self, run: Run) -> None:
        step = queries.steps_of(run)[0]
        found = details.delivery_details(run, 2)
        assert found is not None
        step.content = {"subject": 7, "text": ["no text"]}

        of_old_content = details.copy_of(run, step, found.person).problem
        step.sender_id = 0
        of_gone_sender = details.copy_of(run, step, found.person).problem

        assert of_old_content == "What was kept of it does not fit any more: This must be text."
        assert of_gone_sender == "The sender that it went by is gone."
