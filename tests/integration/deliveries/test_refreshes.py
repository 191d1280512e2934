"""Targets of very many people: asked for once, compared by a job, and what becomes of it when things change."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from clarion.audience.models import Contact, List, ListMember, Source, SourceKind
from clarion.campaigns import operations as campaigns
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, refreshing
from clarion.deliveries.errors import RefreshRefused
from clarion.deliveries.models import Recipient, Refresh
from clarion.deliveries.refreshes import operations, queries
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from tests import ledgers

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def campaign(people: ledgers.People) -> Campaign:
    """A paused campaign to one person, whose source has got a second one since."""
    Contact.objects.create(workspace=people.workspace, email="a@example.test")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    made = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
    building.build(made.pk)
    Contact.objects.create(workspace=people.workspace, email="b@example.test")
    return campaigns.pause(campaign=made, by=ledgers.actor(people.alice))


def asked(campaign: Campaign, people: ledgers.People, **said: Any) -> Refresh:
    return operations.ask(campaign=campaign, by=ledgers.actor(people.alice), **{"is_applying": True} | said)


def work_on(row: Refresh, number: int | None = None) -> Refresh:
    operations.run_refresh_job(row.pk, number or row.number)
    row.refresh_from_db()
    return row


def test_it_is_applied_once_in_the_name_of_who_asked(campaign: Campaign, people: ledgers.People) -> None:
    row = asked(campaign, people)
    assert asked(campaign, people).number == row.number  # not twice

    done = work_on(row)

    assert done.difference is not None
    assert (done.status, done.difference.added, Recipient.objects.count()) == ("DONE", 1, 2)
    event = AuditEvent.objects.get(action="campaign.refresh")
    assert (event.actor, event.changes["added"]) == (people.alice.user, [None, 1])
    work_on(row)
    assert AuditEvent.objects.filter(action="campaign.refresh").count() == 1


def test_a_job_that_was_asked_for_before_does_nothing(campaign: Campaign, people: ledgers.People) -> None:
    row = asked(campaign, people)
    Refresh.objects.update(asked_at=timezone.now() - operations.STUCK - timedelta(minutes=1))
    again = asked(campaign, people, is_applying=False)
    assert again.number == row.number + 1
    assert work_on(again, row.number).status == "QUEUED"
    assert Recipient.objects.count() == 1


def test_nothing_is_applied_while_it_is_compared(campaign: Campaign, people: ledgers.People) -> None:
    asked(campaign, people, is_applying=False)
    with pytest.raises(RefreshRefused):
        asked(campaign, people)


def test_a_campaign_that_went_on_meanwhile_is_left_alone(campaign: Campaign, people: ledgers.People) -> None:
    row = asked(campaign, people)
    campaigns.continue_(campaign=campaign, by=ledgers.actor(people.alice))
    done = work_on(row)
    assert (done.status, done.failure, done.difference) == ("FAILED", "The campaign went on meanwhile.", None)
    assert Recipient.objects.count() == 1


def test_who_left_the_workspace_meanwhile_changes_nothing(campaign: Campaign, people: ledgers.People) -> None:
    row = asked(campaign, people)
    Membership.objects.filter(pk=people.alice.pk).delete()
    assert work_on(row).status == "FAILED"
    assert Recipient.objects.count() == 1
    with pytest.raises(NotAllowed):
        operations.ask(campaign=campaign, is_applying=False, by=ledgers.actor(people.vera))


def test_a_lost_database_lets_the_job_run_again(
    campaign: Campaign, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = asked(campaign, people)

    def lost(**_said: Any) -> None:
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(refreshing, "refresh", lost)
        with pytest.raises(OperationalError):
            work_on(row)
    assert work_on(row).status == "DONE"


def test_few_people_are_compared_at_once(
    campaign: Campaign, people: ledgers.People, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not queries.is_large(campaign)
    monkeypatch.setattr(queries, "LARGE", 1)
    assert queries.is_large(campaign)  # two contacts
    listed = List.objects.create(workspace=people.workspace, name="All", member_count=1)
    ListMember.objects.create(list=listed, contact=Contact.objects.first())
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.LISTS)
    source.lists.add(listed)
    campaign.source = source
    assert not queries.is_large(campaign)
    List.objects.update(member_count=2)
    assert queries.is_large(campaign)
