"""Imports: good rows go in, bad ones come back, and no crash, repeat or cancellation makes the counts lie."""

import csv
import io
from collections.abc import Callable

import pytest

from clarion.audience import importing, operations, queries, suppressing, tasks, uploads
from clarion.audience.errors import ImportNotPossible, MappingInvalid, NoAddressColumn
from clarion.audience.models import Contact, Import, ImportStatus, ListMember, Suppression
from clarion.workspaces import actors
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent
from tests.factories import Cast

pytestmark = pytest.mark.django_db
Start = Callable[..., Import]

PEOPLE = """E-Mail,First name,Mobile,Tags,Time zone,Shoe size
Ana@shop.example,Ana,+49 30 123456,"vip, north",Europe/Berlin,38
bob@shop.example,Bob,12,,,44
no address,Cem,,,,
,,+49 30 999999,phone,,
ana@shop.example,,,south,,39
dan@shop.example,Dan,,,Moon/Crater,
=1+1@shop.example,"Eve
"""


@pytest.fixture
def start(alice: actors.Actor) -> Start:
    """Return a function that uploads a text and starts its import with the suggested mapping."""

    def make(text: str, **choices: object) -> Import:
        made = operations.create_import(by=alice, file=io.BytesIO(text.encode()), file_name="people.csv")
        return operations.start_import(
            by=alice,
            the_import=made,
            mapping=made.mapping,
            **choices,  # type: ignore[arg-type]
        )

    return make


def report(the_import: Import) -> list[list[str]]:
    text = uploads.path_of(the_import.report_path).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


class TestReport:
    def test_no_cell_of_it_is_a_formula_and_corrected_it_is_imported_as_it_was_written(
        self, start: Start
    ) -> None:
        file = "Mail,=HYPERLINK(1),Note\nrubbish,@SUM(1),-5\n\"=cmd|' /C calc'!A0\",＝1,+1\n-@x,\"\tx\",'quoted'\n"
        done = importing.run_import(start(file))
        text = uploads.path_of(done.report_path).read_text("utf-8-sig")

        rows = list(csv.reader(io.StringIO(text, newline="")))

        assert [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))] == []
        assert len(rows) == 4
        importing.run_import(start(text.replace("rubbish", "ana@shop.example")))
        ana = Contact.objects.get()
        assert (ana.attributes["hyperlink_1"], ana.attributes["note"]) == ("@SUM(1)", "-5")


class TestPhones:
    NUMBERS = "Mobile,Name\n030 / 123 456,Ana\n+1 202 555 0123,Bob\n0049 30 123456,Ana too\n030 1 ext. 5,Cem\n12,Dan\n"

    def test_national_forms_are_those_of_the_workspaces_country(
        self, start: Start, alice: actors.Actor
    ) -> None:
        alice.workspace.default_country = "DE"
        alice.workspace.save()

        done = importing.run_import(start(self.NUMBERS))

        assert set(Contact.objects.values_list("phone", flat=True)) == {"+4930123456", "+12025550123"}
        assert [row[:3] for row in report(done)[1:]] == [
            ["4", "Mobile", "A number with an extension cannot be reached. Leave the extension out."],
            ["5", "Mobile", "The number is too short."],
        ]

    def test_without_a_country_they_are_refused(self, start: Start) -> None:
        done = importing.run_import(start(self.NUMBERS))

        assert (done.created_count, done.bad_count) == (2, 3)
        assert report(done)[1][2].startswith("Write the number with + and the country code")

    def test_a_contacts_page_takes_them_too(self, alice: actors.Actor) -> None:
        alice.workspace.default_country = "GB"

        made = operations.create_contact(by=alice, fields={"phone": "020 7946 0018"})
        operations.update_contact(by=alice, contact=made, fields={"phone": "020 7946 0019"})

        assert made.phone == "+442079460019"


