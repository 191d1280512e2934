"""Templates in several languages: writing them, and what a campaign says of its audience."""

import re
from typing import Any

import pytest
from django.test import Client

from clarion.audience.models import Contact
from clarion.campaigns import preflight
from clarion.content import operations, queries
from clarion.content.errors import ContentInvalid, NameTaken
from clarion.content.models import Template, TemplateVersion
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of
from tests.integration.campaigns.making import make_launchable

pytestmark = pytest.mark.django_db

LIST = "/w/acme/templates/"
UNSUBSCRIBE = "<p>{} {{{{ first_name }}}} {{{{ unsubscribe_url }}}}</p>"


def source(**changes: Any) -> dict[str, Any]:
    first = {"mode": "html", "subject": "Hello", "source": UNSUBSCRIBE.format("Hi"), "language": "en"}
    return {**first, **changes}


@pytest.fixture
def template(cast: Cast) -> Template:
    return operations.create_template(
        by=of_member(cast.bob), channel="email", name="Welcome", source=source()
    )


def german(template: Template, cast: Cast) -> TemplateVersion:
    by = of_member(cast.bob)
    operations.add_language(template=template, by=by, language="DE")
    text = {"mode": "html", "subject": "Hallo", "source": UNSUBSCRIBE.format("Servus")}
    return operations.save_version(template=template, by=by, source=text, language="de")


class TestOperations:
    def test_a_language_begins_as_the_first_one_and_changes_alone(
        self, template: Template, cast: Cast
    ) -> None:
        version = german(template, cast)

        assert version.number == 3
        assert version.content["subject"] == "Hello"
        assert version.content["languages"]["de"]["subject"] == "Hallo"
        assert 'lang="de"' in version.content["languages"]["de"]["html"]

    def test_saving_one_language_keeps_what_another_author_saved_of_another(
        self, template: Template, cast: Cast
    ) -> None:
        german(template, cast)

        changed = {"mode": "html", "subject": "Good day", "source": "<p>x</p>", "language": "en"}
        version = operations.save_version(
            template=template, by=of_member(cast.alice), source=changed, language="", base=1
        )

        assert version.content["subject"] == "Good day"
        assert version.content["languages"]["de"]["subject"] == "Hallo"

    def test_a_language_that_is_there_is_not_begun_again(self, template: Template, cast: Cast) -> None:
        version = german(template, cast)

        again = operations.add_language(template=template, by=of_member(cast.bob), language="de")

        assert again.pk == version.pk

    def test_a_template_must_know_its_first_language_before_it_gets_another(self, cast: Cast) -> None:
        by = of_member(cast.bob)
        plain = operations.create_template(by=by, channel="email", name="Plain", source=source(language=""))

        with pytest.raises(ContentInvalid, match="in which language"):
            operations.add_language(template=plain, by=by, language="de")
        assert (
            operations.add_language(template=plain, by=by, language="de", first="en").content["language"]
            == "en"
        )

    def test_a_language_can_be_taken_out(self, template: Template, cast: Cast) -> None:
        german(template, cast)

        version = operations.remove_language(template=template, by=of_member(cast.bob), language="de")

        assert "languages" not in version.content


class TestPreflight:
    def warned(self, cast: Cast, version: TemplateVersion) -> list[tuple[str, str]]:
        campaign = make_launchable(cast.workspace)
        campaign.steps.update(template_version=version)
        checks = preflight.examine(campaign).checks
        return [(one.level.value, one.sentence) for one in checks if one.code == "languages"]

    def test_says_who_gets_another_language_than_their_own(self, template: Template, cast: Cast) -> None:
        for n, language in enumerate(["de-AT", "fr", "fr", "it", "", "en"]):
            Contact.objects.create(workspace=cast.workspace, email=f"p{n}@example.test", language=language)

        ((level, sentence),) = self.warned(cast, german(template, cast))

        assert level == "warn"
        assert sentence == "3 people speak a language that is not there (fr, it): they get English."

    def test_says_that_everybody_gets_theirs(self, template: Template, cast: Cast) -> None:
        Contact.objects.create(workspace=cast.workspace, email="a@example.test", language="de_CH")

        assert self.warned(cast, german(template, cast))[0][0] == "pass"

    def test_says_nothing_of_a_message_in_one_language(self, template: Template, cast: Cast) -> None:
        Contact.objects.create(workspace=cast.workspace, email="a@example.test", language="fr")

        assert self.warned(cast, queries.latest_version(template)) == []


