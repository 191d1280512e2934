"""The causes of a standstill add up to what is pending, cost little to ask for, and are told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.deliveries import progress
from clarion.deliveries.backlog import fitted
from clarion.deliveries.causes import CAUSES, Kind
from clarion.deliveries.explain import explain
from clarion.deliveries.models import Activity, Run
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender
from tests.integration.deliveries.explaining.asking import change, first, open_lane, put_off, sender_of, why

pytestmark = pytest.mark.django_db


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
