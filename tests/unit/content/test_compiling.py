"""From what an author writes to what is sent. Nothing here starts a process or opens a connection."""

import socket
from typing import Any

import pytest

from clarion.content import compiling, mjml_lint
from clarion.content.compiling import compile_source
from clarion.content.errors import ContentInvalid, Problem

MJML = """<mjml>
  <mj-head><mj-preview>For {{ name }}</mj-preview>
    <mj-style inline="inline">.big { color: {{ colour }}; }</mj-style></mj-head>
  <mj-body>
    {% if points < 3 and vip %}
    <mj-section><mj-column>
      {% for line in lines %}<mj-text css-class="big">Hello {{ name|default("x < y") }}</mj-text>{% endfor %}
      <mj-button href="https://shop.example/?id={{ id }}&amp;b={{ b|default('q') }}">Go</mj-button>
      <mj-table>{% for row in rows %}<tr><td>{{ row }}</td></tr>{% endfor %}</mj-table>
    </mj-column></mj-section>
    {% endif %}
  </mj-body>
</mjml>"""


def compiled(channel: str = "email", **source: Any) -> dict[str, Any]:
    given = {"mode": "html", "subject": "Hello", "source": "<p>Hi</p>", **source}
    return compile_source(channel, given, with_trial=False).content


def problems(**source: Any) -> list[Problem]:
    with pytest.raises(ContentInvalid) as caught:
        compiled(**source)
    return caught.value.problems


class TestCompileMjml:
    def test_keeps_every_template_tag_where_it_was(self) -> None:
        html = compiled(mode="mjml", source=MJML)["html"]

        for tag in (
            "{% if points < 3 and vip %}",
            "{% for line in lines %}",
            "{% endfor %}",
            '{{ name|default("x < y") }}',
        ):
            assert tag in html
        assert "https://shop.example/?id={{ id }}&amp;b={{ b|default('q') }}" in html
        assert "color: {{ colour }}" in html
        assert (
            html.index("{% if points")
            < html.index("{% for line")
            < html.index("Hello")
            < html.index("{% endif %}")
        )
        assert "zqj" not in html

    def test_keeps_the_rows_of_a_loop_inside_it(self) -> None:
        html = compiled(mode="mjml", source=MJML)["html"]

        start, end = html.index("{% for row in rows %}"), html.index("{{ row }}")
        assert html[start:end].startswith("{% for row in rows %}<tr>")

    def test_asks_nobody_for_fonts(self) -> None:
        source = MJML.replace(
            "<mj-preview>",
            '<mj-font name="Roboto" href="https://fonts.googleapis.com/css?family=Roboto" /><mj-preview>',
        )
        html = compiled(mode="mjml", source=source)["html"]

        assert "googleapis" not in html

    @pytest.mark.parametrize(
        ("body", "line", "words"),
        [
            ("<mj-section>\n<mj-colum>x</mj-colum></mj-section>", 2, "no tag <mj-colum>; “mj-column” may be meant."),
            ("<mj-text>x</mj-text>", 1, "cannot stand in <mj-body>, only in"),
            ("\nhello", 2, "Text cannot stand directly in <mj-body>"),
            ("<mj-section><mj-column>\n<mj-text\n colr='red'>x</mj-text></mj-column></mj-section>", 3,
             "no attribute “colr”; “color”"),
            ("<mj-section><mj-column><mj-text>a\n<br>b</mj-text></mj-column></mj-section>", 2,
             "Write <br /> instead of <br>."),
            ("<mj-include path='/etc/passwd' />", 1, "not available"),
            ("<mj-section><mj-column><mj-image src=a /></mj-column></mj-section>", 1, "must stand in quotes"),
            ("<mj-section>", 1, "<mj-section> is not ended by </mj-section>."),
            ("</mj-wrapper>", 1, "ends a tag that was not begun"),
            ("<p>hello</p>", 1, "<p> is HTML and cannot stand in <mj-body>"),
            ("<!-- never ended", 1, "A comment is not ended."),
            ("<mj-section><mj-column><mj-text color>x</mj-text></mj-column></mj-section>", 1, "has no value"),
            ("<!DOCTYPE x [<!ENTITY a 'b'>]>", 1, "not part of MJML"),
        ],
    )  # fmt: skip
    def test_names_the_line_of_a_mistake(self, body: str, line: int, words: str) -> None:
        found = problems(mode="mjml", source=f"<mjml><mj-body>{body}</mj-body></mjml>")

        assert any(one.field == "source" and one.line == line and words in one.sentence for one in found), (
            found
        )

    def test_lines_count_those_inside_template_tags(self) -> None:
        found = problems(mode="mjml", source="<mjml><mj-body>{{\n a\n }}\n<mj-oops /></mj-body></mjml>")

        assert found[0].line == 4

    @pytest.mark.parametrize("piece", ["<", "<a", "<!--", "<a '", "</a>", "<mjml>", '<a b="', "<![CDATA["])
    def test_lint_reads_any_text_quickly(self, piece: str) -> None:
        assert mjml_lint.lint(piece * 20_000)


