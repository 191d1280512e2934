"""Frequency caps of a large run: who may have had their share is listed once, for the whole of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from clarion.audience import shortlisting
from clarion.audience.models import Contact
from clarion.campaigns.states import Status
from clarion.deliveries import building, counting
from clarion.deliveries.models import Recipient
from clarion.deliveries.states import Stage
from tests import ledgers
from tests.integration.deliveries.test_caps import built, cap, capped_addresses, everybody, sent_run
from tests.integration.deliveries.test_caps import people as people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "FIRST_CHUNK", 2)
    monkeypatch.setattr(building, "CHUNK", 4)
    monkeypatch.setattr(shortlisting, "WORTH_FROM", 1)
    monkeypatch.setattr(shortlisting, "AT_MOST", 1)


def test_what_is_noted_while_a_large_run_is_built_counts_for_the_rest_of_it(people: ledgers.People) -> None:
    addresses = [f"p{n:02}@example.test" for n in range(20)]
    Contact.objects.bulk_create(Contact(workspace=people.workspace, email=one) for one in addresses)
    cap(people, 2, 7)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    all_of_them = [(one, Stage.SENT, an_hour_ago) for one in addresses]
    sent_run(people, [*all_of_them[:8], *all_of_them[10:]])
    counting.count_finished()
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=everybody(people))
    building.build(campaign.pk, seconds=0)
    run = campaign.runs.get()
    for _chunk in range(2):
        building.build_run(run, seconds=0)
    with connection.cursor() as cursor:
        cursor.execute("select run_id, count from cap_shortlisted")
        assert cursor.fetchall() == [(run.pk, 0)]  # nobody can be capped by what is noted now

    sent_run(people, all_of_them)
    counting.count_finished()
    built(campaign)

    assert Recipient.objects.filter(run_id=run.pk).count() == 20
    assert capped_addresses(run) == set(addresses[10:])
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from cap_shortlisted")
        assert cursor.fetchone() == (0,)


def test_notes_of_another_workspace_are_not_on_the_list_of_a_large_run(people: ledgers.People) -> None:
    addresses = [f"p{n:02}@example.test" for n in range(12)]
    an_hour_ago = timezone.now() - timedelta(hours=1)
    others = ledgers.make_people()
    for one, share in ((others, addresses), (people, addresses[:3])):
        Contact.objects.bulk_create(Contact(workspace=one.workspace, email=address) for address in addresses)
        cap(one, 1, 7)
        sent_run(one, [(address, Stage.SENT, an_hour_ago) for address in share])
    counting.count_finished()
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=everybody(people))
    building.build(campaign.pk, seconds=0)
    run = campaign.runs.get()
    for _chunk in range(2):
        building.build_run(run, seconds=0)
    with connection.cursor() as cursor:
        cursor.execute("select run_id, count from cap_shortlisted")
        assert cursor.fetchall() == [(run.pk, 3)]

    built(campaign)

    assert capped_addresses(run) == set(addresses[:3])
