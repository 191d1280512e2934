"""People who lie close together in the contacts are read by spans: nobody is missed, and nobody comes by it."""

from typing import Any

import pytest
from django.db import connection

from clarion.audience.models import Contact, List, ListMember, Source, SourceKind, Suppression
from clarion.campaigns.states import Status
from clarion.deliveries import building, candidates, judging
from clarion.deliveries.models import Recipient, Run
from clarion.deliveries.states import Skip
from tests import ledgers
from tests.integration.deliveries.putting_together import built, launched, persons

pytestmark = pytest.mark.django_db

#: How close people are to lie, so that all chunks are read by spans and none is.
WAYS = (10**6, 0)


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture(params=WAYS, ids=["in spans", "one by one"])
def close(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(building, "FIRST_CHUNK", 3)
    monkeypatch.setattr(building, "CHUNK", 5)
    monkeypatch.setattr(candidates, "CLOSE", request.param)
    return int(request.param)


def contacts_of(people: ledgers.People, count: int) -> list[Contact]:
    return Contact.objects.bulk_create(
        Contact(workspace=people.workspace, email=one) for one in persons(count)
    )


def put_on_list(people: ledgers.People, name: str, contacts: list[Contact]) -> List:
    made = List.objects.create(workspace=people.workspace, name=name, member_count=len(contacts))
    ListMember.objects.bulk_create(ListMember(list=made, contact=one) for one in contacts)
    return made


def source_of(people: ledgers.People, *lists: List) -> Source:
    kind = SourceKind.LISTS if lists else SourceKind.CONTACTS
    made = Source.objects.create(workspace=people.workspace, kind=kind)
    made.lists.set(lists)
    return made


def ids_of(run: Run, skip: Skip | None) -> list[int | None]:
    found = Recipient.objects.filter(run_id=run.pk, skip=skip).order_by("id")
    return list(found.values_list("contact_id", flat=True))


@pytest.mark.parametrize("of_lists", [True, False], ids=["lists", "all contacts"])
@pytest.mark.parametrize("few", [40_000, 0], ids=["few suppressed", "many"])
def test_who_is_excluded_or_suppressed_is_left_out_and_strangers_do_not_come_in(
    people: ledgers.People, close: int, of_lists: bool, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "FEW", few)
    theirs = Contact.objects.create(workspace=people.mallory.workspace, email="person3@example.test")
    contacts = contacts_of(people, 40)
    wanted = [one for n, one in enumerate(contacts) if n % 7 != 4] if of_lists else contacts
    # Some are on both lists.
    lists = [put_on_list(people, "a", wanted[:25]), put_on_list(people, "b", wanted[15:])] if of_lists else []
    source = source_of(people, *lists)
    source.excluded_lists.add(
        put_on_list(people, "without", contacts[::6]), put_on_list(people, "nor", contacts[::11])
    )
    without = {one.pk for one in [*contacts[::6], *contacts[::11]]}
    for one in contacts[1::5]:
        Suppression.objects.create(
            workspace=people.workspace, channel="email", address=one.email, reason="MANUAL"
        )
    Suppression.objects.create(
        workspace=people.mallory.workspace, channel="email", address=contacts[2].email, reason="MANUAL"
    )
    suppressed = {one.pk for one in contacts[1::5]}

    run = built(launched(people, source))

    meant = [one.pk for one in wanted]
    assert theirs.pk not in meant
    assert ids_of(run, None) == [pk for pk in meant if pk not in without | suppressed]
    assert ids_of(run, Skip.SUPPRESSED) == [pk for pk in meant if pk in suppressed]
    assert ids_of(run, Skip.EXCLUDED) == [pk for pk in meant if pk in without - suppressed]


@pytest.mark.usefixtures("close")
def test_whoever_is_suppressed_between_two_chunks_is_left_out(people: ledgers.People) -> None:
    contacts = contacts_of(people, 20)
    campaign = launched(people, source_of(people, put_on_list(people, "all", contacts)))
    building.build(campaign.pk, seconds=0)
    for one in (contacts[1], contacts[12]):  # one waits already, the other is to come
        Suppression.objects.create(
            workspace=people.workspace, channel="email", address=one.email, reason="MANUAL"
        )

    run = built(campaign)

    assert (run.total, run.pending, run.skipped) == (20, 18, 2)
    assert ids_of(run, Skip.SUPPRESSED) == [contacts[1].pk, contacts[12].pk]


@pytest.mark.usefixtures("close")
def test_who_stands_behind_a_span_that_was_emptied_meanwhile_is_still_taken(
    people: ledgers.People, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = contacts_of(people, 20)
    everybody = put_on_list(people, "all", contacts)
    look = candidates.span

    def emptied(cursor: Any, source: Source, facts: dict[str, Any]) -> dict[str, int] | None:
        found = look(cursor, source, facts)
        if facts["after"] == contacts[2].pk:  # of the second chunk: it would be the next five
            ListMember.objects.filter(list=everybody, contact__in=contacts[3:8]).delete()
        return found

    monkeypatch.setattr(candidates, "span", emptied)

    run = built(launched(people, source_of(people, everybody)))

    assert ids_of(run, None) == [one.pk for one in contacts[:3] + contacts[8:]]


@pytest.mark.usefixtures("close")
def test_who_is_put_on_the_list_meanwhile_comes_in_his_turn_and_once(
    people: ledgers.People, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = contacts_of(people, 20)
    everybody = put_on_list(people, "all", contacts[::2])
    look = candidates.span

    def grown(cursor: Any, source: Source, facts: dict[str, Any]) -> dict[str, int] | None:
        found = look(cursor, source, facts)
        ListMember.objects.bulk_create(
            (ListMember(list=everybody, contact=one) for one in contacts), ignore_conflicts=True
        )
        return found

    monkeypatch.setattr(candidates, "span", grown)

    run = built(launched(people, source_of(people, everybody)))

    assert ids_of(run, None) == [one.pk for one in contacts]


def test_the_sets_of_a_span_are_hashed_before_anything_is_known_of_the_tables(people: ledgers.People) -> None:
    contacts = contacts_of(people, 10)
    source = source_of(people, put_on_list(people, "all", contacts))
    source.excluded_lists.add(put_on_list(people, "without", contacts[:2]))
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
    building.build(campaign.pk, seconds=0)
    run = campaign.runs.get()
    wanted = building._facts(run) | {"after": 0, "chunk": building.CHUNK, "last": 0}

    with connection.cursor() as cursor:
        span = candidates.span(cursor, source, wanted)
        assert span == {"first": contacts[0].pk, "until": contacts[-1].pk}
        cursor.execute(f"explain verbose {judging.among_few(wanted['in_span'])}", wanted | span)
        plan = "\n".join(line for (line,) in cursor.fetchall())

    # Whoever is on the list, suppressed or excluded: to go through these for each person would take hours of a million.
    assert plan.count("hashed SubPlan") == 3
