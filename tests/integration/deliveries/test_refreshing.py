"""An audience read anew: what came, went and changed, told first and then applied."""

import threading
from typing import Any

import pytest
from django.db import connection

from clarion.audience.models import (
    Contact,
    ContactState,
    List,
    ListMember,
    Segment,
    Source,
    SourceKind,
    Suppression,
)
from clarion.campaigns import operations as campaigns
from clarion.campaigns.errors import TransitionRefused
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, ledger
from clarion.deliveries.errors import RefreshRefused
from clarion.deliveries.models import Activity, Delivery, Recipient, Run, Waiting
from clarion.deliveries.refreshing import difference, refresh
from clarion.deliveries.states import Skip, Stage
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests import ledgers


@pytest.fixture
def people(db: None) -> ledgers.People:
    return ledgers.make_people()


def contact(people: ledgers.People, name: str, **facts: Any) -> Contact:
    return Contact.objects.create(
        workspace=people.workspace, email=f"{name}@example.test", first_name=name, **facts
    )


def paused(people: ledgers.People, source: Source | None = None) -> Campaign:
    source = source or Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)
    building.build(campaign.pk)
    building.build_run(campaign.runs.select_related("campaign__workspace", "campaign__source").get())
    return campaigns.pause(campaign=campaign, by=ledgers.actor(people.alice))


def sent_to(run: Run, address: str) -> None:
    """Let the message to this address have left, as if the first had."""
    person = Recipient.objects.get(run_id=run.pk, address=address)
    assert person.id == 1
    ledgers.change("delivery", run, "id = 16", stage=int(Stage.SENT), attempts=1)
    Run.objects.filter(pk=run.pk).update(pending=run.pending - 1, sent=1)
    run.steps.update(cursor=1, handed=1, accepted=1)
    run.refresh_from_db()
    Activity.objects.create(run_id=run.pk, step=0, minute=ledgers.BEGAN, stage=Stage.SENT, count=1)


def test_nothing_has_changed_and_nothing_is_changed(people: ledgers.People) -> None:
    contact(people, "ada")
    campaign = paused(people)
    seen = refresh(campaign=campaign, by=ledgers.actor(people.alice))
    assert (seen.is_none, seen.is_of_run, seen.before, seen.now) == (True, True, 1, 1)


def test_added_removed_and_changed_people_are_told_and_then_so(people: ledgers.People) -> None:
    listed = List.objects.create(workspace=people.workspace, name="News")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.LISTS)
    source.lists.add(listed)
    first, gone, barred, suppressed, changed = (contact(people, name) for name in "abcde")
    for one in (first, gone, barred, suppressed, changed):
        ListMember.objects.create(list=listed, contact=one)
    campaign = paused(people, source)
    run = Run.objects.get()
    sent_to(run, "a@example.test")

    ListMember.objects.filter(contact__in=[first, gone]).delete()
    Contact.objects.filter(pk=barred.pk).update(state=ContactState.DO_NOT_CONTACT)
    Suppression.objects.create(
        workspace=people.workspace, channel="email", address="d@example.test", reason="MANUAL"
    )
    Contact.objects.filter(pk=changed.pk).update(first_name="Emmy")
    for name in ("f", "g"):
        ListMember.objects.create(list=listed, contact=contact(people, name))
    by = ledgers.actor(people.alice)

    seen = difference(campaign=campaign, by=by)
    assert (seen.added, seen.removed, seen.changed, seen.before, seen.now) == (2, 3, 1, 5, 3)
    assert Recipient.objects.count() == 5
    done = refresh(campaign=campaign, by=by)

    assert (done.added, done.removed, done.changed) == (2, 3, 1)
    rows = Recipient.objects.order_by("id").values_list("address", "skip", "variables__first_name")
    assert list(rows) == [
        ("a@example.test", None, "a"),
        ("b@example.test", Skip.REMOVED, "b"),
        ("c@example.test", Skip.DO_NOT_CONTACT, "c"),
        ("d@example.test", Skip.SUPPRESSED, "d"),
        ("e@example.test", None, "Emmy"),
        ("f@example.test", None, "f"),
        ("g@example.test", None, "g"),
    ]
    run.refresh_from_db()
    assert (run.total, run.pending, run.sent, run.skipped, run.last_recipient_id) == (7, 3, 1, 3, 7)
    assert (run.waterfall["removed"], run.waterfall["suppressed"], run.waterfall["do_not_contact"]) == (
        1,
        1,
        1,
    )
    assert ledger.check(run).findings == []
    event = AuditEvent.objects.get(action="campaign.refresh")
    assert (event.changes["people"], event.changes["added"]) == ([5, 3], [None, 2])
    assert refresh(campaign=campaign, by=by).is_none


