"""Live spreadsheets: read again, compared, kept when they cannot be read, and closed to strangers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from clarion.audience import operations, queries
from clarion.audience.errors import SheetInUse, SheetInvalid, SourceInvalid
from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet, Source, SourceRow
from clarion.lib.reach import Reach
from clarion.workspaces import actors
from clarion.workspaces.models import AuditEvent
from tests import workbooks
from tests.factories import Cast
from tests.webfiles import WebFile, served

pytestmark = pytest.mark.django_db

TWO = b"email,first_name\nada@example.test,Ada\nbo@example.test,Bo\n"


@pytest.fixture
def web(settings: Any) -> Iterator[WebFile]:
    settings.CLARION_FETCH_ALLOW = Reach.of("127.0.0.1")
    with served(WebFile(TWO)) as file:
        yield file


@pytest.fixture
def sheet(alice: actors.Actor, web: WebFile) -> LiveSheet:
    return operations.create_sheet(by=alice, name="People", url=web.url)


def addresses(sheet: LiveSheet) -> list[str]:
    assert sheet.copy is not None
    return list(
        SourceRow.objects.filter(source_id=sheet.copy.pk).order_by("id").values_list("address", flat=True)
    )


def test_a_new_sheet_waits_for_its_first_reading(sheet: LiveSheet) -> None:
    sheet.refresh_from_db()
    assert sheet.is_being_read

    rereading.read_sheet_job(sheet.pk)

    sheet.refresh_from_db()
    assert not sheet.is_being_read
    assert addresses(sheet) == ["ada@example.test", "bo@example.test"]
    assert sheet.difference == {"added": 2}


def test_what_changed_is_told_and_taken_over(sheet: LiveSheet, web: WebFile) -> None:
    rereading.reread(sheet)
    web.body = b"email,first_name\nada@example.test,Adele\ncy@example.test,Cy\ndi@example.test,Di\n"

    again = rereading.reread(sheet)

    assert again.difference == {"added": 2, "removed": 1, "changed": 1}
    assert addresses(again) == ["ada@example.test", "cy@example.test", "di@example.test"]


def test_an_unchanged_file_is_neither_sent_nor_stored_again(sheet: LiveSheet, web: WebFile) -> None:
    web.etag = '"v1"'
    first = rereading.reread(sheet)

    again = rereading.reread(sheet)

    assert web.asked == [("/people.csv", None), ("/people.csv", '"v1"')]
    assert again.copy == first.copy
    assert again.current_at > first.current_at  # type: ignore[operator]


def test_the_same_content_is_no_new_copy_though_the_server_knows_no_versions(
    sheet: LiveSheet, web: WebFile
) -> None:
    first = rereading.reread(sheet)

    assert rereading.reread(sheet).copy == first.copy
    assert Source.objects.filter(sheet=sheet).count() == 1


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (404, b"", "nothing at this address"), (403, b"", "everyone who has the link"), (500, b"", "error"),
        (200, b"<!DOCTYPE html><title>Sign in</title>", "web page"), (200, b"", "empty"),
        (200, b"email\n", "no rows"), (200, b"first_name\nAda\n", "No column holds addresses"),
        (200, b"email\nnobody\n", "None of its rows"), (200, b"PK\x03\x04broken", "damaged"),
    ],
)  # fmt: skip
def test_the_last_good_copy_stays_while_it_cannot_be_read(
    sheet: LiveSheet, web: WebFile, status: int, body: bytes, sentence: str
) -> None:
    rereading.reread(sheet)
    web.status, web.body = status, body

    again = rereading.reread(sheet)

    assert sentence in again.problem
    assert addresses(again) == ["ada@example.test", "bo@example.test"]
    assert Source.objects.filter(sheet=sheet).count() == 1
    assert queries.usable_copy(again) is None
    web.status, web.body = 200, TWO
    assert rereading.reread(sheet).problem == ""


def test_an_old_copy_is_used_for_so_many_hours_where_that_is_wanted(
    alice: actors.Actor, web: WebFile
) -> None:
    sheet = operations.create_sheet(by=alice, name="P", url=web.url, when_unreadable="KEEP", keep_hours=2)
    rereading.reread(sheet)
    web.status = 500

    again = rereading.reread(sheet)

    assert queries.usable_copy(again) == again.copy
    again.current_at = timezone.now() - timedelta(hours=3)
    assert queries.usable_copy(again) is None


def test_workbooks_are_read_live_too(alice: actors.Actor, web: WebFile) -> None:
    web.body = workbooks.xlsx({"People": [["email"], ["ada@example.test"]]})

    sheet = rereading.reread(operations.create_sheet(by=alice, name="Book", url=web.url))

    assert sheet.problem == ""
    assert addresses(sheet) == ["ada@example.test"]


def test_a_watched_file_is_read_again_when_it_was_written(
    alice: actors.Actor, settings: Any, tmp_path: Path
) -> None:
    settings.CLARION_WATCH_FOLDERS = (tmp_path,)
    path = tmp_path / "people.csv"
    path.write_bytes(TWO)
    sheet = rereading.reread(operations.create_sheet(by=alice, name="File", path=str(path)))
    assert addresses(sheet) == ["ada@example.test", "bo@example.test"]
    path.write_bytes(b"email\ncy@example.test\n")

    assert addresses(rereading.reread(sheet)) == ["cy@example.test"]
    path.unlink()
    gone = rereading.reread(sheet)
    assert "no such file" in gone.problem
    path.symlink_to("/etc/passwd")
    assert "none of the folders" in rereading.reread(sheet).problem


def test_the_network_within_is_out_of_reach(alice: actors.Actor, web: WebFile, settings: Any) -> None:
    settings.CLARION_FETCH_ALLOW = Reach()

    sheet = rereading.reread(operations.create_sheet(by=alice, name="Within", url=web.url))

    assert "private network" in sheet.problem
    assert web.asked == []


def test_another_place_is_read_anew(sheet: LiveSheet, alice: actors.Actor, web: WebFile) -> None:
    web.etag = '"v1"'
    rereading.reread(sheet)
    sheet = operations.update_sheet(by=alice, sheet=sheet, url=f"{web.url}?other")

    rereading.read_sheet_job(sheet.pk)

    assert web.asked[-1] == ("/people.csv?other", None)


def test_asking_twice_is_one_reading(sheet: LiveSheet, alice: actors.Actor, web: WebFile) -> None:
    operations.refresh_sheet(by=alice, sheet=sheet)
    rereading.read_sheet_job(sheet.pk)
    rereading.read_sheet_job(sheet.pk)

    assert len(web.asked) == 1


def test_the_trail_names_the_server_and_not_the_address(sheet: LiveSheet, web: WebFile) -> None:
    event = AuditEvent.objects.get(action="sheet.created")

    assert event.changes["url"][1] == f"http://127.0.0.1:{web.port}/…"
    assert "people.csv" not in str(event.changes)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"), ({"url": ""}, "url"), ({"path": "/x/y.csv"}, "url"), ({"url": "ftp://x/y"}, "url"),
        ({"channel": "pigeon"}, "channel"), ({"keep_hours": 0}, "keep_hours"),
        ({"when_unreadable": "?"}, "when_unreadable"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_field_by_field(
    alice: actors.Actor, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(SheetInvalid) as refusal:
        operations.create_sheet(by=alice, **{"name": "People", "url": "https://example.org/p.csv", **fields})

    assert field in refusal.value.problems


def test_a_sheet_goes_with_its_copies_unless_something_has_it(sheet: LiveSheet, alice: actors.Actor) -> None:
    sheet = rereading.reread(sheet)
    assert sheet.copy is not None
    used = operations.create_sheet_source(by=alice, sheet=sheet)
    from clarion.campaigns.models import Campaign

    campaign = Campaign.objects.create(workspace=alice.workspace, name="News", source=used)
    with pytest.raises(SheetInUse, match="News"):
        operations.delete_sheet(by=alice, sheet=sheet)
    campaign.delete()

    operations.delete_sheet(by=alice, sheet=sheet)

    assert not Source.objects.filter(pk__in=[used.pk, sheet.copy.pk]).exists()
    assert not SourceRow.objects.filter(source_id=sheet.copy.pk).exists()


def test_old_copies_are_put_away_but_for_those_in_use(sheet: LiveSheet, web: WebFile) -> None:
    copies = []
    for number in range(3):
        web.body = b"email\nperson%d@example.test\n" % number
        copies.append(rereading.reread(sheet).copy)
    Source.objects.filter(sheet=sheet).update(created_at=timezone.now() - timedelta(hours=2))
    sheet.refresh_from_db()

    assert rereading.drop_copies(sheet, in_use={copies[0].pk}) == 1  # type: ignore[union-attr]

    assert list(Source.objects.filter(sheet=sheet).order_by("pk")) == [copies[0], copies[2]]


def test_people_of_lists_are_left_out_of_a_sheet_by_their_address(
    sheet: LiveSheet, alice: actors.Actor, contact: Any
) -> None:
    team = operations.create_list(by=alice, name="Team")
    operations.add_to_list(by=alice, the_list=team, contact_ids=[contact("ada@example.test").pk])
    sheet = rereading.reread(sheet)
    source = operations.create_sheet_source(by=alice, sheet=sheet, without=operations.Without(lists=[team]))

    counted = queries.estimate(source, "email")

    assert (counted.matched, counted.excluded, counted.will_receive) == (2, 1, 1)
    assert queries.reaches_anybody(source, "email")


def test_a_stranger_has_no_sheet_of_ours(sheet: LiveSheet, cast: Cast) -> None:
    mallory = actors.of_member(cast.mallory)

    assert queries.sheet_for(cast.mallory, sheet.public_id) is None
    assert not queries.sheets_for(cast.mallory)
    with pytest.raises(SourceInvalid):
        operations.create_sheet_source(by=mallory, sheet=sheet)
    with pytest.raises(LiveSheet.DoesNotExist):
        operations.update_sheet(by=mallory, sheet=sheet, name="Mine")
    with pytest.raises(LiveSheet.DoesNotExist):
        operations.delete_sheet(by=mallory, sheet=sheet)