class TestImport:
    def test_good_rows_go_in_and_bad_ones_come_back_with_column_and_reason(self, start: Start) -> None:
        done = importing.run_import(start(PEOPLE))

        counts = (done.row_count, done.created_count, done.updated_count, done.skipped_count, done.bad_count)
        assert (done.status, counts) == (ImportStatus.DONE, (7, 2, 1, 0, 4))
        ana = Contact.objects.get(email="ana@shop.example")
        assert (ana.first_name, ana.phone, ana.tags) == ("Ana", "+4930123456", ["north", "south", "vip"])
        assert (ana.zone, ana.attributes) == ("Europe/Berlin", {"shoe_size": "39"})
        assert Contact.objects.get(email="").phone == "+4930999999"
        lines = report(done)
        assert lines[0][:4] == ["row", "column", "reason", "E-Mail"]
        assert [line[:2] for line in lines[1:]] == [
            ["2", "Mobile"], ["3", "E-Mail"], ["6", "Time zone"], ["7", "First name"]
        ]  # fmt: skip
        assert lines[4][3].startswith("'=1+1@shop.example")

    def test_known_contacts_keep_what_the_file_does_not_say(self, start: Start, alice: actors.Actor) -> None:
        operations.create_contact(
            by=alice,
            fields={
                "email": "ana@shop.example",
                "last_name": "Sol",
                "first_name": "A",
                "attributes": {"city": "Bonn"},
            },
        )

        done = importing.run_import(start("email,first name,last name,shoe\nana@shop.example,Ana,,38\n"))

        ana = Contact.objects.get()
        assert (ana.first_name, ana.last_name) == ("Ana", "Sol")
        assert ana.attributes == {"city": "Bonn", "shoe": "38"}
        assert (done.created_count, done.updated_count) == (0, 1)

    def test_known_contacts_may_be_left_alone_and_still_join_the_list(
        self, start: Start, alice: actors.Actor
    ) -> None:
        operations.create_contact(by=alice, fields={"email": "ana@shop.example", "first_name": "Ana"})
        operations.create_contact(by=alice, fields={"phone": "+4930123456", "first_name": "Pia"})
        news = operations.create_list(by=alice, name="News")
        text = (
            "email,name,phone\nana@shop.example,X,\nbob@shop.example,Bob,\n,Y,+4930123456\n,Z,+4930123457\n"
        )

        done = importing.run_import(start(text, updates_known=False, add_to=news))

        assert (done.created_count, done.skipped_count, done.updated_count) == (2, 2, 0)
        assert set(Contact.objects.values_list("first_name", flat=True)) == {"Ana", "Pia", ""}
        news.refresh_from_db()
        assert news.member_count == ListMember.objects.filter(list=news).count() == 4

    def test_another_workspace_with_the_same_people_is_not_touched(self, start: Start, cast: Cast) -> None:
        theirs = operations.create_contact(
            by=actors.of_member(cast.mallory), fields={"email": "ana@shop.example", "first_name": "Theirs"}
        )

        done = importing.run_import(start("email,first name\nana@shop.example,Ana\n"))

        theirs.refresh_from_db()
        assert (theirs.first_name, done.created_count) == ("Theirs", 1)

    def test_counts_do_not_depend_on_where_batches_end(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = "email,first name\n" + "".join(f"p{n % 7}@shop.example,{n}\n" for n in range(30)) + "bad,x\n"

        monkeypatch.setattr(importing, "BATCH", 4)
        done = importing.run_import(start(text))

        assert (done.created_count, done.updated_count, done.bad_count) == (7, 23, 1)
        assert Contact.objects.get(email="p0@shop.example").first_name == "28"

    def test_leaves_no_copy_of_the_file_when_it_has_ended(self, start: Start) -> None:
        done = importing.run_import(start(PEOPLE))

        assert not uploads.path_of(done.file_path).exists()


class TestCrashes:
    TEXT = "email\n" + "".join(
        f"p{n}@shop.example\n" if n % 5 else f"bad {n}\n" for n in range(40)
    )  # fmt: skip

    def test_a_killed_import_goes_on_after_its_last_whole_batch(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "BATCH", 10)
        started = start(self.TEXT)

        def dies(_read: int, _all: int, rows: int) -> None:
            if rows == 20:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            importing.run_import(started, dies)
        with uploads.path_of(Import.objects.get().report_path).open("ab") as file:
            file.write(b"99,email,left by a batch that was rolled back,x\r\n")

        tasks.run_import(import_id=started.pk)

        done = Import.objects.get()
        assert (done.status, done.row_count, done.created_count, done.bad_count) == ("DONE", 40, 32, 8)
        assert [line[0] for line in report(done)[1:]] == ["1", "6", "11", "16", "21", "26", "31", "36"]
        assert Contact.objects.count() == 32

    def test_running_it_again_does_nothing(self, start: Start) -> None:
        started = start(PEOPLE)

        tasks.run_import(import_id=started.pk)
        tasks.run_import(import_id=started.pk)

        assert AuditEvent.objects.filter(action="import.done").count() == 1
        assert Import.objects.get().row_count == 7

    def test_a_cancelled_import_stops_at_the_next_batch_and_keeps_what_is_in(
        self, start: Start, alice: actors.Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "BATCH", 10)
        started = start(self.TEXT)

        def cancels(_read: int, _all: int, rows: int) -> None:
            if rows == 20:
                operations.cancel_import(by=alice, the_import=Import.objects.get())

        done = importing.run_import(started, cancels)

        assert (done.status, done.row_count, Contact.objects.count()) == (ImportStatus.CANCELLED, 20, 16)
        with pytest.raises(ImportNotPossible):
            operations.cancel_import(by=alice, the_import=done)

    def test_a_missing_file_fails_with_a_sentence(self, start: Start) -> None:
        started = start(PEOPLE)
        uploads.remove(started.file_path)

        done = importing.run_import(started)

        assert (done.status, done.failure) == (ImportStatus.FAILED, "The uploaded file is no longer there.")


class TestSuppressions:
    """A file of addresses that are not written to is read by the same job."""

    def test_one_that_was_killed_goes_on_and_rejected_rows_stand_in_the_report_once(
        self, alice: actors.Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(suppressing, "BATCH", 3)
        started = suppress_file(
            alice, [*(f"p{n}@shop.example" for n in range(4)), "rubbish", "p0@shop.example"]
        )

        def dies(_read: int, _all: int, rows: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            importing.run_import(started, dies)
        assert Suppression.objects.count() == 3
        for _again in range(2):
            tasks.run_import(import_id=started.pk)

        done = Import.objects.get()
        assert (done.status, done.row_count, done.created_count, done.skipped_count, done.bad_count) == (
            "DONE", 6, 4, 1, 1
        )  # fmt: skip
        assert [line[0] for line in report(done)[1:]] == ["5"]
        told = AuditEvent.objects.get(action="suppression.imported")
        assert told.changes["created"] == [None, 4]

    def test_one_that_is_cancelled_keeps_what_is_in(
        self, alice: actors.Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(suppressing, "BATCH", 2)
        started = suppress_file(alice, [f"p{n}@shop.example" for n in range(6)])

        def cancels(_read: int, _all: int, rows: int) -> None:
            operations.cancel_import(by=alice, the_import=Import.objects.get())

        done = importing.run_import(started, cancels)

        assert (done.status, Suppression.objects.count()) == (ImportStatus.CANCELLED, 2)

    def test_a_file_without_addresses_is_refused_at_once_and_not_kept(self, alice: actors.Actor) -> None:
        before = set(uploads.folder().iterdir())

        with pytest.raises(NoAddressColumn):
            operations.suppress_file(
                by=alice, file=io.BytesIO(b"colour\nred\nblue\n"), file_name="x.csv", channel="email"
            )

        assert not Import.objects.exists()
        assert set(uploads.folder().iterdir()) == before


def suppress_file(by: actors.Actor, addresses: list[str]) -> Import:
    """Return an import that waits for its job."""
    text = "\n".join(["email", *addresses, ""]).encode()
    return operations.suppress_file(by=by, file=io.BytesIO(text), file_name="gone.csv", channel="email")


class TestMapping:
    def test_is_suggested_and_previewed_as_it_would_be_stored(self, alice: actors.Actor) -> None:
        made = operations.create_import(by=alice, file=io.BytesIO(PEOPLE.encode()), file_name="people.csv")

        rows = queries.import_preview(made, made.mapping, limit=3)

        assert made.mapping == {
            "e_mail": "email", "first_name": "first_name", "mobile": "phone", "tags": "tags", "time_zone": "zone",
            "shoe_size": "attribute:shoe_size",
        }  # fmt: skip
        assert rows[0].person is not None
        assert (rows[0].person.email, rows[0].person.attributes) == ("ana@shop.example", {"shoe_size": "38"})
        assert rows[1].problem.startswith("Mobile: ")

    def test_one_that_makes_no_contacts_is_refused(self, alice: actors.Actor, cast: Cast) -> None:
        made = operations.create_import(by=alice, file=io.BytesIO(PEOPLE.encode()), file_name="people.csv")
        theirs = operations.create_list(by=actors.of_member(cast.mallory), name="Theirs")

        with pytest.raises(MappingInvalid):
            operations.start_import(by=alice, the_import=made, mapping={"first_name": "first_name"})
        with pytest.raises(MappingInvalid, match="another workspace"):
            operations.start_import(by=alice, the_import=made, mapping=made.mapping, add_to=theirs)

    def test_can_be_corrected_by_saying_how_the_file_is_written(self, alice: actors.Actor) -> None:
        made = operations.create_import(
            by=alice, file=io.BytesIO("Jürgen;j@shop.example\n".encode("cp1252")), file_name="x.csv"
        )

        operations.redialect_import(
            by=alice, the_import=made, overrides={"encoding": "cp1252", "has_header": False}
        )

        assert queries.import_preview(made, made.mapping)[0].cells == ["Jürgen", "j@shop.example"]

    def test_is_started_once(self, start: Start, alice: actors.Actor) -> None:
        started = start(PEOPLE)

        with pytest.raises(ImportNotPossible):
            operations.start_import(by=alice, the_import=started, mapping=started.mapping)


def test_a_viewer_imports_nothing_and_a_stranger_sees_nothing(start: Start, cast: Cast) -> None:
    started = start(PEOPLE)

    with pytest.raises(NotAllowed):
        operations.create_import(by=actors.of_member(cast.vera), file=io.BytesIO(b"a\n"), file_name="x")
    with pytest.raises(NotAllowed):
        operations.cancel_import(by=actors.of_member(cast.vera), the_import=started)
    assert queries.import_for(cast.mallory, started.public_id) is None
    with pytest.raises(ImportNotPossible):
        operations.cancel_import(by=actors.of_member(cast.mallory), the_import=started)
