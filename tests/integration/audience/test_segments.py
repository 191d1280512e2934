"""Segments: kept, changed, guarded, counted."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clarion.audience import operations, queries, segments
from clarion.audience.errors import ListInUse, SegmentInUse, SegmentNameTaken, SourceInvalid
from clarion.audience.models import Contact, ContactActivity, List, Segment, Source, SourceKind
from clarion.audience.queries import segments as counting
from clarion.campaigns.states import Status
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.factories import Cast
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db
VIPS = {"all": [{"field": "tag", "op": "has", "value": "vip"}]}
GERMANS = {"all": [{"field": "language", "op": "begins", "value": "de"}]}


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def vips(people: ledgers.People) -> Segment:
    return operations.create_segment(by=actors.of_member(people.alice), name="VIPs", rule=VIPS)


def test_one_is_made_changed_and_deleted_and_the_trail_tells(people: ledgers.People, vips: Segment) -> None:
    by = actors.of_member(people.alice)

    changed = operations.update_segment(by=by, segment=vips, name=" Germans ", rule=GERMANS)
    assert (changed.name, changed.rule) == ("Germans", GERMANS)
    operations.delete_segment(by=by, segment=changed)

    assert not Segment.objects.exists()
    told = AuditEvent.objects.filter(object_kind="segment").order_by("number")
    assert [one.action for one in told] == ["segment.created", "segment.changed", "segment.deleted"]
    assert told[1].changes == {"name": ["VIPs", "Germans"], "rule": [VIPS, GERMANS]}


def test_names_are_unique_and_rules_are_read_strictly(people: ledgers.People, vips: Segment) -> None:
    by = actors.of_member(people.alice)

    with pytest.raises(SegmentNameTaken):
        operations.create_segment(by=by, name="VIPs", rule=GERMANS)
    with pytest.raises(segments.RuleInvalid):
        operations.update_segment(by=by, segment=vips, name="VIPs", rule={"all": []})
    vips.refresh_from_db()
    assert vips.rule == VIPS


@pytest.mark.parametrize("relation", ["segments", "excluded_segments"])
def test_what_a_campaign_goes_by_stays_as_it_is_until_that_is_over(
    people: ledgers.People, vips: Segment, relation: str
) -> None:
    by = actors.of_member(people.alice)
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.SEGMENTS)
    getattr(source, relation).add(vips)
    campaign = ledgers.make_campaign(people.alice, status=Status.DRAFT, source=source)

    with pytest.raises(SegmentInUse, match="Autumn offer"):
        operations.delete_segment(by=by, segment=vips)
    operations.update_segment(by=by, segment=vips, name="VIPs", rule=GERMANS)

    type(campaign).objects.filter(pk=campaign.pk).update(status=Status.SENDING)
    with pytest.raises(SegmentInUse, match="Autumn offer"):
        operations.update_segment(by=by, segment=vips, name="VIPs", rule=VIPS)
    operations.update_segment(by=by, segment=vips, name="Another name", rule=GERMANS)

    ended = campaign.created_at
    type(campaign).objects.filter(pk=campaign.pk).update(status=Status.COMPLETED, finished_at=ended)
    operations.delete_segment(by=by, segment=vips)


def test_a_count_is_exact_while_it_is_quick_and_of_the_workspace_alone(
    people: ledgers.People, vips: Segment
) -> None:
    for number in range(7):
        Contact.objects.create(
            workspace=people.workspace, email=f"p{number}@x.test", tags=["vip"] if number % 2 else []
        )
    Contact.objects.create(workspace=people.mallory.workspace, email="m@x.test", tags=["vip"])
    rule = segments.parse(VIPS)

    assert counting.count(people.workspace, rule) == counting.Count(3, is_exact=True)
    found = counting.members(people.workspace, rule)
    assert found is not None
    assert [one.email for one in found] == ["p5@x.test", "p3@x.test", "p1@x.test"]


def test_a_count_that_takes_too_long_is_given_up_and_told_as_about_so_many(
    people: ledgers.People, monkeypatch: pytest.MonkeyPatch
) -> None:
    Contact.objects.bulk_create(
        Contact(workspace=people.workspace, email=f"p{n}@x.test", tags=["vip"] if n % 4 == 0 else [])
        for n in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("analyze audience_contact")
    monkeypatch.setattr(counting, "_COUNT", f"select pg_sleep(120) /* {{only}} */; {counting._COUNT}")
    began = time.monotonic()

    found = counting.count(people.workspace, segments.parse(VIPS), milliseconds=50)

    assert time.monotonic() - began < PATIENCE_SECONDS
    assert not found.is_exact
    assert found.value is not None
    assert 400 < found.value < 600
    assert Contact.objects.count() == 2000, "the caller's transaction goes on"


def test_what_is_included_and_excluded_at_once_is_refused_with_its_reason(
    people: ledgers.People, vips: Segment
) -> None:
    by = actors.of_member(people.alice)
    news = List.objects.create(workspace=people.workspace, name="News")
    theirs = List.objects.create(workspace=people.mallory.workspace, name="Theirs")

    with pytest.raises(SourceInvalid, match="“VIPs” is both included and excluded"):
        operations.create_segment_source(by=by, segments=[vips], without=operations.Without(segments=[vips]))
    with pytest.raises(SourceInvalid, match="“News” is both included and excluded"):
        operations.create_list_source(by=by, lists=[news], without=operations.Without(lists=[news]))
    with pytest.raises(SourceInvalid, match="another workspace"):
        operations.create_contacts_source(by=by, without=operations.Without(lists=[theirs]))
    with pytest.raises(SourceInvalid):
        operations.create_segment_source(by=by, segments=[])

    source = operations.create_segment_source(
        by=by, segments=[vips], without=operations.Without(lists=[news])
    )
    assert (source.kind, source.name) == (SourceKind.SEGMENTS, "VIPs")


def test_a_list_that_keeps_people_out_of_a_campaign_is_not_deleted_under_it(people: ledgers.People) -> None:
    by = actors.of_member(people.alice)
    staff = List.objects.create(workspace=people.workspace, name="Staff")
    source = operations.create_contacts_source(by=by, without=operations.Without(lists=[staff]))
    ledgers.make_campaign(people.alice, status=Status.DRAFT, source=source)

    with pytest.raises(ListInUse, match="Autumn offer"):
        operations.delete_list(by=by, the_list=staff)

    assert List.objects.filter(pk=staff.pk).exists()


def test_others_cannot_see_or_change_it(cast: Cast) -> None:
    by = actors.of_member(cast.alice)
    made = operations.create_segment(by=by, name="VIPs", rule=VIPS)

    assert queries.segment_for(cast.alice, made.public_id) == made
    assert queries.segment_for(cast.mallory, made.public_id) is None
    assert not queries.segments_for(cast.mallory).exists()
    mallory = actors.of_member(cast.mallory)
    changes: dict[str, Any] = {"name": "Mine", "rule": VIPS}
    with pytest.raises(Segment.DoesNotExist):
        operations.update_segment(by=mallory, segment=made, **changes)
    with pytest.raises(Segment.DoesNotExist):
        operations.delete_segment(by=mallory, segment=made)
    with pytest.raises(NotAllowed):
        operations.create_segment(by=actors.of_member(cast.vera), name="x", rule=VIPS)


@pytest.mark.parametrize(("quick", "is_first"), [(1e9, False), (-1, True)], ids=["cheap", "dear"])
def test_a_count_and_its_estimate_are_told_within_one_limit(
    people: ledgers.People, vips: Segment, monkeypatch: pytest.MonkeyPatch, quick: float, is_first: bool
) -> None:
    in_time = counting.in_time
    asked: list[tuple[bool, int]] = []

    def slow(statement: str, parameters: Any, milliseconds: int, **rest: Any) -> Any:
        if "explain" in statement:
            return in_time(statement, parameters, milliseconds, **rest)
        is_exact = statement.startswith("select count(*)")
        asked.append((is_exact, milliseconds))
        return None if is_exact else [(4_000, 1_000)]

    monkeypatch.setattr(counting, "in_time", slow)
    monkeypatch.setattr(counting, "QUICK", quick)

    told = counting.count(people.workspace, segments.parse(vips.rule))

    assert (told.is_exact, told.value is None) == (False, False)
    assert [is_exact for is_exact, _milliseconds in asked] == ([False, True] if is_first else [True, False])
    assert (
        sum(milliseconds for is_exact, milliseconds in asked if is_exact or not is_first) <= counting.COUNT_MS
    )


def test_what_is_sure_to_take_too_long_is_estimated_without_trying(
    people: ledgers.People, vips: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "QUICK", -1)
    monkeypatch.setattr(counting, "HOPELESS", 0)
    node = segments.parse(vips.rule)

    assert counting.count(people.workspace, node).is_exact is False
    assert counting.count(people.workspace, node, milliseconds=60_000).is_exact is True


def test_how_often_is_asked_of_each_where_few_are_meant_and_of_all_where_many_are(cast: Cast) -> None:
    made = Contact.objects.bulk_create(
        Contact(workspace=cast.workspace, email=f"p{n}@example.test", tags=["vip"] if n < 3 else [])
        for n in range(3_000)
    )
    ContactActivity.objects.bulk_create(
        ContactActivity(
            contact=one, run_id=run, workspace_id=cast.workspace.pk, campaign_id=1,
            sent_on=timezone.now().date(), opened_on=timezone.now().date(),
        )
        for run in (1, 2, 3, 4)
        for one in made
    )  # fmt: skip
    often = {"field": "opened", "op": "at_least", "value": {"messages": 2, "days": 30}}
    few, many = {"all": [{"field": "tag", "op": "has", "value": "vip"}, often]}, {"all": [often]}
    with connection.cursor() as cursor:
        cursor.execute("analyze audience_contact, audience_contactactivity")
    counted = {}
    for name, rule in (("few", few), ("many", many)):
        with CaptureQueriesContext(connection) as asked:
            counted[name] = counting.count(cast.workspace, segments.parse(rule), milliseconds=60_000).value
        (sql,) = (one["sql"] for one in asked if one["sql"].startswith("select count(*)"))
        counted[f"{name} at once"] = "group by a.contact_id" in sql

    assert counted == {"few": 3, "few at once": False, "many": 3_000, "many at once": True}
