"""Imports in depth: kinds of attributes, what was meant the last time, who is made and who is changed, titles."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from clarion.audience import importing, operations, queries
from clarion.audience.cellforms import Forms
from clarion.audience.errors import MappingInvalid
from clarion.audience.models import Contact, Import
from clarion.workspaces import actors
from tests.factories import Cast
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db
Upload = Callable[..., Import]


@pytest.fixture
def upload(alice: actors.Actor) -> Upload:
    def make(content: str | bytes, by: actors.Actor = alice) -> Import:
        data = content.encode() if isinstance(content, str) else content
        return operations.create_import(by=by, file=io.BytesIO(data), file_name="people.csv")

    return make


def ran(by: actors.Actor, the_import: Import, **said: Any) -> Import:
    started = operations.start_import(by=by, the_import=the_import, **{"mapping": the_import.mapping, **said})
    return importing.run_import(started)


def attributes(email: str) -> dict[str, Any]:
    return dict(Contact.objects.get(email=email).attributes)


def test_numbers_and_dates_are_stored_as_what_they_are(alice: actors.Actor, upload: Upload) -> None:
    done = ran(
        alice, upload("email;points;born;zip\na@x.test;1.234,5;24.12.1990;01067\nb@x.test;7;1.2.1991;10115\n")
    )

    assert (done.status, done.bad_count) == ("DONE", 0)
    assert attributes("a@x.test") == {"points": "1234.5", "born": "1990-12-24", "zip": "01067"}
    assert attributes("b@x.test") == {"points": "7", "born": "1991-02-01", "zip": "10115"}


def test_what_can_be_read_in_two_ways_is_asked(alice: actors.Actor, upload: Upload) -> None:
    one = upload('email,born,points\na@x.test,03/04/1990,"1.234"\nb@x.test,05/06/1990,"2.500"\n')
    with pytest.raises(MappingInvalid) as refusal:
        operations.start_import(by=alice, the_import=one, mapping=one.mapping)
    assert len(refusal.value.problems) == 2

    said = Forms(dates="MDY", decimal=".", types=one.forms["types"])
    ran(alice, one, forms=said)

    assert attributes("a@x.test") == {"born": "1990-03-04", "points": "1.234"}


def test_a_cell_that_is_none_of_its_kind_is_refused_with_its_column(
    alice: actors.Actor, upload: Upload
) -> None:
    one = upload("email,points\na@x.test,1\nb@x.test,many\n")

    preview = queries.import_preview(one, one.mapping, forms=Forms(types={"points": "number"}))
    done = ran(alice, one, forms=Forms(types={"points": "number"}))

    assert preview[0].person is not None
    assert preview[0].person.attributes == {"points": "1"}
    assert preview[1].problem == "points: This is not a number."
    assert (done.created_count, done.bad_count) == (1, 1)


def test_a_file_with_the_same_headers_is_understood_as_the_last_time(
    alice: actors.Actor, upload: Upload, cast: Cast
) -> None:
    first = upload("email,who,points\na@x.test,Ada,1\n")
    mapping = {"email": "email", "who": "first_name", "points": ""}
    ran(alice, first, mapping=mapping, forms=Forms(country="AT"))

    again = upload("EMail ,WHO,Points\nb@x.test,Bo,2\n".replace("EMail ", "email"))

    assert again.mapping == mapping
    assert again.forms["country"] == "AT"
    assert upload("email,who,points\na@x.test,Ada,1\n", by=actors.of_member(cast.mallory)).mapping != mapping


@pytest.mark.parametrize(
    ("said", "counts", "names"),
    [
        ({}, (1, 2, 0), ["New", "New", "New"]),
        ({"updates_known": False}, (1, 0, 2), ["Old", "Old", "New"]),
        ({"makes_new": False}, (0, 2, 1), ["New", "New"]),
    ],
)
def test_who_is_made_and_who_is_changed_is_said(
    alice: actors.Actor,
    upload: Upload,
    contact: Any,
    said: dict[str, bool],
    counts: tuple[int, ...],
    names: list[str],
) -> None:
    contact("a@x.test", first_name="Old")
    operations.create_contact(by=alice, fields={"phone": "+49301234567", "first_name": "Old"})
    news = operations.create_list(by=alice, name="News")
    rows = "email,phone,first_name\na@x.test,,New\n,+49301234567,New\nc@x.test,,New\n"

    done = ran(alice, upload(rows), add_to=news, **said)

    assert (done.created_count, done.updated_count, done.skipped_count) == counts
    assert list(Contact.objects.order_by("pk").values_list("first_name", flat=True)) == names
    news.refresh_from_db()
    assert news.member_count == len(names)


def test_making_nobody_and_changing_nobody_is_refused(alice: actors.Actor, upload: Upload) -> None:
    one = upload("email\na@x.test\n")

    with pytest.raises(MappingInvalid, match="made, updated, or both"):
        operations.start_import(
            by=alice, the_import=one, mapping=one.mapping, makes_new=False, updates_known=False
        )


def test_the_country_of_phone_numbers_is_said_for_one_file(alice: actors.Actor, upload: Upload) -> None:
    ran(alice, upload("phone\n030 123456\n"), mapping={"phone": "phone"}, forms=Forms(country="DE"))

    assert Contact.objects.get().phone == "+4930123456"


@pytest.mark.parametrize(
    "content",
    [
        "Guests of May 2026\n\nemail,first_name,city\na@x.test,Ada,Rome\n",
        "Guests of May;;\n2026-05-01;;\nemail;first_name;city\na@x.test;Ada;Rome\n",
        '"A title\nin two lines",,\nemail,first_name,city\na@x.test,Ada,Rome\n',
        xlsx(
            {"People": [["Guests of May"], [], ["email", "first_name", "city"], ["a@x.test", "Ada", "Rome"]]}
        ),
    ],
)
def test_titles_above_the_header_are_passed_over(
    alice: actors.Actor, upload: Upload, content: str | bytes
) -> None:
    one = upload(content)

    assert one.dialect["columns"] == ["email", "first_name", "city"]
    done = ran(alice, one)
    assert (done.row_count, done.created_count) == (1, 1)
    assert Contact.objects.get().first_name == "Ada"


@pytest.mark.parametrize(
    "content",
    ["email,first_name,city\na@x.test,,\nb@x.test,,\nc@x.test,Cy,Rome\n", "email,name\nx,\na@x.test,Ada\n"],
)
def test_sparse_rows_are_no_titles(alice: actors.Actor, upload: Upload, content: str) -> None:
    assert upload(content).dialect["columns"][0] == "email"
