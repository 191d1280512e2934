"""Sources: files are kept, read once, resumed after a crash, and counted truly."""

import io
import stat
from collections.abc import Callable

import pytest
from django.db import connection, connections

from clarion.audience import operations, queries, reading, tasks, uploads
from clarion.audience.csvdialect import CsvInvalid
from clarion.audience.errors import NoAddressColumn
from clarion.audience.models import Contact, Source, SourceRow, SourceStatus
from clarion.audience.queries import Waterfall
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast

pytestmark = pytest.mark.django_db
Upload = Callable[..., Source]
MakeContact = Callable[..., Contact]

PEOPLE = """E-Mail;First Name;City
Ana@Shop.example;Ana;Köln
not an address;Bob;Bonn
;Cem;Ulm
ana@shop.example;Ana again;Köln
dan@shop.example;Dan;"open
eva@shop.example;Eva;Jena
"""


class TestUpload:
    def test_rows_are_kept_with_their_address_variables_and_problems(self, upload: Upload) -> None:
        source = upload(PEOPLE)

        assert (source.status, source.row_count, source.bad_count) == (SourceStatus.READY, 6, 3)
        assert source.read_bytes == source.file_bytes
        rows = list(SourceRow.objects.filter(source_id=source.pk).order_by("id"))
        assert [row.id for row in rows] == [1, 2, 3, 4, 5, 6]
        assert [row.address for row in rows][:4] == [
            "ana@shop.example",
            "not an address",
            "",
            "ana@shop.example",
        ]
        assert rows[0].data == {"e_mail": "Ana@Shop.example", "first_name": "Ana", "city": "Köln"}
        assert rows[1].problem.startswith("E-Mail: ")
        assert rows[2].problem == "E-Mail: There is no address."
        assert rows[4].problem == "City: The quotes around the cell are not closed properly."

    def test_phone_numbers_without_a_country_code_belong_to_the_workspaces_country(
        self, upload: Upload, alice: actors.Actor
    ) -> None:
        alice.workspace.default_country = "DE"
        alice.workspace.save()

        source = upload("Phone;Name\n0151 12345678;Ana\n+43 1 5012345;Bob\n12;Cem\n", channel="sms")

        rows = list(SourceRow.objects.filter(source_id=source.pk).order_by("id"))
        assert [row.address for row in rows] == ["+4915112345678", "+4315012345", "12"]
        assert [bool(row.problem) for row in rows] == [False, False, True]

    def test_the_file_is_readable_by_its_owner_alone_and_its_name_says_nothing(self, upload: Upload) -> None:
        source = upload(PEOPLE, is_read=False)

        path = uploads.path_of(source.file_path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "people" not in str(path)

    def test_a_file_without_addresses_is_refused_and_not_kept(self, alice: actors.Actor) -> None:
        before = set(uploads.folder().iterdir())

        with pytest.raises(NoAddressColumn, match="name, city"):
            operations.create_upload_source(
                by=alice, file=io.BytesIO(b"name,city\nAna,Bonn\n"), file_name="x.csv", channel="email"
            )

        assert set(uploads.folder().iterdir()) == before
        assert not Source.objects.exists()

    def test_a_person_may_name_the_address_column(self, upload: Upload) -> None:
        source = upload("Who,Email\nana@shop.example,boss@shop.example\n", address="Who")

        assert SourceRow.objects.get(source_id=source.pk).address == "ana@shop.example"

    def test_a_header_alone_is_refused(self, upload: Upload) -> None:
        with pytest.raises(CsvInvalid, match="no rows"):
            upload("email,name\n")

    def test_a_name_that_is_not_a_stored_file_is_refused(self) -> None:
        for name in ("", "../secret_key", "/etc/passwd", "a/b"):
            with pytest.raises(ValueError, match="not the name"):
                uploads.path_of(name)

    def test_is_audited_and_needs_the_right_to_edit(self, upload: Upload, cast: Cast) -> None:
        upload(PEOPLE, is_read=False)

        assert AuditEvent.objects.get(action="source.uploaded").object_name == "people.csv"
        with pytest.raises(NotAllowed):
            operations.create_upload_source(
                by=actors.of_member(cast.vera),
                file=io.BytesIO(b"a@b.example\n"),
                file_name="x",
                channel="email",
            )


class TestReading:
    def test_goes_on_where_a_killed_reader_stopped(
        self, upload: Upload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "BATCH", 10)
        source = upload("email\n" + "".join(f"p{n}@shop.example\n" for n in range(35)), is_read=False)

        def dies_in_the_third_batch(_read: int, _all: int, rows: int) -> None:
            if rows == 20:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            reading.read_source(source, dies_in_the_third_batch)
        source.refresh_from_db()
        assert (source.status, source.row_count) == (SourceStatus.READING, 20)

        reading.read_source(source)

        assert (source.status, source.row_count) == (SourceStatus.READY, 35)
        addresses = (
            SourceRow.objects.filter(source_id=source.pk).order_by("id").values_list("address", flat=True)
        )
        assert list(addresses) == [f"p{n}@shop.example" for n in range(35)]

    def test_reading_again_changes_nothing(self, upload: Upload) -> None:
        source = upload(PEOPLE)

        tasks.read_source(source_id=source.pk)
        reading.read_source(source)

        assert SourceRow.objects.filter(source_id=source.pk).count() == 6

    def test_a_reader_that_was_overtaken_writes_nothing(
        self, upload: Upload, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "BATCH", 10)
        source = upload("email\n" + "".join(f"p{n}@shop.example\n" for n in range(30)), is_read=False)

        def somebody_else_goes_on(_read: int, _all: int, rows: int) -> None:
            if rows == 10:
                Source.objects.filter(pk=source.pk).update(row_count=20)

        reading.read_source(source, somebody_else_goes_on)

        assert SourceRow.objects.filter(source_id=source.pk).count() == 10

    def test_a_missing_file_fails_with_a_sentence(self, upload: Upload) -> None:
        source = upload(PEOPLE, is_read=False)
        uploads.remove(source.file_path)

        reading.read_source(source)

        assert (source.status, source.failure) == (
            SourceStatus.FAILED, "The uploaded file is no longer there."
        )  # fmt: skip

    def test_a_deleted_source_ends_the_job_quietly(self, upload: Upload, alice: actors.Actor) -> None:
        source = upload(PEOPLE)
        key = source.pk

        operations.delete_source(by=alice, source=source)
        tasks.read_source(source_id=key)

        assert not SourceRow.objects.filter(source_id=key).exists()

    def test_files_that_nothing_refers_to_are_swept_away(self, upload: Upload) -> None:
        source = upload(PEOPLE)
        stray = uploads.store(io.BytesIO(b"left by a crash"))

        reading.sweep_uploads()
        assert stray.path.exists()
        reading.sweep_uploads(age_seconds=-1)

        assert not stray.path.exists()
        assert uploads.path_of(source.file_path).exists()


@pytest.mark.django_db(transaction=True)
def test_the_job_leaves_a_source_alone_that_another_process_reads(upload: Upload) -> None:
    source = upload(PEOPLE, is_read=False)
    other = connections["default"].copy()
    with other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s, %s)", [0x41554431, source.pk])
    try:
        tasks.read_source(source_id=source.pk)
        source.refresh_from_db()
        assert source.status == SourceStatus.WAITING
    finally:
        other.close()
    tasks.read_source(source_id=source.pk)
    source.refresh_from_db()
    assert source.status == SourceStatus.READY


