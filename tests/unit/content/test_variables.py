"""Which variables a message cannot do without."""

import pytest

from clarion.content import variables
from clarion.content.rendering import preview
from clarion.lib.templating import Part


def parts(source: str) -> list[Part]:
    return [Part("text", source)]


@pytest.mark.parametrize(
    ("source", "required"),
    [
        ("{{ b }}{{ a }}", ["a", "b"]),
        ('{{ a|default("x") }}', []),
        ('{{ a|d("x")|upper }}', []),
        ('{{ a|default("x") }} {{ a }}', ["a"]),
        ('{{ a|upper|default("x") }}', ["a"]),
        ("{% if a is defined %}{{ a }}{% else %}{{ b }}{% endif %}", ["b"]),
        ("{% if a is defined %}{% else %}{{ a }}{% endif %}", ["a"]),
        ("{% if a is not defined %}none{% else %}{{ a }}{% endif %}", []),
        ("{% if a is defined and a > 3 %}x{% endif %}{{ a }}", ["a"]),
        ('{{ a if a is defined else "" }}', []),
        ("{% if a %}x{% endif %}", ["a"]),
        ("{{ order.id }}", ["order.id"]),
        ('{{ order.id|default("") }}', ["order.id"]),
        ("{% for item in items %}{{ item.name }}{{ loop.index }}{% endfor %}", ["items"]),
        ("{% set x = a %}{{ x }}{{ range(3)|length }}", ["a"]),
        ("{# {{ a }} #}{% raw %}{{ b }}{% endraw %}", []),
    ],
)
def test_required_are_those_without_a_default(source: str, required: list[str]) -> None:
    assert variables.required(parts(source)) == required


def test_missing_are_the_required_that_nobody_has() -> None:
    source = "{{ first_name }} {{ order.id }} {{ city }} {{ email }} {{ unsubscribe_url }}"

    assert variables.missing(parts(source), {"first_name", "order"}) == ["city"]


class TestPreview:
    CONTENT = {
        "subject": "For {{ name }}",
        "preheader": "Psst {{ name }}",
        "html": "<body><p>{{ name }}, {{ order.id }}: <a href='{{ unsubscribe_url }}'>stop</a></p></body>",
        "text": "",
    }

    def test_shows_the_message_as_one_person_gets_it(self) -> None:
        shown = preview(self.CONTENT, "email", {"name": "Zoë & Co", "order": {"id": 7}})

        assert shown.subject == "For Zoë & Co"
        assert "Zoë &amp; Co, 7" in shown.html
        assert "Psst Zoë &amp; Co</div>" in shown.html
        assert "Zoë & Co, 7: stop" in shown.text
        assert shown.missing == []

    def test_names_what_is_missing_and_shows_the_rest(self) -> None:
        shown = preview(self.CONTENT, "email", {"name": "Zoë"})

        assert shown.missing == ["order.id"]
        assert "Zoë, [order.id]" in shown.html

    def test_says_why_it_cannot_be_filled_in(self) -> None:
        shown = preview({"subject": "{{ day|date }}", "text": "x"}, "email", {"day": "soon"})

        assert "subject" in shown.problem
        assert shown.html == ""
