"""What the lint refuses, what it lets pass, and that nothing it lets pass can grow without bounds."""

import time

import minijinja
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.lib import templating
from clarion.lib.template_lint import MAX_WEIGHT, lint

#: Characters of the longest value in these tests, and the most that any render may make of it.
VALUE = "v" * 40
MOST = 20_000_000

FINE = [
    "Hi {{ first_name }}",
    '{{ first_name|default("friend") }}, {{ city|title }}',
    "{% for line in order.lines %}{{ line.name }}: {{ line.price|number(2) }}{{ ', ' if not loop.last }}{% endfor %}",
    "{% if points > 1000000 %}Thank you{% elif vip and not new %}Hi{% else %}Hello{% endif %}",
    "{{ price|float * quantity|int }} {{ price * 2 }}",
    "{% set name = first_name ~ ' ' ~ last_name %}{{ name }}",
    '{{ text|replace("\n", "<br>") }} {{ tags|join(", ") }} {{ people|map(attribute="name")|join }}',
    "{% for i in range(stars) %}★{% endfor %}",
    "{% raw %}{{ not a tag }}{% endraw %}{# {{ nor this }} #}",
    "{% filter upper %}{{ a }}{% endfilter %}{% with b = a %}{{ b }}{% endwith %}",
    "{% set x %}Dear {{ a }}{% endset %}{{ x }}",
    "{{ a if a is defined else b }}{% if a is not none %}{% endif %}",
]


