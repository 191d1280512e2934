"""What a recurring campaign's runs have to do with each other: who is left out, and how the audience differs."""

from typing import Any

import pytest
from django.utils import timezone

from clarion.audience.models import Contact, ContactState, Source, SourceKind, Suppression
from clarion.campaigns.models import Campaign, Launch, RepeatUnit
from clarion.campaigns.states import Status
from clarion.deliveries import building, closing, earlier, ledger, remembering
from clarion.deliveries.models import Delivery, Reached, Recipient, Run
from clarion.deliveries.states import Skip, Stage
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


def contacts(people: ledgers.People, *names: str) -> None:
    Contact.objects.bulk_create(
        Contact(workspace=people.workspace, email=f"{name}@example.test") for name in names
    )


def recurring(people: ledgers.People, **said: Any) -> Campaign:
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    values = {
        "status": Status.BUILDING, "source": source, "launch": Launch.RECURRING, "starts_at": timezone.now(),
        "repeat_every": 1, "repeat_unit": RepeatUnit.DAY, "occurrence": 1,
    }  # fmt: skip
    return ledgers.make_campaign(people.alice, **values | said)


def run_of(campaign: Campaign) -> Run:
    """Build the next run."""
    building.build(campaign.pk)
    run = campaign.runs.latest("number")
    building.build_run(run)
    run.refresh_from_db()
    assert ledger.check(run).findings == []
    return run


def end(run: Run, stages: dict[str, Stage], *, occurrence: int) -> None:
    """Settle a run's people as told, sent without a word, and let the next occurrence build."""
    for one in Recipient.objects.filter(run_id=run.pk, skip=None):
        stage = stages.get(one.address.split("@")[0], Stage.SENT)
        Recipient.objects.filter(run_id=run.pk, id=one.id).update(stage=stage)
        Delivery.objects.filter(run_id=run.pk, id=one.id * 16).update(stage=stage)
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now(), pending=0, sent=run.total - run.skipped)
    Campaign.objects.filter(pk=run.campaign_id).update(
        status=Status.BUILDING, started_at=timezone.now(), occurrence=occurrence
    )


def names(run: Run, **filters: Any) -> set[str]:
    rows = Recipient.objects.filter(run_id=run.pk, **filters).values_list("address", flat=True)
    return {address.split("@")[0] for address in rows}


class TestDifference:
    def test_the_first_run_has_none(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")

        assert run_of(recurring(people)).difference == {}

    def test_the_source_is_read_anew_and_the_difference_kept(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea", "cleo")
        campaign = recurring(people)
        end(run_of(campaign), {}, occurrence=2)
        Contact.objects.filter(email__startswith="ada").delete()
        contacts(people, "dora", "emma")

        second = run_of(campaign)

        assert names(second, skip=None) == {"bea", "cleo", "dora", "emma"}
        assert second.difference == {"added": 2, "removed": 1, "same": 2}

    def test_whoever_is_left_out_is_no_difference(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")
        campaign = recurring(people)
        end(run_of(campaign), {}, occurrence=2)
        Suppression.objects.create(
            workspace=people.workspace, channel="email", address="ada@example.test", reason="BOUNCED"
        )
        Contact.objects.filter(email__startswith="bea").update(state=ContactState.DO_NOT_CONTACT)

        assert run_of(campaign).difference == {"added": 0, "removed": 0, "same": 2}

    def test_it_is_against_the_last_run_that_was_not_called_off(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")
        campaign = recurring(people)
        end(run_of(campaign), {}, occurrence=2)
        contacts(people, "cleo")
        second = run_of(campaign)
        end(second, {}, occurrence=3)
        Run.objects.filter(pk=second.pk).update(closing_stage=Stage.CANCELLED)

        assert run_of(campaign).difference == {"added": 1, "removed": 0, "same": 2}


class TestOnlyNew:
    @pytest.mark.parametrize("is_noted", [False, True], ids=["looked up in the runs", "noted"])
    def test_leaves_out_who_got_it_or_may_have_in_any_run_before(
        self, people: ledgers.People, is_noted: bool
    ) -> None:
        contacts(people, "ada", "bea", "cleo")
        campaign = recurring(people, only_new=True)
        end(run_of(campaign), {"bea": Stage.UNKNOWN, "cleo": Stage.FAILED}, occurrence=2)
        if is_noted:
            remembering.note_finished()
        contacts(people, "dora")
        second = run_of(campaign)
        assert names(second, skip=None) == {"cleo", "dora"}
        assert names(second, skip=Skip.EXCLUDED) == {"ada", "bea"}
        assert second.waterfall["excluded"] == 2
        end(second, {}, occurrence=3)

        third = run_of(campaign)

        assert names(third, skip=None) == set()

    def test_noted_runs_are_not_looked_into_until_they_go_on(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")
        campaign = recurring(people, only_new=True)
        first = run_of(campaign)
        end(first, {"bea": Stage.FAILED}, occurrence=2)
        assert remembering.note_finished() is False
        second = run_of(campaign)
        assert earlier.leaving_out(second) == earlier.Before(runs=[], campaign_id=campaign.pk)
        assert names(second, skip=None) == {"bea"}

        Run.objects.filter(pk=first.pk).update(finished_at=None)  # what failed is sent again
        assert earlier.leaving_out(second).runs == [first.pk]
        Delivery.objects.filter(run_id=first.pk).update(stage=Stage.SENT)
        Run.objects.filter(pk=first.pk).update(finished_at=timezone.now())
        remembering.note_finished()

        assert (earlier.leaving_out(second).runs, Reached.objects.count()) == ([], 2)

    def test_who_is_erased_is_forgotten_here_too(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")
        campaign = recurring(people, only_new=True)
        end(run_of(campaign), {}, occurrence=2)
        remembering.note_finished()

        remembering.forget(campaign.workspace_id, ["ada@example.test"])

        assert Reached.objects.count() == 1

    def test_without_it_every_run_goes_to_everybody(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")
        campaign = recurring(people)
        end(run_of(campaign), {}, occurrence=2)

        assert names(run_of(campaign), skip=None) == {"ada", "bea"}


class TestLaunchedAgain:
    def stopped(self, people: ledgers.People, campaign: Campaign, *, occurrence: int) -> Run:
        """Stop the first run after ada got it, and launch the campaign again."""
        run = run_of(campaign)
        Delivery.objects.filter(run_id=run.pk, id=16).update(stage=Stage.SENT)
        Recipient.objects.filter(run_id=run.pk, id=1).update(stage=Stage.SENT)
        Run.objects.filter(pk=run.pk).update(sent=1, pending=1)
        Campaign.objects.filter(pk=campaign.pk).update(status=Status.STOPPED, finished_at=timezone.now())
        for one in closing.ended():
            closing.close(one)
        Campaign.objects.filter(pk=campaign.pk).update(
            status=Status.BUILDING, finished_at=None, started_at=timezone.now(), occurrence=occurrence
        )
        return run_of(campaign)

    def test_for_the_same_occurrence_nobody_gets_it_twice(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")

        again = self.stopped(people, recurring(people), occurrence=1)

        assert names(again, skip=None) == {"bea"}

    def test_for_another_occurrence_everybody_gets_it(self, people: ledgers.People) -> None:
        contacts(people, "ada", "bea")

        again = self.stopped(people, recurring(people), occurrence=2)

        assert names(again, skip=None) == {"ada", "bea"}
