"""Why messages of a campaign that is sent do not leave: each cause with real rows, its share and its end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clarion.campaigns.models import Campaign, Launch, Step
from clarion.deliveries import stretches
from clarion.deliveries.causes import Kind
from clarion.deliveries.models import Run
from clarion.engine.outcomes import Reason
from clarion.senders.models import Sender, SenderLane, SenderStatus
from tests import ledgers
from tests.integration.deliveries.explaining.asking import change, first, open_lane, put_off, sender_of, why

pytestmark = pytest.mark.django_db


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
