"""Segments: kept, changed, guarded, counted."""

import time
from typing import Any

import pytest
from django.db import connection

from clarion.audience import operations, queries, segments
from clarion.audience.errors import ListInUse, SegmentInUse, SegmentNameTaken, SourceInvalid
from clarion.audience.models import Contact, List, Segment, Source, SourceKind
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
