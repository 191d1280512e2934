"""Promises of the two ways to mark a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.channels.telegram import markdown, markup


@pytest.mark.parametrize(
    "source",
    [
        "<b>Hello {{ name }}</b> &amp; <i>you</i> &#8364;",
        "<b>{% if vip %}Dear{% else %}Hello{% endif %}</b>",
        "{% for one in items %}<i>{{ one }}</i>\n{% endfor %}",
        '<a href="https://shop.example/?a={{ id }}">{{ shop }}</a>',
        '<pre><code class="language-python">x &lt; 1</code></pre>',
        '<span class="tg-spoiler">x</span><tg-spoiler>y</tg-spoiler><blockquote expandable>z</blockquote>',
        "{% set x = 1 %}<u>{{ x }}</u>",
    ],
)
def test_what_telegram_takes_is_taken(source: str) -> None:
    markup.check(source)


@pytest.mark.parametrize(
    ("source", "piece"),
    [
        ("<div>x</div>", "does not know <div>"),
        ("<b>x", "<b> is never closed"),
        ("<b><i>x</b></i>", "</b> closes what is not open"),
        ("a < b", "written &lt;"),
        ("1\n2 &nbsp;", "Line 2: Telegram does not know &nbsp;"),
        ("<b onclick=x>y</b>", "does not know onclick"),
        ("<a>x</a>", "<a> needs href"),
        ('<a href="">x</a>', "lacks the value"),
        ("<span>x</span>", "<span> needs class"),
        ("<b><code>x</code></b>", "cannot stand inside"),
        ("<code><b>x</b></code>", "Nothing can be marked inside"),
        ("{% if a %}\n<b>{% endif %}</b>", "Line 2: <b> must begin and end in the same branch"),
        ("<b>{% if a %}</b>{% endif %}", "outside of this branch"),
        ("<b {% if a %}x{% endif %}>y</b>", "cannot stand inside a mark"),
        ("<code class='language-x'>y</code>", "names a language"),
    ],
)
def test_what_telegram_would_refuse_is_refused_before_with_its_line(source: str, piece: str) -> None:
    with pytest.raises(markup.MarkupInvalid) as refusal:
        markup.check(source)
    assert piece in str(refusal.value)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("*b* _i_ __u__ ~s~ ||p||", "<b>b</b> <i>i</i> <u>u</u> <s>s</s> <tg-spoiler>p</tg-spoiler>"),
        ("*{{ name }}*", "<b>{{ name }}</b>"),
        (
            "[shop](https://x.example/?a=1&b={{ id }})",
            '<a href="https://x.example/?a=1&amp;b={{ id }}">shop</a>',
        ),
        ("a < b & c", "a &lt; b &amp; c"),
        ("snake_case 2 * 3 {{ a_b|default('*') }}", "snake_case 2 * 3 {{ a_b|default('*') }}"),
        (r"\*no\* [none]", "*no* [none]"),
        ("`x*y<`", "<code>x*y&lt;</code>"),
        ("```py\nx_y\n```", '<pre><code class="language-py">x_y</code></pre>'),
        (">one\n>*two*\nthree", "<blockquote>one\n<b>two</b></blockquote>\nthree"),
        ("{% if a %}*x*{% endif %}", "{% if a %}<b>x</b>{% endif %}"),
    ],
)
def test_markdown_becomes_the_same_in_html(source: str, html: str) -> None:
    assert markdown.to_html(source) == html
    markup.check(html)


@pytest.mark.parametrize(
    ("source", "piece"),
    [
        ("one\n*two", "Line 2: “*” begins something that never ends"),
        ("*a _b* c_", "“_” must end before “*” does"),
        ("`x", "“`” begins"),
        ("```x", "“```” begins"),
    ],
)
def test_markdown_that_does_not_close_is_refused_with_its_line(source: str, piece: str) -> None:
    with pytest.raises(markup.MarkupInvalid) as refusal:
        markdown.to_html(source)
    assert piece in str(refusal.value)


@given(st.text(alphabet="*_~|`[]()>\\ \na1<&{}%", max_size=60))
def test_markdown_is_refused_or_becomes_html_that_is_taken(source: str) -> None:
    try:
        html = markdown.to_html(source)
    except markup.MarkupInvalid:
        return
    try:
        markup.check(html)
    except markup.MarkupInvalid as error:
        # Marks may stand in each other in ways that Telegram does not take; nothing else may be wrong.
        assert any(piece in str(error) for piece in ("inside", "branch", "lacks the value"))  # noqa: PT017


def test_only_what_is_seen_is_counted() -> None:
    assert markup.visible('<a href="https://long.example/">a&lt;b</a>') == "a<b"
