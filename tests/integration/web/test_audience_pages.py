"""Contacts, lists, imports and suppressions on screen: what works, what is masked, and what strangers get."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clarion.audience import importing, operations, reading
from clarion.audience.models import Contact, ContactState, Import, List, Suppression
from clarion.workspaces import actors
from clarion.workspaces.models import Membership
from tests.factories import Cast
from tests.workbooks import xlsx

pytestmark = pytest.mark.django_db
Visit = Callable[[Membership], Client]


@pytest.fixture
def visit() -> Visit:
    """Return a function that gives a signed-in browser."""

    def make(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return make


@pytest.fixture
def ana(cast: Cast) -> Contact:
    return operations.create_contact(
        by=actors.of_member(cast.alice),
        fields={
            "email": "ana.sol@shop.example",
            "first_name": "Ana",
            "last_name": "Sol",
            "phone": "+4930123456",
        },
    )


@pytest.fixture
def news(cast: Cast, ana: Contact) -> List:
    made = operations.create_list(by=actors.of_member(cast.alice), name="News")
    operations.add_to_list(by=actors.of_member(cast.alice), the_list=made, contact_ids=[ana.pk])
    return made


def text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def test_a_stranger_gets_404_everywhere(cast: Cast, ana: Contact, news: List, visit: Visit) -> None:
    made = operations.create_import(
        by=actors.of_member(cast.alice),
        file=SimpleUploadedFile("x.csv", b"email\na@shop.example\n"),
        file_name="x",
    )
    operations.add_suppression(by=actors.of_member(cast.alice), channel="email", address="bob@shop.example")
    suppressed = Suppression.objects.get()
    pages = [
        f"contacts/{ana.public_id}/", f"lists/{news.public_id}/", f"imports/{made.public_id}/",
        f"imports/{made.public_id}/live/", f"imports/{made.public_id}/rejected.csv",
    ]  # fmt: skip
    posts = [
        f"contacts/{ana.public_id}/", f"contacts/{ana.public_id}/delete/", f"contacts/{ana.public_id}/lists/",
        f"lists/{news.public_id}/", f"lists/{news.public_id}/delete/", f"lists/{news.public_id}/remove/",
        f"imports/{made.public_id}/start/", f"imports/{made.public_id}/cancel/", f"imports/{made.public_id}/preview/",
        f"imports/{made.public_id}/dialect/", f"suppressions/{suppressed.pk}/remove/",
    ]  # fmt: skip
    mallory = visit(cast.mallory)

    for slug in (cast.workspace.slug, cast.elsewhere.slug):
        assert {mallory.get(f"/w/{slug}/{page}").status_code for page in pages} == {404}
        assert {mallory.post(f"/w/{slug}/{page}", {"confirmed": "1"}).status_code for page in posts} == {404}
    for page in (
        "contacts/",
        "lists/",
        "imports/",
        "suppressions/",
        "contacts/new/",
        "suppressions/export.csv",
    ):
        assert mallory.get(f"/w/{cast.workspace.slug}/{page}").status_code == 404
    assert Contact.objects.filter(pk=ana.pk).exists()


def test_a_viewer_sees_shortened_addresses_and_changes_nothing(
    cast: Cast, ana: Contact, news: List, visit: Visit
) -> None:
    operations.add_suppression(
        by=actors.of_member(cast.alice), channel="email", address="bob.sol@shop.example"
    )
    vera = visit(cast.vera)
    base = f"/w/{cast.workspace.slug}"

    for page in (
        "contacts/",
        f"contacts/{ana.public_id}/",
        f"lists/{news.public_id}/",
        "suppressions/",
        "lists/",
    ):
        shown = text(vera.get(f"{base}/{page}"))
        assert "sol@shop" not in shown
        assert "30123456" not in shown
        assert "Sol" not in re.sub(r"[Ss]olid", "", shown)
    assert "a•••@s•••.example" in text(vera.get(f"{base}/contacts/"))
    for page, whole in (("contacts", "ana.sol@shop.example"), ("suppressions", "bob.sol@shop.example")):
        begun = text(vera.get(f"{base}/{page}/?q={whole[:-1]}"))
        known = text(vera.get(f"{base}/{page}/?q={whole.upper()}"))
        assert (f"{whole[0]}•••@s•••.example" in begun, f"{whole[0]}•••@s•••.example" in known) == (
            False,
            True,
        )
        assert whole not in known
    assert "a•••@s•••.example" not in text(vera.get(f"{base}/contacts/?q=Solberg"))
    for page in ("contacts/new/", "imports/new/", "suppressions/export.csv", "suppressions/import/"):
        assert vera.get(f"{base}/{page}").status_code == 403
    for page in ("contacts/bulk/", f"contacts/{ana.public_id}/", "suppressions/add/", "lists/"):
        assert vera.post(f"{base}/{page}", {}).status_code == 403


class TestContacts:
    def test_one_is_added_found_changed_and_deleted(self, cast: Cast, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/"

        answer = alice.post(
            f"{base}new/",
            {
                "email": "Bob@shop.example",
                "first_name": "Bob",
                "state": "ACTIVE",
                "tags": "vip, x",
                "attributes": "city: Ulm",
            },
        )
        bob = Contact.objects.get()
        assert answer["Location"].endswith(f"/contacts/{bob.public_id}/")
        assert (bob.email, bob.tags, bob.attributes) == ("bob@shop.example", ["vip", "x"], {"city": "Ulm"})
        assert "bob@shop.example" in text(alice.get(f"{base}?q=bob&state=ACTIVE&tag=vip"))
        assert "No contact matches" in text(alice.get(f"{base}?q=nobody"))
        page = f"{base}{bob.public_id}/"
        alice.post(page, {"email": "bob@shop.example", "last_name": "Ray", "state": "DO_NOT_CONTACT"})
        bob.refresh_from_db()
        assert (bob.last_name, bob.state, bob.tags) == ("Ray", ContactState.DO_NOT_CONTACT, [])
        assert "Delete this contact?" in text(alice.post(f"{page}delete/"))
        alice.post(f"{page}delete/", {"confirmed": "1"})
        assert not Contact.objects.exists()

    def test_problems_stand_beside_their_fields(self, cast: Cast, ana: Contact, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/"

        shown = text(alice.post(f"{base}new/", {"email": "ana.sol@shop.example", "state": "ACTIVE"}))
        worse = text(
            alice.post(f"{base}new/", {"email": "x", "phone": "12", "state": "ACTIVE", "attributes": "odd"})
        )

        assert "Another contact already has this address." in shown
        assert "Write each attribute as name: value" in worse

    def test_several_are_changed_at_once_and_that_is_taken_back(
        self, cast: Cast, ana: Contact, news: List, visit: Visit
    ) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/contacts/bulk/"
        offers = operations.create_list(by=actors.of_member(cast.alice), name="Offers")
        chosen = {"selected": [str(ana.public_id), "rubbish"]}

        assert "Change 1 contact" in text(alice.post(base, {**chosen, "action": "change"}))
        assert "Choose a list." in text(alice.post(base, {**chosen, "action": "list"}))
        alice.post(base, {**chosen, "action": "list", "list": str(offers.public_id)})
        alice.post(base, {**chosen, "action": "tag", "tag": "vip"})
        alice.post(base, {**chosen, "action": "DO_NOT_CONTACT"})

        ana.refresh_from_db()
        offers.refresh_from_db()
        assert (offers.member_count, ana.tags, ana.state) == (1, ["vip"], "DO_NOT_CONTACT")
        page = text(alice.get(f"/w/{cast.workspace.slug}/contacts/edits/"))
        assert "Set the state: Do not contact" in page
        for url in re.findall(r'action="(/w/acme/contacts/edits/[^"]+/undo/)"', page):
            assert visit(cast.vera).post(url).status_code == 403
            assert visit(cast.mallory).post(url).status_code == 404
            alice.post(url)
        ana.refresh_from_db()
        offers.refresh_from_db()
        assert (offers.member_count, ana.tags, ana.state) == (0, [], "ACTIVE")

    def test_the_filters_get_only_the_results(self, cast: Cast, ana: Contact, visit: Visit) -> None:
        alice = visit(cast.alice)

        answer = alice.get(
            f"/w/{cast.workspace.slug}/contacts/", headers={"HX-Request": "true", "HX-Target": "results"}
        )

        assert "ana.sol@shop.example" in text(answer)
        assert "<html" not in text(answer)

    def test_the_grid_asks_a_constant_number_of_questions(
        self, cast: Cast, visit: Visit, django_assert_max_num_queries: Callable[..., object]
    ) -> None:
        by = actors.of_member(cast.alice)
        for number in range(12):
            operations.create_contact(by=by, fields={"email": f"p{number}@shop.example"})
        alice = visit(cast.alice)
        alice.get(f"/w/{cast.workspace.slug}/contacts/")

        with django_assert_max_num_queries(10):  # type: ignore[attr-defined]
            alice.get(f"/w/{cast.workspace.slug}/contacts/")


class TestLists:
    def test_one_is_made_renamed_emptied_and_deleted(self, cast: Cast, ana: Contact, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/lists/"

        alice.post(base, {"name": "News"})
        news = List.objects.get()
        page = f"{base}{news.public_id}/"
        assert "already a list with this name" in text(alice.post(base, {"name": "News"}))
        alice.post(page, {"name": "Fresh news", "description": "weekly"})
        alice.post(f"/w/{cast.workspace.slug}/contacts/{ana.public_id}/lists/", {"list": str(news.public_id)})
        assert "ana.sol@shop.example" in text(alice.get(page))
        alice.post(f"{page}remove/", {"selected": [str(ana.public_id)]})
        news.refresh_from_db()
        assert (news.name, news.member_count) == ("Fresh news", 0)
        assert "Delete this list?" in text(alice.post(f"{page}delete/"))
        alice.post(f"{page}delete/", {"confirmed": "1"})
        assert not List.objects.exists()


class TestImports:
    def test_a_file_is_uploaded_mapped_run_and_reported(self, cast: Cast, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/imports/"
        file = SimpleUploadedFile("people.csv", b"Mail,Given name\nana@shop.example,Ana\nrubbish,Bob\n")

        answer = alice.post(f"{base}new/", {"file": file})
        made = Import.objects.get()
        page = f"{base}{made.public_id}/"
        assert answer["Location"] == page
        shown = text(alice.get(page))
        assert "ana@shop.example" in shown
        assert "Mail: " in shown
        choice = {"column_0": "email", "column_1": "last_name", "on_known": "update"}
        fragment = text(
            alice.post(f"{page}preview/", choice, headers={"HX-Request": "true", "HX-Target": "preview"})
        )
        assert "Ana" in fragment
        assert "Choose the column" in text(
            alice.post(f"{page}start/", {"column_0": "", "on_known": "update"})
        )
        assert alice.post(f"{page}start/", choice)["Location"] == page
        assert alice.post(f"{page}start/", choice)["Location"] == page
        live = alice.get(f"{page}live/").json()
        assert (live["final"], live["versions"]) == (False, {"state": "WAITING"})

        importing.run_import(Import.objects.get())

        live = alice.get(f"{page}live/").json()
        assert (live["final"], live["values"]["created"], live["values"]["bad"]) == (True, 1, 1)
        assert Contact.objects.get().last_name == "Ana"
        shown = text(alice.get(page))
        assert "Some rows were rejected" in shown
        report = b"".join(alice.get(f"{page}rejected.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert report.splitlines()[0] == "row,column,reason,Mail,Given name"
        assert report.splitlines()[1].startswith("2,Mail,")
        assert "people.csv" in text(alice.get(base))

    def test_what_is_no_table_is_refused_in_the_form(self, cast: Cast, visit: Visit) -> None:
        alice = visit(cast.alice)

        for content, words in ((b"PK\x03\x04", "damaged"), (b"\n", "empty")):
            answer = alice.post(
                f"/w/{cast.workspace.slug}/imports/new/", {"file": SimpleUploadedFile("x.csv", content)}
            )
            assert words in text(answer)
        assert not Import.objects.exists()

    def test_a_spreadsheet_is_uploaded_and_another_sheet_chosen(self, cast: Cast, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/imports/"
        book = xlsx({"Notes": [["Made in May"], ["by hand"]], "People": [["Mail"], ["ana@shop.example"]]})
        alice.post(f"{base}new/", {"file": SimpleUploadedFile("people.xlsx", book)})
        page = f"{base}{Import.objects.get().public_id}/"
        shown = text(alice.get(page))
        assert '<option value="Notes" selected>' in shown
        assert "Encoding" not in shown

        alice.post(f"{page}dialect/", {"sheet": "Secrets"})
        assert Import.objects.get().dialect["sheet"] == "Notes"
        alice.post(f"{page}dialect/", {"sheet": "People", "header": "auto"})

        assert "ana@shop.example" in text(alice.get(page))
        assert visit(cast.mallory).post(f"{page}dialect/", {"sheet": "Notes"}).status_code == 404

    def test_a_wrong_guess_is_corrected_and_an_import_cancelled(self, cast: Cast, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/imports/"
        alice.post(f"{base}new/", {"file": SimpleUploadedFile("x.csv", b"a|b;c\nx@shop.example|1;2\n")})
        page = f"{base}{Import.objects.get().public_id}/"

        alice.post(f"{page}dialect/", {"delimiter": ";", "encoding": "auto", "header": "yes"})
        assert Import.objects.get().dialect["columns"] == ["a|b", "c"]
        assert "Cancel this import?" in text(alice.post(f"{page}cancel/"))
        alice.post(f"{page}cancel/", {"confirmed": "1"})

        assert Import.objects.get().status == "CANCELLED"


class TestSuppressions:
    def test_are_added_found_exported_and_taken_away(self, cast: Cast, visit: Visit) -> None:
        alice, base = visit(cast.alice), f"/w/{cast.workspace.slug}/suppressions/"

        assert "Nobody is suppressed" in text(alice.get(base))
        alice.post(f"{base}add/", {"address": "Ana@shop.example", "channel": "email", "note": "by phone"})
        alice.post(f"{base}add/", {"address": "x", "channel": "email"})
        row = Suppression.objects.get()
        assert "ana@shop.example" in text(alice.get(f"{base}?q=ana&reason=MANUAL&channel=email"))
        exported = b"".join(alice.get(f"{base}export.csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert exported.splitlines()[1].startswith("ana@shop.example,email,MANUAL,by phone,")
        assert "Write to this address again?" in text(alice.post(f"{base}{row.pk}/remove/"))
        alice.post(f"{base}{row.pk}/remove/", {"confirmed": "1"})
        assert not Suppression.objects.exists()


def test_the_rejected_rows_of_an_upload_are_downloaded_by_its_own_workspace_only(
    cast: Cast, visit: Visit
) -> None:
    source = operations.create_upload_source(
        by=actors.of_member(cast.alice),
        file=SimpleUploadedFile("people.csv", b"email,name\nana@shop.example,Ana\n=rubbish,Bob\n"),
        file_name="people.csv",
        channel="email",
    )
    reading.read_source(source)
    page = f"sources/{source.public_id}/rejected.csv"

    answer = visit(cast.alice).get(f"/w/{cast.workspace.slug}/{page}")

    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "row,column,reason,email,name"
    assert lines[1].startswith("2,email,")
    assert lines[1].endswith(",'=rubbish,Bob")
    assert visit(cast.vera).get(f"/w/{cast.workspace.slug}/{page}").status_code == 403
    for slug in (cast.workspace.slug, cast.elsewhere.slug):
        assert visit(cast.mallory).get(f"/w/{slug}/{page}").status_code == 404


def test_a_file_of_suppressions_is_read_in_the_background_and_its_page_tells_what_came_of_it(
    cast: Cast, visit: Visit
) -> None:
    file = SimpleUploadedFile("gone.csv", b"email\nana@shop.example\nana@shop.example\nrubbish\n")
    alice = visit(cast.alice)
    base = f"/w/{cast.workspace.slug}"

    sent = alice.post(f"{base}/suppressions/import/", {"channel": "email", "file": file})
    made = Import.objects.get()
    assert sent["Location"] == f"{base}/imports/{made.public_id}/"
    assert "data-live-url" in text(alice.get(sent["Location"]))
    importing.run_import(made)

    page = text(alice.get(sent["Location"]))
    for words in ("Known before", "Download rejected rows", "Suppressions, Email"):
        assert words in page
    assert "Updated" not in page
    assert "Suppressions, Email" in text(alice.get(f"{base}/imports/"))
    assert b"rubbish" in b"".join(alice.get(f"{sent['Location']}rejected.csv").streaming_content)
    assert visit(cast.vera).post(f"{base}/suppressions/import/").status_code == 403
    assert visit(cast.mallory).get(sent["Location"]).status_code == 404
