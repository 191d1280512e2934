"""Mails from blocks and from Markdown: what comes of each, what is refused, and that no input takes long."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.channels.email.content import parts_of
from clarion.content import blocks, markdown
from clarion.content.compiling import compile_source
from clarion.content.errors import ContentInvalid

#: Seconds that compiling may take at most; a busy machine has several times what it needs.
PATIENCE = 8.0


def compiled(*made: dict[str, Any], **style: str) -> dict[str, Any]:
    source = json.dumps({"blocks": made, "style": style})
    return compile_source(
        "email", {"mode": "blocks", "subject": "S", "source": source}, with_trial=False
    ).content


def problems(source: str, mode: str = "blocks") -> list[str]:
    with pytest.raises(ContentInvalid) as caught:
        compile_source("email", {"mode": mode, "subject": "S", "source": source}, with_trial=False)
    return [one.sentence for one in caught.value.problems]


class TestBlocks:
    def test_every_block_is_there_and_in_order(self) -> None:
        html = compiled(
            {"type": "heading", "text": "One & {{ name }}"},
            {"type": "text", "text": "Two **bold** [link]({{ url }})"},
            {"type": "image", "src": "https://x.test/a.png", "alt": 'A "picture"'},
            {"type": "button", "label": "Three", "href": "https://x.test/?a=1&b={{ id }}"},
            {
                "type": "columns",
                "columns": [[{"type": "text", "text": "westward"}], [{"type": "text", "text": "eastward"}]],
            },
            {"type": "divider"},
            {"type": "spacer", "height": 40},
            {"type": "footer", "text": "Street"},
            accent="#AA0011",
        )["html"]

        places = [html.index(text) for text in (
            "One &amp; {{ name }}", "<strong>bold</strong>", '<a href="{{ url }}"', "https://x.test/a.png", "Three",
            "westward", "eastward", "height:40px", "Street", "{{ unsubscribe_url }}",
        )]  # fmt: skip
        assert places == sorted(places)
        assert 'alt="A &quot;picture&quot;"' in html
        assert "https://x.test/?a=1&amp;b={{ id }}" in html
        assert "#aa0011" in html

    def test_the_text_part_is_made_of_it(self) -> None:
        content = compiled({"type": "text", "text": "Hi **you**"})

        assert parts_of(content)["text"].source.strip() == "Hi you"

    def test_html_in_a_text_is_text(self) -> None:
        html = compiled(
            {"type": "text", "text": "<script>x</script> <b>b</b>"}, {"type": "heading", "text": "<i>"}
        )["html"]

        assert "<script>x" not in html
        assert "<i>" not in html
        assert "&lt;script&gt;" in html

    @pytest.mark.parametrize(
        ("source", "sentence"),
        [
            ("", "Write the message."),
            ("{", "no JSON"),
            ("[]", "document"),
            ("[" * 100_000, "no JSON"),
            ('{"blocks": []}', "Add a block"),
            ('{"blocks": [{"type": "script"}]}', "no block “script”"),
            ('{"blocks": [7, null, []]}', "no block"),
            ('{"blocks": [{"type": "text", "text": ""}]}', "needs its text"),
            ('{"blocks": [{"type": "text", "text": 7}]}', "must be text"),
            ('{"blocks": [{"type": "heading", "text": "x", "level": 9}]}', "number up to 3"),
            ('{"blocks": [{"type": "button", "label": "x", "href": "javascript:alert(1)"}]}', "begins with"),
            ('{"blocks": [{"type": "text", "text": "{{ a"}]}', "Block 1 (text), text"),
            ('{"blocks": [{"type": "columns", "columns": [[]]}]}', "two to four columns"),
            ('{"blocks": [{"type": "columns", "columns": [[{"type": "columns"}], []]}]}', "Block 1.1.1"),
            ('{"blocks": [{"type": "text", "text": "x"}], "style": {"ink": "red;}"}}', "colour ink"),
            (json.dumps({"blocks": [{"type": "divider"}] * 201}), "at most 200"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_block(self, source: str, sentence: str) -> None:
        assert sentence in " ".join(problems(source))

    @settings(max_examples=25, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=30),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["type", "text", "columns", "src", "href", "level", "x"]),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=20,
        )
    )
    def test_whatever_the_document_is_it_is_answered(self, value: Any) -> None:
        document, found = blocks.parse(json.dumps({"blocks": value if isinstance(value, list) else [value]}))

        assert found or document.blocks
        blocks.parse(json.dumps(value))

    def test_a_document_survives_being_written_and_read(self) -> None:
        document, _none = blocks.parse(
            '{"blocks": [{"type": "heading", "text": " a  b "}, {"type": "spacer"}]}'
        )

        assert blocks.parse(blocks.dumped(document)) == (document, [])
        assert document.blocks[0] == {"type": "heading", "text": "a b", "level": 1, "align": "start"}


class TestMarkdown:
    def test_template_tags_stay_as_they_are(self) -> None:
        html = markdown.html_of(
            '# Hi {{ name|default("*x*") }}\n\n{% if a < 3 %}\n\n- {{ b }}\n\n{% endif %}'
        )

        assert '<h1>Hi {{ name|default("*x*") }}</h1>' in html
        assert html.index("{% if a < 3 %}") < html.index("<li>{{ b }}</li>") < html.index("{% endif %}")
        assert "<p>{%" not in html

    @pytest.mark.parametrize(
        "text", ["[x](javascript:alert(1))", "[x](data:text/html,x)", "![x](vbscript:x)", "<img src=x>"]
    )
    def test_nothing_that_could_run_becomes_markup(self, text: str) -> None:
        html = markdown.html_of(text)

        assert "<a" not in html
        assert "<img" not in html

    def test_it_becomes_a_whole_mail(self) -> None:
        html = compile_source(
            "email", {"mode": "markdown", "subject": "S", "source": "Hello | **you**"}, with_trial=False
        ).content["html"]

        assert "<strong>you</strong>" in html
        assert "max-width" in html
        assert "prefers-color-scheme" in html

    def test_a_long_text_is_refused(self) -> None:
        assert "at most" in " ".join(problems("x" * (markdown.MAX_MARKDOWN + 1), "markdown"))


@pytest.mark.parametrize("mode", ["html", "markdown", "blocks"])
@pytest.mark.parametrize(
    "piece",
    [
        "<link ",
        "<style",
        "<style>",
        "<title>",
        "<!--",
        "<html",
        "<body",
        "@import url(",
        "![",
        "[a](",
        "_*",
        "{{ a }}",
        "> ",
    ],
)
def test_no_source_takes_long_to_compile(mode: str, piece: str) -> None:
    """Each of these took minutes, or would have, with a pattern that looks ahead from every place."""
    length = {"html": 120_000, "markdown": 20_000, "blocks": 19_000}[mode]
    text = (piece * length)[:length]
    source = json.dumps({"blocks": [{"type": "text", "text": text}]}) if mode == "blocks" else text

    began = time.process_time()
    with contextlib.suppress(ContentInvalid):
        compile_source(
            "email", {"mode": mode, "subject": "S", "source": source, "language": "ar"}, with_trial=False
        )
    assert time.process_time() - began < PATIENCE
