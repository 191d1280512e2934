"""Several languages and defaults: what each person gets, and what it costs whoever needs neither."""

from typing import Any

import pytest

from clarion.channels import registry, tongues
from clarion.channels.base import StepContext
from clarion.channels.sms import pdu
from clarion.channels.sms.composer import Composer
from clarion.content import queries
from clarion.content.compiling import compile_source
from clarion.content.errors import ContentInvalid
from clarion.content.rendering import preview
from clarion.engine.messages import Claim

CONTEXT = StepContext(
    workspace_id=1, run_id=1, campaign_public_id="c", public_url="https://x.test", token_key=b"k" * 32
)
SOURCE: dict[str, Any] = {
    "mode": "text",
    "source": "Hello {{ first_name }}",
    "language": "en",
    "languages": {"de": {"mode": "text", "source": "Hallo {{ first_name }}"},
                  "de-AT": {"mode": "text", "source": "Servus {{ first_name }}"}},
    "defaults": {"first_name": "you"},
}  # fmt: skip


def content_of(**changes: Any) -> dict[str, Any]:
    return compile_source("sms", {**SOURCE, **changes}, with_trial=False).content


def composer_of(content: dict[str, Any]) -> Any:
    channel = registry.get("sms")
    config = channel.check_config({"host": "h", "system_id": "i", "source": "Shop"})
    return tongues.composer(channel, content, config, CONTEXT)


def sent(composer: Any, **variables: Any) -> str:
    (body,) = composer.compose(Claim(1, 16, 1, "+4915112345678", variables)).payload.bodies
    return pdu.read_short_message(body).text.decode()


@pytest.mark.parametrize(
    ("language", "greeting"),
    [("de-AT", "Servus"), ("de_at", "Servus"), ("de-CH", "Hallo"), ("en-GB", "Hello"), ("fr", "Hello"), ("", "Hello"),
     (None, "Hello"), (["de"], "Hello"), (7, "Hello")],
)  # fmt: skip
def test_everybody_gets_their_language_with_fallback(language: Any, greeting: str) -> None:
    composer = composer_of(content_of())
    for _again in range(2):  # found, and then remembered
        assert sent(composer, first_name="Ana", language=language) == f"{greeting} Ana"


def test_the_preview_says_what_the_composer_sends() -> None:
    content = content_of()

    for language, said in (("de-AT", "Servus you"), ("de", "Hallo you"), ("xx", "Hello you")):
        assert preview(content, "sms", {"language": language, "first_name": ""}).text == said


@pytest.mark.parametrize("variables", [{}, {"first_name": ""}, {"first_name": None}])
def test_a_default_stands_in_for_what_is_missing_or_empty(variables: dict[str, Any]) -> None:
    assert sent(composer_of(content_of()), **variables) == "Hello you"


def test_nothing_is_wrapped_around_a_content_of_one_language() -> None:
    plain = compile_source("sms", {"mode": "text", "source": "Hi"}, with_trial=False).content

    assert type(composer_of(plain)) is Composer
    assert not {"languages", "defaults"} & plain.keys()


def test_a_variable_that_one_language_uses_is_asked_for_unless_it_has_a_default() -> None:
    content = content_of(languages={"de": {"mode": "text", "source": "Hallo {{ vorname }}"}})

    assert queries.missing_variables(content, {"email"}) == ["vorname"]
    assert (
        queries.missing_variables({**content, "defaults": {"vorname": "du", "first_name": "x"}}, set()) == []
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"language": ""}, "language"),
        ({"languages": {"en": {"mode": "text", "source": "x"}}}, "language"),
        ({"languages": {"deutsch": {"mode": "text", "source": "x"}}}, "language"),
        (
            {"languages": {f"a{chr(97 + n % 26)}{chr(97 + n // 26)}": {"source": "x"} for n in range(31)}},
            "language",
        ),
        ({"defaults": {"first name": "x"}}, "defaults"),
        ({"defaults": {"a": "x" * 501}}, "defaults"),
        ({"defaults": {f"a{n}": "x" for n in range(51)}}, "defaults"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ContentInvalid) as caught:
        content_of(**changes)
    assert field in {one.field for one in caught.value.problems}


def test_a_mistake_is_told_with_its_language() -> None:
    with pytest.raises(ContentInvalid) as caught:
        content_of(languages={"de": {"mode": "text", "source": "Hallo {{ a"}})

    assert [one.language for one in caught.value.problems] == ["de"]


class TestDirection:
    def html(self, tag: str, **changes: Any) -> str:
        source = {
            "mode": "html",
            "subject": "S",
            "source": "<html><body><p>x</p></body></html>",
            "language": tag,
        }
        return str(compile_source("email", {**source, **changes}, with_trial=False).content["html"])

    def test_a_language_from_right_to_left_says_so_inside_the_body_too(self) -> None:
        html = self.html("ar")

        assert '<html lang="ar" dir="rtl">' in html
        assert '<body dir="rtl">' in html

    def test_a_piece_of_html_is_put_into_an_element_that_says_it(self) -> None:
        assert self.html("he", source="<p>x</p>") == '<div lang="he" dir="rtl"><p>x</p></div>'

    def test_what_the_source_says_itself_gives_way(self) -> None:
        html = self.html("de", source='<html lang="en" dir="rtl" class="a"><body>x</body></html>')

        assert '<html lang="de" dir="ltr" class="a">' in html

    def test_mjml_and_markdown_and_blocks_say_it(self) -> None:
        mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section></mj-body></mjml>"
        blocks = '{"blocks": [{"type": "text", "text": "x"}]}'

        for mode, source in (("mjml", mjml), ("markdown", "x"), ("blocks", blocks)):
            html = self.html("ar", mode=mode, source=source)
            assert 'dir="rtl"' in html.partition("<body")[0], mode
            assert 'dir="auto"' not in html, mode
        assert "text-align:right" in html

    def test_without_a_language_nothing_is_added(self) -> None:
        assert "dir=" not in self.html("")


@pytest.mark.parametrize(
    "more", [{}, {"languages": {"de": {"text": "Hallo"}}}, {"defaults": {"first_name": "you"}}], ids=str
)
def test_how_many_calls_a_campaign_may_have_at_once_is_said_in_any_tongue(more: dict[str, Any]) -> None:
    def at_once(**fields: Any) -> Any:
        content = {"text": "Hello"} | fields | more
        config = {"caller_id": "+493012345", "voice": ""}
        return getattr(tongues.composer(registry.get("voice"), content, config, CONTEXT), "at_once", None)

    assert at_once(at_once="3") == 3
    assert at_once() == at_once(at_once="") == 0