class TestLint:
    @pytest.mark.parametrize("source", FINE)
    def test_lets_ordinary_templates_pass(self, source: str) -> None:
        assert lint(source) == []

    @pytest.mark.parametrize(
        ("source", "line", "words"),
        [
            ("Hello\n{{ name", 2, "the text ends here"),
            ("\n\n{{ a b }}", 3, "unexpected identifier"),
            ("{% if a %}", 1, "the text ends here"),
            ("a\n{{ x|shout }}", 2, "no filter “shout”"),
            ("{{ x is tall }}", 1, "no test “tall”"),
            ("\n{{ send(x) }}", 2, "no function “send”"),
            ("{{ debug() }}", 1, "no function “debug”"),
            ('{% include "other" %}', 1, "other templates"),
            ('\n{% extends "other" %}', 2, "other templates"),
            ('{% from "x" import y %}', 1, "other templates"),
            ("{% macro m(a) %}{{ m(a ~ a) }}{% endmacro %}", 1, "macros"),
            ("{% block a %}{{ self.a() }}{% endblock %}", 1, "blocks"),
            ("{% for a in b recursive %}{{ loop(a) }}{% endfor %}", 1, "recursive"),
            ("{% autoescape false %}{{ a }}{% endautoescape %}", 1, "escaping"),
        ],
    )
    def test_names_the_line_and_the_mistake(self, source: str, line: int, words: str) -> None:
        problems = lint(source)

        assert problems[0].line == line
        assert words in problems[0].sentence.lower() or words in problems[0].sentence

    @pytest.mark.parametrize(
        "source",
        [
            "{% set a = a ~ a %}" * 40,
            "{% set a = a + a %}" * 40,
            "{% set a %}{{ a }}{{ a }}{% endset %}" * 40,
            "{% with a = a ~ a %}" * 40 + "{{ a }}" + "{% endwith %}" * 40,
            "{% set a = [a, a] %}" * 40,
            "{% for i in range(20) %}{% set a = a ~ a ~ a ~ a %}"
            + "{% set a = a ~ a ~ a ~ a %}" * 9
            + "{% endfor %}",
            '{{ "x" * 1000000000000 }}',
            "{{ [0] * 1000 * 1000 * 1000 }}",
            "{{ a * b }}",
            "{{ a|int * b }}",
            "{{ a|indent(1000000) }}",
            "{{ a|indent(b) }}",
            "{{ a|tojson(indent=100000) }}",
            '{{ a|replace("v", b)|replace("v", b) }}',
            "{{ a|join(b)|join(b) }}",
            "{{ a" + "|tojson" * 30 + " }}",
            "{{ a" + "|list|string" * 30 + " }}",
            '{{ [a]|map("indent", 1000000) }}',
            "{{ range(100000000) }}",
            "{{ [1]|slice(100000000)|list }}",
            "{% filter indent(9999) %}" * 3 + "{{ a }}" + "{% endfilter %}" * 3,
            "{% for i in range(10000) %}{{ 'x' * 9000 }}{% endfor %}",
            "{% for i in range(9000) %}" + "x" * 5000 + "{% endfor %}",
            "{% for a in b %}" * 4 + "{{ a }}" + "{% endfor %}" * 4,
            "{% for x in y %}" * 9 + "x" + "{% endfor %}" * 9,
        ],
    )
    def test_refuses_what_grows_without_bounds(self, source: str) -> None:
        started = time.process_time()

        assert lint(source)

        # Not a single one may be worked out on the way: some would take gigabytes.
        assert time.process_time() - started < 1

    @pytest.mark.parametrize(
        "piece", ["{{", "{%", "{#", '{{ "', "{{ ' }}", "{% raw %}", '{{ "\\" ', "{{ ((((", "}}", "{{{"]
    )
    def test_reads_any_text_in_one_pass(self, piece: str) -> None:
        source = piece * (200_000 // len(piece))
        started = time.process_time()

        lint(source)

        assert time.process_time() - started < 5

    def test_refuses_a_text_that_is_too_long(self) -> None:
        assert "longer than" in lint("x" * 500_001)[0].sentence


_NAMES = st.sampled_from(["a", "b", "s", "t"])
_FILTERS = st.sampled_from(
    ["|upper", "|tojson", "|list", "|string", '|replace("v", "wwwww")', '|join(", ")', "|indent(9)", "|urlencode",
     "|escape", "|replace(a, b)", "|join(b)", "|batch(3)|list", "|pprint", "|length", "|int", "|sort|list", "|reverse"]
)  # fmt: skip
_ATOMS = st.builds("".join, st.tuples(_NAMES, st.lists(_FILTERS, max_size=4).map("".join)))
_EXPRESSIONS = st.lists(_ATOMS, min_size=1, max_size=3).flatmap(
    lambda atoms: st.sampled_from([" ~ ", " + ", " * ", ", "]).map(
        lambda op: f"[{op.join(atoms)}]" if op == ", " else op.join(atoms)
    )
)
_STATEMENTS = st.one_of(
    _EXPRESSIONS.map(lambda e: "{{ " + e + " }}"),
    st.builds(lambda n, e: f"{{% set {n} = {e} %}}", _NAMES, _EXPRESSIONS),
    st.builds(lambda n, e: f"{{% set {n} %}}{{{{ {e} }}}}{{{{ {n} }}}}{{% endset %}}", _NAMES, _EXPRESSIONS),
    st.builds(
        lambda n, e, f: f"{{% for {n} in [{e}] %}}{{{{ {n} }}}}{{{{ {f} }}}}{{% endfor %}}",
        _NAMES,
        _EXPRESSIONS,
        _EXPRESSIONS,
    ),
    st.builds(
        lambda n, e: f"{{% for i in range({n}) %}}{{{{ {e} }}}}{{% endfor %}}",
        st.integers(0, 40),
        _EXPRESSIONS,
    ),
    st.builds(lambda e: f"{{% filter indent(3) %}}{{{{ {e} }}}}{{% endfilter %}}", _EXPRESSIONS),
)


@given(st.lists(_STATEMENTS, min_size=1, max_size=12).map("".join))
def test_whatever_passes_stays_within_bounds(source: str) -> None:
    if lint(source):
        return
    env = templating.environment()

    try:
        made = env.render_str(source, a=VALUE, b=VALUE, s=VALUE, t=VALUE)
    except (minijinja.TemplateError, ValueError, TypeError):
        return

    assert len(made) <= min(MOST, source.count("{{") * 40 * MAX_WEIGHT * (len(VALUE) + 10))
    assert len(made) <= MOST


@given(st.text(alphabet="{}%#\"'\\ ab|()~*[].,\n", max_size=200))
def test_never_fails_on_any_text(source: str) -> None:
    for problem in lint(source):
        assert problem.line >= 1
        assert problem.sentence.endswith(".")