def written(edited: str, base: int, *, subject: str) -> dict[str, object]:
    """Return what the editor sends."""
    text = {"channel": "email", "name": "Welcome", "mode": "markdown", "subject": subject, "source": "Hi"}
    return {**text, "edited": edited, "base": base}


class TestPages:
    @pytest.fixture
    def bob(self, cast: Cast) -> Client:
        return client_of(cast.bob)

    def test_an_author_adds_writes_and_removes_a_language(self, template: Template, bob: Client) -> None:
        one = f"{LIST}{template.public_id}/"
        added = bob.post(f"{one}languages/add/", {"tag": "ar"})
        assert added.headers["Location"] == f"{one}?language=ar"

        page = bob.get(f"{one}?language=ar").content.decode()
        assert "Arabic" in page
        assert 'name="edited" value="ar"' in page
        text = {
            "channel": "email",
            "name": "Welcome",
            "mode": "markdown",
            "subject": "مرحبا",
            "source": "مرحبا",
        }
        saved = bob.post(one, {**text, "edited": "ar"})
        assert saved.headers["Location"] == f"{one}?language=ar"
        version = queries.latest_version(template)
        assert version.content["subject"] == "Hello"
        assert 'dir="rtl"' in version.content["languages"]["ar"]["html"]
        frame = bob.get(f"{one}versions/{version.number}/frame/?language=ar").content.decode()
        assert "مرحبا" in frame
        assert "+language: ar" in bob.get(f"{one}versions/2/").content.decode().replace("</span><bdi>", "")

        bob.post(f"{one}languages/remove/", {"tag": "ar"})
        assert "languages" not in queries.latest_version(template).content

    def test_a_language_that_was_taken_out_meanwhile_is_not_saved_over_the_first_one(
        self, template: Template, cast: Cast, bob: Client
    ) -> None:
        version = german(template, cast)
        one = f"{LIST}{template.public_id}/"
        said = written("de", version.number, subject="Servus")
        assert f'name="base" value="{version.number}"' in bob.get(f"{one}?language=de").content.decode()
        operations.remove_language(
            template=template, by=of_member(cast.alice), language="de", base=version.number
        )

        told = bob.post(one, said)

        page = told.content.decode()
        assert told.status_code == 422
        assert "Somebody else has taken this language out of the template meanwhile." in page
        assert 'value="Servus"' in page
        assert 'name="edited" value="de"' in page
        now = queries.latest_version(template)
        assert (now.number, now.content["subject"], "languages" in now.content) == (
            version.number + 1, "Hello", False
        )  # fmt: skip

        again = bob.post(one, {**said, "base": re.findall(r'name="base" value="(\d+)"', page)[0]})
        kept = queries.latest_version(template).content
        assert again.status_code == 302
        assert (kept["subject"], kept["languages"]["de"]["subject"]) == ("Hello", "Servus")

    def test_what_somebody_else_has_saved_of_the_same_text_is_not_written_over_unasked(
        self, template: Template, cast: Cast, bob: Client
    ) -> None:
        version = german(template, cast)
        one = f"{LIST}{template.public_id}/"
        alice = client_of(cast.alice)
        assert alice.post(one, written("de", version.number, subject="Moin")).status_code == 302

        told = bob.post(one, written("de", version.number, subject="Servus"))
        assert told.status_code == 422
        assert "Somebody else has changed this text meanwhile" in told.content.decode()
        assert queries.latest_version(template).content["languages"]["de"]["subject"] == "Moin"

        other = {**written("", version.number, subject="Good day"), "language": "en"}
        assert bob.post(one, other).status_code == 302, "another language is nobody's conflict"
        assert bob.post(one, written("de", version.number + 2, subject="Servus")).status_code == 302
        kept = queries.latest_version(template).content
        assert (kept["subject"], kept["languages"]["de"]["subject"]) == ("Good day", "Servus")
        mallory = client_of(cast.mallory)
        assert mallory.post(one, written("de", version.number, subject="x")).status_code == 404

    def test_words_run_as_they_are_written_whatever_the_page_s_own_direction_is(
        self, template: Template, cast: Cast, bob: Client
    ) -> None:
        cast.bob.user.language = "ar"
        cast.bob.user.save()

        page = bob.get(f"{LIST}{template.public_id}/").content.decode()

        assert 'dir="rtl"' in page[:500]
        for name in ("subject", "preheader", "source", "text", "defaults"):
            tag = re.findall(rf'<(?:input|textarea)[^>]* name="{name}"[^>]*>', page)
            assert len(tag) == 1, name
            assert 'dir="auto"' in tag[0], name

    def test_the_list_names_the_languages(self, template: Template, cast: Cast, bob: Client) -> None:
        german(template, cast)

        page = bob.get(LIST).content.decode()

        assert "en, de" in page

    def test_defaults_are_kept_and_used_in_the_preview(self, bob: Client) -> None:
        text = {"channel": "sms", "name": "Text", "mode": "text", "source": "Hello {{ first_name }}"}

        made = bob.post(f"{LIST}new/", {**text, "defaults": "first_name = friend\n\ncity = Graz = x"})
        assert made.status_code == 302
        assert queries.latest_version(Template.objects.get()).content["defaults"] == {
            "city": "Graz = x", "first_name": "friend",
        }  # fmt: skip
        shown = bob.post(f"{LIST}check/", {**text, "defaults": "first_name = friend"}).content.decode()
        assert "Hello friend" in shown
        refused = bob.post(f"{LIST}new/", {**text, "name": "Other", "defaults": "first_name"})
        assert "Write each default as" in refused.content.decode()

    def test_a_new_template_for_sms_begins_without_html(self, bob: Client) -> None:
        page = bob.get(f"{LIST}new/?channel=sms").content.decode()

        assert "doctype html>\n" not in page.partition("<textarea")[2]
        assert 'name="mode" value="text"' in page
        assert 'name="subject"' not in page

    def test_the_preview_of_an_sms_is_a_bubble_that_names_what_costs_more(self, bob: Client) -> None:
        text = {"channel": "sms", "mode": "text", "source": "A “quote” and 👍"}

        shown = bob.post(f"{LIST}check/", text).content.decode()

        assert "UCS-2" in shown
        assert "15 characters" not in shown  # the last one counts twice
        assert "16 characters · 1 message · 54 left" in shown
        assert 'data-replace="“" data-with="&quot;"' in shown
        assert 'data-replace="👍"' not in shown

    def test_a_viewer_and_a_stranger_change_nothing(self, template: Template, cast: Cast) -> None:
        for path in ("languages/add/", "languages/remove/", "delete/"):
            assert (
                client_of(cast.vera).post(f"{LIST}{template.public_id}/{path}", {"tag": "de"}).status_code
                == 403
            )
            assert client_of(cast.mallory).post(f"{LIST}{template.public_id}/{path}").status_code == 404
        assert TemplateVersion.objects.count() == 1