class TestProblemRows:
    def test_come_back_as_they_were_and_safe_for_a_spreadsheet(self, upload: Upload) -> None:
        source = upload("email,note\nana@shop.example,fine\n=cmd|' /C calc'!A0,x\n,nobody\n")

        lines = list(queries.problem_rows(source))

        assert lines[0] == ["row", "column", "reason", "email", "note"]
        assert lines[1][:2] == ["2", "email"]
        assert lines[1][3:] == ["'=cmd|' /C calc'!A0", "x"]
        assert lines[2] == ["3", "email", "There is no address.", "", "nobody"]
        assert len(lines) == 3


class TestEstimate:
    def test_counts_each_row_of_an_upload_once_in_the_waterfalls_order(
        self, upload: Upload, contact: MakeContact, cast: Cast
    ) -> None:
        source = upload(
            "email\nana@shop.example\nANA@shop.example\nbroken\nbob@shop.example\nbob@shop.example\n"
            'cem@shop.example\n,\ndan@shop.example\n""\n'
        )
        suppress = operations.suppress
        for workspace, channel in ((cast.workspace, "email"), (cast.mallory.workspace, "email")):
            suppress(
                workspace=workspace,
                channel=channel,
                address="bob@shop.example",
                reason="BOUNCED",
                origin="test",
            )
        suppress(
            workspace=cast.mallory.workspace,
            channel="email",
            address="dan@shop.example",
            reason="MANUAL",
            origin="",
        )
        contact("cem@shop.example", state="DO_NOT_CONTACT")
        contact("bob@shop.example", state="DO_NOT_CONTACT")
        contact("dan@shop.example", state="INACTIVE")

        waterfall = queries.estimate(source, "email")

        assert waterfall == Waterfall(
            matched=9, no_address=2, invalid=1, duplicate=2, suppressed=1, do_not_contact=1, will_receive=2
        )

    def test_counts_an_upload_that_is_still_being_read(self, upload: Upload) -> None:
        source = upload(PEOPLE, is_read=False)

        assert queries.estimate(source, "email") == Waterfall()

    def test_counts_contacts_by_the_channels_address(
        self, alice: actors.Actor, contact: MakeContact, cast: Cast
    ) -> None:
        contact("ana@shop.example")
        contact("bob@shop.example", state="DO_NOT_CONTACT")
        contact("cem@shop.example", state="INACTIVE")
        contact("", phone="+4930123456")
        operations.suppress(
            workspace=cast.workspace, channel="email", address="bob@shop.example", reason="MANUAL", origin=""
        )
        operations.create_contact(by=actors.of_member(cast.mallory), fields={"email": "eve@other.example"})

        waterfall = queries.estimate(operations.create_contacts_source(by=alice), "email")

        assert waterfall == Waterfall(matched=4, no_address=1, suppressed=1, do_not_contact=1, will_receive=1)

    def test_counts_a_contact_on_several_lists_once(self, alice: actors.Actor, contact: MakeContact) -> None:
        ana, bob = contact("ana@shop.example"), contact("bob@shop.example")
        contact("cem@shop.example")
        first = operations.create_list(by=alice, name="First")
        second = operations.create_list(by=alice, name="Second")
        operations.add_to_list(by=alice, the_list=first, contact_ids=[ana.pk, bob.pk])
        operations.add_to_list(by=alice, the_list=second, contact_ids=[bob.pk])

        waterfall = queries.estimate(operations.create_list_source(by=alice, lists=[first, second]), "email")

        assert waterfall == Waterfall(matched=2, will_receive=2)

    def test_a_list_of_another_workspace_is_refused(self, alice: actors.Actor, cast: Cast) -> None:
        theirs = operations.create_list(by=actors.of_member(cast.mallory), name="Theirs")

        with pytest.raises(ValueError, match="another workspace"):
            operations.create_list_source(by=alice, lists=[theirs])


