"""The pages of templates, as people with each role see them."""

from typing import Any

import pytest
from django.test import Client

from clarion.audience.models import Contact
from clarion.content import operations, queries
from clarion.content.models import Template, TemplateVersion
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of

pytestmark = pytest.mark.django_db

LIST = "/w/acme/templates/"


@pytest.fixture
def bob(cast: Cast) -> Client:
    return client_of(cast.bob)


def given_a_template(cast: Cast, name: str = "Welcome", **changes: Any) -> Template:
    source = {"mode": "html", "subject": "Hello {{ name }}", "source": "<p>Hi {{ name }}</p>", **changes}
    return operations.create_template(by=of_member(cast.bob), channel="email", name=name, source=source)


def form(**changes: str) -> dict[str, str]:
    return {"channel": "email", "name": "Welcome", "mode": "html", "subject": "Hello", "preheader": "", "text": "",
            "source": "<p>Hi {{ first_name }}</p>", **changes}  # fmt: skip


class TestList:
    def test_shows_what_there_is(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast)

        page = bob.get(LIST).content.decode()

        assert f"/w/acme/templates/{template.public_id}/" in page
        assert "Welcome" in page
        assert "New template" in page

    def test_says_that_there_is_nothing_yet(self, bob: Client) -> None:
        assert "No templates yet" in bob.get(LIST).content.decode()

    def test_searches_from_three_characters(self, cast: Cast, bob: Client) -> None:
        given_a_template(cast)

        assert "Welcome" in bob.get(LIST + "?q=xy").content.decode()
        assert "No template matches" in bob.get(LIST + "?q=xyz").content.decode()
        assert "Welcome" in bob.get(LIST + "?q=welc&channel=email&sort=-name").content.decode()

    def test_answers_filters_with_the_results_alone(self, cast: Cast, bob: Client) -> None:
        given_a_template(cast)

        fragment = bob.get(LIST, headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()

        assert "Welcome" in fragment
        assert "<html" not in fragment

    def test_a_page_takes_the_same_queries_whatever_it_shows(
        self, cast: Cast, bob: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(5):
            given_a_template(cast, name=f"No {number}")

        bob.get(LIST)
        with django_assert_max_num_queries(11):
            bob.get(LIST)

    def test_a_stranger_finds_nothing(self, cast: Cast) -> None:
        given_a_template(cast)

        assert client_of(cast.mallory).get(LIST).status_code == 404


class TestEditor:
    def test_makes_a_template(self, bob: Client) -> None:
        answer = bob.post(LIST + "new/", form())

        template = Template.objects.get()
        assert answer.headers["Location"] == f"/w/acme/templates/{template.public_id}/"
        assert template.name == "Welcome"

    def test_a_channel_that_there_is_not_is_refused_at_its_field(self, bob: Client) -> None:
        answer = bob.post(LIST + "new/", form(channel="pigeon"))

        assert answer.status_code == 422
        assert not Template.objects.exists()

    def test_saving_adds_a_version(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast)

        bob.post(f"{LIST}{template.public_id}/", form(name="Hello", subject="New"))

        template.refresh_from_db()
        assert (template.name, queries.latest_version(template).number) == ("Hello", 2)

    def test_shows_each_mistake_at_its_field_with_its_line(self, bob: Client) -> None:
        answer = bob.post(LIST + "new/", form(source="<p>\n{{ name", subject="{% if %}"))

        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Line 2: The text ends here" in page
        assert 'data-bad-lines="2"' in page
        assert "{{ name" in page  # what was typed is still there
        assert not Template.objects.exists()

    def test_says_that_a_name_is_taken(self, cast: Cast, bob: Client) -> None:
        given_a_template(cast)

        assert "Another template has this name" in bob.post(LIST + "new/", form()).content.decode()

    def test_a_viewer_reads_and_cannot_write(self, cast: Cast) -> None:
        template = given_a_template(cast)
        vera = client_of(cast.vera)

        page = vera.get(f"{LIST}{template.public_id}/")
        assert page.status_code == 200
        assert "disabled" in page.content.decode()
        assert vera.get(LIST + "new/").status_code == 403
        for path in ("new/", f"{template.public_id}/", f"{template.public_id}/archive/", "check/", "frame/",
                     f"{template.public_id}/duplicate/", f"{template.public_id}/versions/1/restore/"):  # fmt: skip
            assert vera.post(LIST + path, form()).status_code == 403, path
        assert TemplateVersion.objects.count() == 1

    def test_a_stranger_finds_nothing(self, cast: Cast) -> None:
        template = given_a_template(cast)
        mallory = client_of(cast.mallory)

        for path in (f"{template.public_id}/", f"{template.public_id}/versions/", f"{template.public_id}/versions/1/",
                     f"{template.public_id}/versions/1/frame/", "new/"):  # fmt: skip
            assert mallory.get(LIST + path).status_code == 404, path
            # Not in a workspace of one's own either.
            if path != "new/":
                assert mallory.get("/w/elsewhere/templates/" + path).status_code == 404, path
        for path in (f"{template.public_id}/", f"{template.public_id}/archive/", f"{template.public_id}/duplicate/",
                     f"{template.public_id}/restore/", f"{template.public_id}/versions/1/restore/"):  # fmt: skip
            assert mallory.post("/w/elsewhere/templates/" + path, form()).status_code == 404, path


class TestPreview:
    def given_a_contact(self, cast: Cast) -> Contact:
        return Contact.objects.create(
            workspace=cast.workspace,
            email="ana@example.test",
            first_name="Ana <b>",
            attributes={"city": "Graz"},
        )

    def test_fills_in_what_is_typed_as_a_contact(self, cast: Cast, bob: Client) -> None:
        contact = self.given_a_contact(cast)

        answer = bob.post(
            LIST + "frame/",
            form(source="<p>{{ first_name }} of {{ city }}</p>", **{"as": str(contact.public_id)}),
        )

        assert "Ana &lt;b&gt; of Graz" in answer.content.decode()

    def test_is_a_document_with_no_rights(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast, source="<script>alert(1)</script><p>Hi</p>")

        for answer in (
            bob.get(f"{LIST}{template.public_id}/versions/1/frame/"),
            bob.post(LIST + "frame/", form()),
        ):
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "sandbox" in policy
            assert "script-src" not in policy
            assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
            assert answer.headers["Cache-Control"] == "private, no-store"

    def test_says_what_is_wrong_and_what_is_missing(self, cast: Cast, bob: Client) -> None:
        contact = self.given_a_contact(cast)

        wrong = bob.post(LIST + "check/", form(source="\n{{ x|oops }}")).content.decode()
        lacking = bob.post(
            LIST + "check/", form(source="{{ plan }}", **{"as": str(contact.public_id)})
        ).content.decode()

        assert 'data-go-to-line="2"' in wrong
        assert "There is no filter “oops”" in wrong
        assert "This person lacks" in lacking
        assert "<code>plan</code>" in lacking

    def test_shows_plain_text_as_text(self, cast: Cast, bob: Client) -> None:
        answer = bob.post(LIST + "frame/", form(source="<p>Fish &amp; chips</p>", view="text"))

        assert "Fish &amp; chips" in answer.content.decode()

    def test_another_workspace_s_contact_is_nobody(self, cast: Cast, bob: Client) -> None:
        theirs = Contact.objects.create(workspace=cast.elsewhere, email="eve@example.test", first_name="Eve")

        answer = bob.post(LIST + "frame/", form(**{"as": str(theirs.public_id)}))

        assert "Eve" not in answer.content.decode()
        assert "[first_name]" in answer.content.decode()

    def test_whoever_may_not_see_addresses_gets_no_contact(self, cast: Cast) -> None:
        contact = self.given_a_contact(cast)
        template = given_a_template(cast, source="{{ first_name }}")
        vera = client_of(cast.vera)

        frame = vera.get(
            f"{LIST}{template.public_id}/versions/1/frame/?as={contact.public_id}"
        ).content.decode()

        assert "Ana" not in frame
        assert "ana@example.test" not in vera.get(f"{LIST}{template.public_id}/").content.decode()


class TestVersions:
    def test_shows_what_changed_and_brings_it_back(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast)
        bob.post(f"{LIST}{template.public_id}/", form(subject="Second"))

        page = bob.get(f"{LIST}{template.public_id}/versions/2/").content.decode()
        bob.post(f"{LIST}{template.public_id}/versions/1/restore/")

        assert "subject: Second" in page
        assert "Version 2" in bob.get(f"{LIST}{template.public_id}/versions/").content.decode()
        latest = queries.latest_version(template)
        assert (latest.number, latest.source["subject"]) == (3, "Hello {{ name }}")

    def test_there_is_no_version_that_was_not_saved(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast)

        for path in ("9/", "9/frame/"):
            assert bob.get(f"{LIST}{template.public_id}/versions/{path}").status_code == 404


class TestActions:
    def test_asks_before_archiving_without_scripts(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast)
        url = f"{LIST}{template.public_id}/archive/"

        assert "Archive “Welcome”?" in bob.post(url).content.decode()
        template.refresh_from_db()
        assert template.archived_at is None

        bob.post(url, {"confirmed": "1"})
        assert "Welcome" not in bob.get(LIST, {"q": "welcome"}).content.decode().split("<tbody>")[-1][:2000]
        assert "Welcome" in bob.get(LIST + "?archived=1").content.decode()
        bob.post(f"{LIST}{template.public_id}/restore/")
        template.refresh_from_db()
        assert template.archived_at is None

    def test_duplicates(self, cast: Cast, bob: Client) -> None:
        template = given_a_template(cast)

        bob.post(f"{LIST}{template.public_id}/duplicate/")

        assert Template.objects.filter(name="Welcome (copy)").exists()