class TestDeleting:
    def test_a_template_that_a_campaign_has_stays(self, template: Template, cast: Cast) -> None:
        campaign = make_launchable(cast.workspace)
        campaign.steps.update(template_version=queries.latest_version(template))
        bob = client_of(cast.bob)

        answer = bob.post(f"{LIST}{template.public_id}/delete/", {"confirmed": "1"}, follow=True)

        assert "1 campaign needs it" in answer.content.decode()
        versions = bob.get(f"{LIST}{template.public_id}/versions/").content.decode()
        assert f"/w/acme/campaigns/{campaign.public_id}/" in versions
        assert Template.objects.filter(pk=template.pk).exists()

    def test_one_that_none_has_is_gone_with_its_versions(self, template: Template, cast: Cast) -> None:
        bob = client_of(cast.bob)
        assert (
            "All its versions go with it" in bob.post(f"{LIST}{template.public_id}/delete/").content.decode()
        )

        bob.post(f"{LIST}{template.public_id}/delete/", {"confirmed": "1"})

        assert not TemplateVersion.objects.exists()
        operations.create_template(by=of_member(cast.bob), channel="email", name="Welcome", source=source())
        with pytest.raises(NameTaken):
            operations.create_template(
                by=of_member(cast.bob), channel="email", name="Welcome", source=source()
            )
