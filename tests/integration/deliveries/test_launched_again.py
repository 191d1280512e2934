"""A campaign that was stopped and started again: whom its second run leaves out, and what it waits for."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import closing
from clarion.deliveries.models import Delivery, Recipient, Run
from clarion.deliveries.states import Skip, Stage
from clarion.runtime import scheduler
from clarion.workspaces import actors
from tests import ledgers
from tests.integration.deliveries.putting_together import built, launched, persons, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def stop_and_start(people: ledgers.People, campaign: Campaign) -> None:
    by = actors.of_member(people.alice)
    campaign = campaigns.stop(campaign=campaign, by=by)
    Campaign.objects.filter(pk=campaign.pk).update(
        status=Status.BUILDING, started_at=timezone.now() + timedelta(seconds=1), finished_at=None
    )


def settle(run: Run, stages: dict[str, Stage]) -> None:
    """Let the engine have sent to these people, whatever it took."""
    for address, stage in stages.items():
        person = Recipient.objects.get(run_id=run.pk, address=address)
        name = stage.name.lower()
        with connection.cursor() as cursor:
            cursor.execute(
                "update deliveries_delivery set stage = %s, claim_id = 1, claimed_at = now()"
                " where run_id = %s and id = %s",
                [stage.value, run.pk, person.id * 16],
            )
            cursor.execute(
                f"update deliveries_run set pending = pending - 1, {name} = {name} + 1 where id = %s",  # noqa: S608
                [run.pk],
            )


class TestLaunchedAgain:
    def test_nobody_who_got_it_or_may_have_got_it_is_written_to_again(self, people: ledgers.People) -> None:
        campaign = launched(people, upload(people, persons(6)))
        first = built(campaign)
        settle(
            first,
            {
                "person0@example.test": Stage.SENT,
                "person1@example.test": Stage.UNKNOWN,
                "person2@example.test": Stage.FAILED,
            },
        )
        stop_and_start(people, campaign)
        scheduler.build_due()
        scheduler.tick()

        second = built(campaign)

        assert second.number == 2
        left_out = Recipient.objects.filter(run_id=second.pk, skip=Skip.EXCLUDED)
        assert {r.address for r in left_out} == {"person0@example.test", "person1@example.test"}
        assert (second.pending, second.waterfall["excluded"]) == (4, 2)

    def test_waits_until_what_is_in_flight_is_known(self, people: ledgers.People) -> None:
        campaign = launched(people, upload(people, persons(3)))
        first = built(campaign)
        settle(first, {"person0@example.test": Stage.IN_FLIGHT})
        stop_and_start(people, campaign)

        scheduler.build_due()
        scheduler.tick()

        first.refresh_from_db()
        assert (first.closing_stage, first.cancelled, first.in_flight) == (Stage.CANCELLED, 2, 1)
        assert campaign.runs.count() == 1

    def test_a_run_of_an_earlier_launch_is_never_gone_on_with(self, people: ledgers.People) -> None:
        campaign = launched(people, upload(people, persons(3)))
        first = built(campaign)
        stop_and_start(people, campaign)  # before anybody has closed the first

        scheduler.build_due()
        scheduler.tick()
        scheduler.build_due()

        first.refresh_from_db()
        assert (first.cancelled, first.finished_at is None) == (3, False)
        assert [run.pending for run in campaign.runs.order_by("number")] == [0, 3]
        assert Delivery.objects.filter(run_id=first.pk, stage=Stage.PENDING).count() == 0

    def test_closing_goes_on_although_it_was_launched_again(self, people: ledgers.People) -> None:
        campaign = launched(people, upload(people, persons(3)))
        first = built(campaign)
        Run.objects.filter(pk=first.pk).update(closing_stage=Stage.CANCELLED)

        assert [run.pk for run in closing.ended()] == [first.pk]