class TestVariables:
    def test_of_an_upload_are_its_columns(self, upload: Upload) -> None:
        source = upload(PEOPLE)

        assert queries.known_variables(source) == {"e_mail", "first_name", "city"}
        assert queries.sample(source, 1) == [
            {"e_mail": "Ana@Shop.example", "first_name": "Ana", "city": "Köln"}
        ]

    def test_of_a_contact_are_its_fields_over_its_attributes(
        self, alice: actors.Actor, contact: MakeContact
    ) -> None:
        contact("ana@shop.example", first_name="Ana", attributes={"City": "Bonn", "first_name": "wrong"})
        contact("bob@shop.example", attributes={"vip": "yes"}, state="INACTIVE")
        source = operations.create_contacts_source(by=alice)

        assert queries.sample(source, 5) == [
            {"email": "ana@shop.example", "phone": "", "first_name": "Ana", "last_name": "", "language": "",
             "city": "Bonn"}
        ]  # fmt: skip
        assert queries.known_variables(source) == {
            "email", "phone", "first_name", "last_name", "language", "city", "vip"
        }  # fmt: skip


def test_the_job_belongs_to_the_transaction(upload: Upload) -> None:
    source = upload(PEOPLE, is_read=False)

    with connection.cursor() as cursor:
        cursor.execute("select args from procrastinate_jobs where task_name = 'audience.read_source'")
        assert str(source.pk) in str(cursor.fetchall())