class TestCompileHtml:
    def test_leaves_a_page_without_style_sheets_as_it_is(self) -> None:
        source = "<p {% if a %}class='b'{% endif %}>Hi {{ name }} &mdash; 1 &lt; 2</p>"

        assert compiled(source=source)["html"] == source

    def test_moves_style_sheets_into_the_elements_and_keeps_media_queries(self) -> None:
        source = (
            "<html><head><style>.a { color: red } @media (width < 400px) { .a { color: blue } }</style></head>"
            '<body><p class="a" {% if x %}title="y"{% endif %}>{{ name }}</p></body></html>'
        )
        html = compiled(source=source)["html"]

        assert 'style="color: red' in html
        assert "@media" in html
        assert '{% if x %}title="y"' in html

    def test_fetches_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*args: object, **kwargs: object) -> None:
            raise AssertionError("a connection was tried")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            server.setblocking(False)
            port = server.getsockname()[1]
            compiled(
                source=f'<link rel="stylesheet" href="http://127.0.0.1:{port}/a.css"><style>p{{color:red}}</style><p>Hi</p>'
            )

            with pytest.raises(BlockingIOError):
                server.accept()


class TestCheckSource:
    def test_text_mode_makes_no_html(self) -> None:
        content = compiled(mode="text", source="Hi {{ name }} & <you>")

        assert content["text"] == "Hi {{ name }} & <you>"
        assert not content["html"]

    def test_the_sandbox_takes_the_same_source(self) -> None:
        assert compiled("sandbox", mode="mjml", source=MJML)["html"].startswith("<!DOCTYPE html>")

    def test_gathers_the_mistakes_of_all_fields(self) -> None:
        found = problems(subject="{{ a", preheader="{{ b|nothing }}", source="x\n{% if %}")

        assert [(one.field, one.line) for one in found] == [("subject", 1), ("preheader", 1), ("source", 2)]

    def test_wants_a_message(self) -> None:
        assert problems(source="  ")[0] == Problem("source", 0, "Write the message.")

    def test_wants_a_subject_for_mail(self) -> None:
        assert problems(subject="")[0].field == "subject"

    def test_lists_the_variables_it_uses(self) -> None:
        source = {"mode": "mjml", "subject": "{{ greeting }}", "source": MJML}

        made = compile_source("email", source, with_trial=False)

        assert made.variables == ["b", "colour", "greeting", "id", "lines", "name", "points", "rows", "vip"]

    def test_line_ends_do_not_make_a_difference(self) -> None:
        one = compiling.clean_source({"source": "a\r\nb\rc", "mode": "nonsense"})

        assert (one["source"], one["mode"]) == ("a\nb\nc", "html")