def test_whoever_comes_back_is_added_and_gets_it_once(people: ledgers.People) -> None:
    ada = contact(people, "ada")
    campaign = paused(people)
    by = ledgers.actor(people.alice)
    Contact.objects.filter(pk=ada.pk).update(state=ContactState.INACTIVE)
    assert refresh(campaign=campaign, by=by).removed == 1
    Contact.objects.filter(pk=ada.pk).update(state=ContactState.ACTIVE)
    assert refresh(campaign=campaign, by=by).added == 1
    assert refresh(campaign=campaign, by=by).is_none
    assert Delivery.objects.filter(stage=Stage.PENDING).count() == 1
    assert ledger.check(Run.objects.get()).findings == []


def test_who_waits_behind_the_cursor_is_removed_too(people: ledgers.People) -> None:
    ada = contact(people, "ada")
    contact(people, "eve")
    campaign = paused(people)
    run = Run.objects.get()
    run.steps.update(cursor=1)
    Waiting.objects.create(run_id=run.pk, delivery_id=16, step=0, not_before=ledgers.BEGAN)
    ada.delete()
    assert refresh(campaign=campaign, by=ledgers.actor(people.alice)).removed == 1
    assert not Waiting.objects.exists()
    assert ledger.check(run).findings == []


def test_of_a_draft_the_count_is_compared_with_the_last_one(people: ledgers.People) -> None:
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.CONTACTS)
    campaign = ledgers.make_campaign(people.alice, status=Status.DRAFT, source=source)
    by = ledgers.actor(people.alice)
    contact(people, "ada")
    first = refresh(campaign=campaign, by=by)
    assert (first.before, first.now, first.is_of_run) == (None, 1, False)
    contact(people, "eve")
    assert (difference(campaign=campaign, by=by).added, difference(campaign=campaign, by=by).before) == (1, 1)


def test_other_states_and_unfinished_builds_are_refused(people: ledgers.People) -> None:
    by = ledgers.actor(people.alice)
    for status in (Status.SENDING, Status.COMPLETED, Status.CANCELLED, Status.SCHEDULED):
        with pytest.raises(TransitionRefused):
            refresh(campaign=ledgers.make_campaign(people.alice, status=status), by=by)
    contact(people, "ada")
    campaign = paused(people)
    Run.objects.update(built_at=None)
    with pytest.raises(RefreshRefused, match="put together"):
        refresh(campaign=campaign, by=by)


def test_a_viewer_may_not_and_a_stranger_finds_no_such_campaign(people: ledgers.People) -> None:
    contact(people, "ada")
    campaign = paused(people)
    with pytest.raises(NotAllowed):
        refresh(campaign=campaign, by=ledgers.actor(people.vera))
    with pytest.raises(TransitionRefused):
        refresh(campaign=campaign, by=ledgers.actor(people.mallory))


@pytest.mark.django_db(transaction=True)
def test_several_refreshes_at_once_add_and_remove_once() -> None:
    people = ledgers.make_people()
    gone = contact(people, "ada")
    campaign = paused(people)
    gone.delete()
    for n in range(20):
        contact(people, f"new{n}")
    by = actors.system(people.workspace)
    done: list[tuple[int, int]] = []

    def call() -> None:
        try:
            found = refresh(campaign=campaign, by=by)
            done.append((found.added, found.removed))
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [(0, 0)] * 5 + [(20, 1)]
    run = Run.objects.get()
    assert (run.pending, run.skipped) == (20, 1)
    assert ledger.check(run).findings == []


def test_a_segment_is_asked_anew_and_whoever_is_excluded_meanwhile_is_left_out(
    people: ledgers.People,
) -> None:
    vips = Segment.objects.create(
        workspace=people.workspace, name="VIPs", rule={"all": [{"field": "tag", "op": "has", "value": "vip"}]}
    )
    staff = List.objects.create(workspace=people.workspace, name="Staff")
    source = Source.objects.create(workspace=people.workspace, kind=SourceKind.SEGMENTS)
    source.segments.add(vips)
    source.excluded_lists.add(staff)
    _stays, leaves, excluded = (contact(people, name, tags=["vip"]) for name in "abc")
    joins = contact(people, "d")
    campaign = paused(people, source)
    assert Recipient.objects.count() == 3

    Contact.objects.filter(pk=leaves.pk).update(tags=[])
    Contact.objects.filter(pk=joins.pk).update(tags=["vip"])
    ListMember.objects.create(list=staff, contact=excluded)
    done = refresh(campaign=campaign, by=ledgers.actor(people.alice))

    assert (done.added, done.removed) == (1, 2)
    assert list(Recipient.objects.order_by("id").values_list("address", "skip")) == [
        ("a@example.test", None),
        ("b@example.test", Skip.REMOVED),
        ("c@example.test", Skip.EXCLUDED),
        ("d@example.test", None),
    ]
