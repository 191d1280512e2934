"""Links of message templates: which are found, what they are put through, and that nothing else changes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.lib import links, templating
from clarion.lib.templating import Part


def html(source: str) -> Part:
    return Part("HTML", source, is_html=True)


def numbered(part: Part) -> str:
    known = {target: number for number, target in enumerate(links.targets([part]), start=1)}
    return links.rewritten(part, lambda target: f"<{known[target]}>").source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('<a href="https://a.test/x?b=1&amp;c=2">x</a>', ["https://a.test/x?b=1&c=2"]),
        ("<A CLASS='b' HREF='HTTP://a.test'>x</A>", ["HTTP://a.test"]),
        ("<a href=https://a.test/x>x</a>", ["https://a.test/x"]),
        ('<area href="https://a.test/map">', ["https://a.test/map"]),
        ('<!--[if mso]><v:roundrect href="https://a.test/b"/><![endif]-->', ["https://a.test/b"]),
        ('<a title="a > b" href="https://a.test">x</a>', ["https://a.test"]),
        ('<a title="x href=https://no.test" href="https://a.test">x</a>', ["https://a.test"]),
        ('<a href="https://a.test/{{ id }}">x</a>', ["https://a.test/{{ id }}"]),
        ("""<a href="https://a.test/{{ d["k"] }}">x</a>""", ["""https://a.test/{{ d["k"] }}"""]),
        ('<a href="{{ shop }}/sale">x</a>', ["{{ shop }}/sale"]),
        ('{% if vip %}<a href="https://a.test/vip">x</a>{% endif %}', ["https://a.test/vip"]),
        ('<a href="https://a.test">1</a><a href="https://a.test">2</a>', ["https://a.test"]),
    ],
)
def test_web_addresses_in_html_are_found(source: str, expected: list[str]) -> None:
    assert links.targets([html(source)]) == expected


@pytest.mark.parametrize(
    "source",
    [
        '<a href="mailto:a@b.test">x</a>',
        '<a href="tel:+49301">x</a>',
        '<a href="#top">x</a>',
        '<a href="/local">x</a>',
        '<a href="{{ unsubscribe_url }}">x</a>',
        '<a href="{{ preferences_url }}?x=1">x</a>',
        '<a href="https://a.test" data-track="off">x</a>',
        '<link href="https://a.test/style.css"><img src="https://a.test/i.png"><base href="https://a.test">',
        '{% for i in items %}<a href="https://a.test/{{ i.id }}">x</a>{% endfor %}',
        '{% set u = shop %}<a href="https://a.test/{{ u }}">x</a>',
        '{% raw %}<a href="https://a.test">x</a>{% endraw %}',
        '<abbr href="https://a.test">x</abbr>',
        '<a href="https://a.test/{% if x %}">x</a>{% endif %}',
    ],
)
def test_what_is_no_web_address_or_means_nothing_alone_is_left_as_it_is(source: str) -> None:
    assert numbered(html(source)) == source


def test_only_the_address_is_replaced() -> None:
    part = html('<p>{{ a }}</p><a class="b" href=" https://a.test/?x=1&amp;y=2 " id="c">https://a.test</a>')

    assert numbered(part) == '<p>{{ a }}</p><a class="b" href="<1>" id="c">https://a.test</a>'


def test_text_links_end_where_the_sentence_goes_on() -> None:
    part = Part(
        "text",
        "See https://a.test/x. Or (https://b.test/(y)), {% if z %}https://c.test/{{ z }}{% endif %}!\nmailto:x@y.test",
    )

    assert numbered(part) == "See <1>. Or (<2>), {% if z %}<3>{% endif %}!\nmailto:x@y.test"
    assert links.targets([part]) == ["https://a.test/x", "https://b.test/(y)", "https://c.test/{{ z }}"]


def test_html_and_text_name_the_same_link_by_the_same_number() -> None:
    parts = [Part("text", "https://a.test/?a=1&b=2"), html('<a href="https://a.test/?a=1&amp;b=2">x</a>')]

    assert links.targets(parts) == ["https://a.test/?a=1&b=2"]


def test_html_is_added_where_the_body_ends() -> None:
    assert (
        links.at_body_end("<body>{{ '</body>' }}x</BODY ></html>", "!")
        == "<body>{{ '</body>' }}x!</BODY ></html>"
    )
    assert links.at_body_end("<p>x</p>", "!") == "<p>x</p>!"


def test_hostile_html_takes_no_more_than_a_moment() -> None:
    began = time.process_time()
    for source in (
        '<a "' * 50_000,
        "<a href=" * 50_000,
        '<a href="' + "x='" * 100_000,
        "<a " + "b " * 200_000,
    ):
        links.places(html(source))

    assert time.process_time() - began < 3


_PIECES = st.sampled_from(
    ['<a href="', "https://a.test/", '">', "'", "{{ a }}", "{% if a %}", "{% endif %}", "x=1&amp;y", "</a>", " ", ">",
     "<a ", "href=", "{{ unsubscribe_url }}", "\n", ")", "é"]
)  # fmt: skip


@given(pieces=st.lists(_PIECES, max_size=14), is_html=st.booleans())
def test_whatever_is_rewritten_stays_a_template_that_says_the_same(pieces: list[str], is_html: bool) -> None:
    part = Part("HTML" if is_html else "text", "".join(pieces), is_html=is_html)
    try:
        templating.check(part)
    except templating.TemplateInvalid:
        return
    targets = links.targets([part])
    again = links.rewritten(part, lambda target: "{{ base }}" if target in targets else None)

    templating.check(again)
    assert again.source.count("{{ base }}") == len(links.places(part))
