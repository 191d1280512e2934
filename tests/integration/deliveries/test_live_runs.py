"""Runs of live spreadsheets, of audiences fixed beforehand, and of files of which people are left out."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience import fixing, operations, queries
from clarion.audience.livesheets import rereading
from clarion.audience.models import Contact, LiveSheet, Source
from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.deliveries import building, ledger, livesheets, refreshing
from clarion.deliveries.errors import RefreshRefused
from clarion.deliveries.models import Recipient
from clarion.lib.reach import Reach
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests import ledgers
from tests.webfiles import WebFile, served

pytestmark = pytest.mark.django_db

TWO = b"email,first_name\nada@example.test,Ada\nbo@example.test,Bo\n"


@pytest.fixture
def web(settings: Any) -> Iterator[WebFile]:
    settings.CLARION_FETCH_ALLOW = Reach.of("127.0.0.1")
    with served(WebFile(TWO)) as file:
        yield file


@pytest.fixture
def people() -> ledgers.People:
    return ledgers.make_people()


@pytest.fixture
def by(people: ledgers.People) -> actors.Actor:
    return actors.of_member(people.alice)


@pytest.fixture
def sheet(by: actors.Actor, web: WebFile) -> LiveSheet:
    return rereading.reread(operations.create_sheet(by=by, name="People", url=web.url))


def launched(people: ledgers.People, source: Source) -> Campaign:
    return ledgers.make_campaign(people.alice, status=Status.BUILDING, source=source)


def of_sheet(people: ledgers.People, by: actors.Actor, sheet: LiveSheet) -> Campaign:
    return launched(people, operations.create_sheet_source(by=by, sheet=sheet))


def long_ago(sheet: LiveSheet) -> None:
    past = timezone.now() - timedelta(hours=1)
    LiveSheet.objects.filter(pk=sheet.pk).update(wanted_at=past, tried_at=past, checked_at=past)


def addresses(campaign: Campaign) -> list[str]:
    run = campaign.runs.latest("number")
    while building.build_run(run):
        pass
    run.refresh_from_db()
    assert run.built_at is not None
    assert ledger.check(run).findings == []
    return list(
        Recipient.objects.filter(run_id=run.pk, skip=None).order_by("id").values_list("address", flat=True)
    )


def test_a_run_waits_for_its_sheet_to_be_read_again_and_goes_by_that(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile
) -> None:
    long_ago(sheet)
    web.body = b"email\ncy@example.test\n"
    campaign = of_sheet(people, by, sheet)

    assert building.build(campaign.pk) is False
    assert campaign.runs.get().total == 0
    rereading.read_sheet_job(sheet.pk)  # as the background worker does
    building.build(campaign.pk)

    assert addresses(campaign) == ["cy@example.test"]
    read = AuditEvent.objects.get(action="campaign.read_source")
    assert read.changes["rows"] == [None, 1]


def test_a_run_reads_by_itself_where_no_background_worker_is(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile
) -> None:
    long_ago(sheet)
    web.body = b"email\ncy@example.test\n"
    campaign = of_sheet(people, by, sheet)
    building.build(campaign.pk)
    LiveSheet.objects.filter(pk=sheet.pk).update(wanted_at=timezone.now() - timedelta(minutes=1))

    building.build(campaign.pk)

    assert addresses(campaign) == ["cy@example.test"]


def test_what_was_read_a_moment_before_is_not_read_twice(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile
) -> None:
    campaign = of_sheet(people, by, sheet)
    building.build(campaign.pk)

    assert addresses(campaign) == ["ada@example.test", "bo@example.test"]
    assert len(web.asked) == 1


def test_a_run_whose_sheet_cannot_be_read_fails_with_the_reason(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile
) -> None:
    long_ago(sheet)
    web.status = 503
    campaign = of_sheet(people, by, sheet)
    building.build(campaign.pk)
    rereading.read_sheet_job(sheet.pk)

    building.build(campaign.pk)

    campaign.refresh_from_db()
    assert campaign.status == Status.FAILED
    assert (
        campaign.status_reason
        == "The live source “People” could not be read: The server answered with an error (503)."
    )


def test_a_run_goes_by_the_last_good_copy_where_that_is_wanted(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile
) -> None:
    operations.update_sheet(by=by, sheet=sheet, when_unreadable="KEEP", keep_hours=2)
    long_ago(sheet)
    web.status = 503
    campaign = of_sheet(people, by, sheet)
    building.build(campaign.pk)
    rereading.read_sheet_job(sheet.pk)
    building.build(campaign.pk)

    assert addresses(campaign) == ["ada@example.test", "bo@example.test"]
    assert "503" in campaign.runs.get().plan["copy"]["problem"]


def test_a_run_keeps_to_its_copy_though_the_sheet_is_read_again_meanwhile(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "FIRST_CHUNK", 1)
    campaign = of_sheet(people, by, sheet)
    building.build(campaign.pk, seconds=0)
    assert campaign.runs.get().total == 1
    web.body = b"email\ncy@example.test\n"
    rereading.reread(sheet)
    Source.objects.filter(sheet=sheet).update(created_at=timezone.now() - timedelta(hours=2))

    assert livesheets.drop_old_copies() == 0
    assert addresses(campaign) == ["ada@example.test", "bo@example.test"]
    assert livesheets.drop_old_copies() == 1


def test_refreshing_reads_the_sheet_again_first(
    people: ledgers.People, by: actors.Actor, sheet: LiveSheet, web: WebFile
) -> None:
    campaign = of_sheet(people, by, sheet)
    building.build(campaign.pk)
    addresses(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(
        status=Status.PAUSED, pause_cause="PERSON", paused_from=Status.SENDING
    )
    long_ago(sheet)
    web.body = b"email,first_name\nada@example.test,Adele\ncy@example.test,Cy\n"

    with pytest.raises(RefreshRefused, match="being read again"):
        refreshing.difference(campaign=campaign, by=by)
    rereading.read_sheet_job(sheet.pk)
    done = refreshing.refresh(campaign=campaign, by=by)

    assert (done.added, done.removed, done.changed) == (1, 1, 1)
    assert addresses(campaign) == ["ada@example.test", "cy@example.test"]


def contact(people: ledgers.People, email: str, **fields: Any) -> Contact:
    return Contact.objects.create(workspace=people.workspace, email=email, **fields)


def test_people_fixed_now_get_it_whoever_comes_and_goes_later(
    people: ledgers.People, by: actors.Actor
) -> None:
    ada, bo = contact(people, "ada@example.test"), contact(people, "bo@example.test")
    team = operations.create_list(by=by, name="Team")
    operations.add_to_list(by=by, the_list=team, contact_ids=[ada.pk, bo.pk])
    source = operations.create_list_source(by=by, lists=[team], is_fixed=True)
    fixing.fix_source_job(source.pk)
    cy = contact(people, "cy@example.test")
    operations.add_to_list(by=by, the_list=team, contact_ids=[cy.pk])
    operations.remove_from_list(by=by, the_list=team, contact_ids=[ada.pk])
    source.refresh_from_db()

    assert queries.estimate(source, "email").will_receive == 2
    assert queries.reaches_anybody(source, "email")
    campaign = launched(people, source)
    building.build(campaign.pk)
    assert addresses(campaign) == ["ada@example.test", "bo@example.test"]


def test_whoever_opts_out_after_the_fixing_gets_nothing(people: ledgers.People, by: actors.Actor) -> None:
    for name in ("ada", "bo", "cy"):
        contact(people, f"{name}@example.test")
    source = fixing.fix(operations.create_contacts_source(by=by, is_fixed=True))
    contact(people, "later@example.test")
    Contact.objects.filter(email="ada@example.test").update(state="DO_NOT_CONTACT")
    operations.add_suppression(by=by, channel="email", address="bo@example.test")
    campaign = launched(people, source)
    building.build(campaign.pk)

    assert addresses(campaign) == ["cy@example.test"]


def test_chosen_contacts_are_written_to_and_nobody_else(people: ledgers.People, by: actors.Actor) -> None:
    ada, _bo = contact(people, "ada@example.test"), contact(people, "bo@example.test")
    source = operations.create_chosen_source(by=by, contacts=[ada])
    campaign = launched(people, source)
    building.build(campaign.pk)

    assert str(source) == "1 chosen contact"
    assert addresses(campaign) == ["ada@example.test"]


def test_people_of_lists_are_left_out_of_a_file_and_the_file_stays_whole(
    people: ledgers.People, by: actors.Actor
) -> None:
    import io

    from clarion.audience import reading

    upload = operations.create_upload_source(
        by=by, file=io.BytesIO(TWO), file_name="two.csv", channel="sandbox"
    )
    upload = reading.read_source(upload)
    team = operations.create_list(by=by, name="Team")
    operations.add_to_list(by=by, the_list=team, contact_ids=[contact(people, "ada@example.test").pk])
    source = operations.leave_out(by=by, upload=upload, without=operations.Without(lists=[team]))
    campaign = launched(people, source)
    building.build(campaign.pk)

    assert addresses(campaign) == ["bo@example.test"]
    assert campaign.runs.get().waterfall["excluded"] == 1
    assert queries.estimate(source, "sandbox").will_receive == 1
    assert queries.estimate(upload, "sandbox").will_receive == 2
    assert operations.leave_out(by=by, upload=source, without=operations.NOBODY) == upload


def test_picked_contacts_can_be_deleted_and_merged(people: ledgers.People, by: actors.Actor) -> None:
    ada, bo, cy = (contact(people, f"{name}@example.test") for name in ("ada", "bo", "cy"))
    source = operations.create_chosen_source(by=by, contacts=[ada, bo])

    operations.delete_contacts(by=by, contact_ids=[ada.pk])
    operations.merge_contacts(by=by, kept=cy, gone=bo)

    assert queries.members_of(source) == [cy]
    assert queries.estimate(source, "email").will_receive == 1
