"""Nobody writes over somebody else's words without having seen them, by whichever door they come."""

from typing import Any

import pytest

from clarion.content import operations, queries
from clarion.content.errors import TemplateChanged
from clarion.content.models import Template
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of
from tests.integration.api.asking import asking

pytestmark = pytest.mark.django_db


def said(words: str, **rest: Any) -> dict[str, Any]:
    return {"mode": "text", "source": words, **rest}


@pytest.fixture
def template(cast: Cast) -> Template:
    """Alice wrote the English, Bob the German."""
    made = operations.create_template(
        by=of_member(cast.alice), channel="sms", name="Welcome", source=said("Hello", language="en")
    )
    operations.save_version(template=made, by=of_member(cast.bob), source=said("Hallo"), language="de")
    return made


def words(template: Template) -> dict[str, str]:
    source = queries.latest_version(template).source
    return {
        "en": source["source"],
        **{tag: one["source"] for tag, one in source.get("languages", {}).items()},
    }


def refused(answer: Any, version: int) -> bool:
    return (answer.status_code, answer.json()["code"], answer.json()["version"]) == (
        409,
        "template_changed",
        version,
    )


def test_programs_replace_what_their_own_member_wrote_and_else_only_what_was_seen(
    cast: Cast, template: Template
) -> None:
    bobs, alices, url = asking(cast.bob), asking(cast.alice), f"/templates/{template.public_id}"

    assert refused(bobs("PATCH", url, {"source": said("Hey"), "language": "en"}), 2)
    assert refused(bobs("PATCH", url, {"source": said("Hey", language="en")}), 2)  # and no German any more
    assert refused(alices("PATCH", url, {"source": said("Hallo!"), "language": "de"}), 2)
    assert words(template) == {"en": "Hello", "de": "Hallo"}

    # As clients of before do it: each their own, though the other's version is the latest.
    assert alices("PATCH", url, {"source": said("Hello!"), "language": "en"}).json()["version"] == 3
    assert bobs("PATCH", url, {"source": said("Hallo!"), "language": "de"}).json()["version"] == 4
    assert bobs("PATCH", url, {"source": said("Hola"), "language": "es"}).json()["version"] == 5
    seen = {"source": said("Hey"), "language": "en", "version": 5}
    assert bobs("PATCH", url, seen).json()["version"] == 6
    assert words(template) == {"en": "Hey", "de": "Hallo!", "es": "Hola"}


def test_an_old_version_is_restored_only_over_what_was_seen(cast: Cast, template: Template) -> None:
    bobs, url = asking(cast.bob), f"/templates/{template.public_id}/versions/1/restore"
    operations.save_version(
        template=template, by=of_member(cast.alice), source=said("Dear"), language="en", base=2
    )

    assert refused(bobs.post(url), 3)
    assert refused(bobs.post(f"{url}?version=2"), 3)
    assert words(template) == {"en": "Dear", "de": "Hallo"}
    assert bobs.post(f"{url}?version=3").json()["version"] == 4
    assert words(template) == {"en": "Hello"}
    assert asking(cast.mallory).post(url).status_code == 404


def test_a_language_is_taken_out_only_when_its_words_were_seen(cast: Cast, template: Template) -> None:
    url = f"/templates/{template.public_id}/languages/de"

    assert refused(asking(cast.alice)("DELETE", url), 2)
    operations.save_version(template=template, by=of_member(cast.bob), source=said("Servus"), language="de")
    assert refused(asking(cast.alice)("DELETE", f"{url}?version=2"), 3)
    assert words(template) == {"en": "Hello", "de": "Servus"}
    assert asking(cast.bob)("DELETE", url).json()["version"] == 4
    assert words(template) == {"en": "Hello"}
    assert asking(cast.bob)("DELETE", url).json()["version"] == 4  # gone already


def test_who_says_in_which_language_a_text_is_has_not_written_it(cast: Cast) -> None:
    made = operations.create_template(
        by=of_member(cast.alice), channel="sms", name="Plain", source=said("Hello")
    )
    operations.add_language(template=made, by=of_member(cast.bob), language="de", first="en")

    with pytest.raises(TemplateChanged):
        operations.save_version(template=made, by=of_member(cast.bob), source=said("Hey"), language="")
    operations.save_version(template=made, by=of_member(cast.alice), source=said("Hey"), language="")
    assert words(made) == {"en": "Hey", "de": "Hello"}


def test_the_screens_say_what_somebody_saved_meanwhile(cast: Cast, template: Template) -> None:
    bob, url = client_of(cast.bob), f"/w/acme/templates/{template.public_id}/"
    pages = {path: bob.get(url + path).content.decode() for path in ("versions/1/", "?language=de")}
    for page in pages.values():
        assert 'name="base" value="2"' in page
    operations.save_version(
        template=template, by=of_member(cast.alice), source=said("Hi"), language="de", base=2
    )

    for path, form in (("versions/1/restore/", {"base": 2}), ("languages/remove/", {"base": 2, "tag": "de"})):
        told = bob.post(url + path, form, follow=True).content.decode()
        assert "Somebody else has" in told
        assert words(template) == {"en": "Hello", "de": "Hi"}
    bob.post(url + "languages/remove/", {"base": 3, "tag": "de"})
    assert words(template) == {"en": "Hello"}


def test_a_name_that_somebody_gave_it_meanwhile_is_not_taken_back(cast: Cast, template: Template) -> None:
    bob, url = client_of(cast.bob), f"/w/acme/templates/{template.public_id}/"
    assert 'name="was_called" value="Welcome"' in bob.get(url).content.decode()
    operations.rename_template(template=template, by=of_member(cast.alice), name="Greeting")
    form = {
        "name": "Welcome",
        "was_called": "Welcome",
        "channel": "sms",
        "mode": "text",
        "base": 2,
        "edited": "",
        "language": "en",
    }

    assert bob.post(url, {**form, "source": "Hello you"}).status_code == 302
    template.refresh_from_db()
    assert (template.name, words(template)["en"]) == ("Greeting", "Hello you")
    assert bob.post(url, {**form, "base": 3, "source": "Hello you", "name": "Spring"}).status_code == 302
    template.refresh_from_db()
    assert template.name == "Spring"
