"""Templates cut into constants and holes say the same as templates rendered whole."""

import re
import time
from pathlib import Path
from typing import Any

import minijinja
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.lib import templating
from clarion.lib.templating import FillFailed, Part, Program, TemplateInvalid

VARIABLES: dict[str, Any] = {
    "a": "A&B",
    "b": "",
    "n": 3,
    "flag": True,
    "items": ["x", "<y>", "z"],
    "order": {"id": 7, "total": 12.5},
}

pieces = st.sampled_from(
    [
        "text ",
        "\n",
        " \t ",
        "{{ a }}",
        "{{- a -}}",
        "{{ a|upper }}",
        "{{ '}}' }}",
        '{{ "{%" }}',
        "{{ order.id }}",
        "{% if flag %}yes{% else %}no{% endif %}",
        "{%- if b -%} x {%- endif -%}",
        "{% for i in items %} {{ i }}{% if not loop.last %},{% endif %}{% endfor %}",
        "{% set c = 'v' %}",
        "{% set d %}block {{ n }}{% endset %}",
        "{% set c = 'v' %}{{ c }}",
        "{# a comment {{ a }} #}",
        "{% raw %}{{ a }}{% endraw %}",
        "{% with q = n + 1 %}{{ q }}{% endwith %}",
        "{% filter upper %}low{% endfilter %}",
        "{{ {'k': {'l': 1}} }}",
        "{{ missing|default('none') }}",
        "}} %} { % ",
        '<p class="x">\'&amp;',
        "größe 漢字",
    ]
)


class TestProgram:
    @settings(max_examples=400)
    @given(sources=st.lists(st.lists(pieces, max_size=8).map("".join), min_size=1, max_size=3))
    def test_it_says_the_same_as_rendering_each_part_whole(self, sources: list[str]) -> None:
        parts = [Part(f"part {n}", source, is_html=n % 2 == 1) for n, source in enumerate(sources)]
        env = templating.environment()

        program = Program(parts)

        assert program.render_whole(VARIABLES) == [
            env.render_str(part.source, f"x.{'html' if part.is_html else 'txt'}", **VARIABLES)
            for part in parts
        ]

    @given(value=st.text())
    def test_a_value_stays_in_its_own_hole(self, value: str) -> None:
        program = Program([Part("subject", "{{ v }}"), Part("text", "a{{ w }}b{{ v }}c")])

        values = program.render({"v": value, "w": "W"})

        clean = value.replace("\x1f", "")
        assert values == [clean, "W", clean]

    def test_text_without_variables_has_no_holes_and_is_not_rendered(self) -> None:
        program = Program([Part("text", "Hello {# no one #}there"), Part("subject", "Hi")])

        assert program.constants[1] == ["Hi"]
        assert program.render_whole({}) == ["Hello there", "Hi"]

    def test_variables_of_one_part_do_not_reach_the_next(self) -> None:
        program = Program([Part("subject", "{% set x = 1 %}{{ x }}"), Part("text", "{{ x }}")])

        with pytest.raises(FillFailed, match=r"“x” is missing .in the text"):
            program.render({})

    @pytest.mark.parametrize(
        ("source", "variables", "sentence"),
        [
            ("{{ name }}", {}, "“name” is missing (in the text, line 1)."),
            ("\n\n{{ order.id }}", {"order": {}}, "“order.id” is missing (in the text, line 3)."),
            ("{% for i in range(99999) %}{{ i }}{% endfor %}", {}, "too many steps"),
            ("{{ a|date }}", {"a": "no day"}, "the filter “date” needs a day such as 2026-03-01."),
            ("{{ a|number }}", {"a": "many"}, "the filter “number” needs a number."),
            ("{{ 1 / 0 }}", {}, "The template fails"),
        ],
    )
    def test_a_failure_says_what_and_where(
        self, source: str, variables: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(FillFailed) as caught:
            Program([Part("text", source)]).render(variables)

        assert sentence in str(caught.value)

    def test_a_failure_does_not_show_the_values(self) -> None:
        with pytest.raises(FillFailed) as caught:
            Program([Part("text", "{{ phone }}{{ name }}")]).render({"phone": "+4915112345678"})

        assert "4915112345678" not in str(caught.value)


class TestCheck:
    @pytest.mark.parametrize(
        ("source", "sentence"),
        [
            ("a\n{{ x", "Line 2:"),
            ("{% if x %}", "Line 1:"),
            ("a\nb\n{% include 'secret' %}", "Line 3: “include” is not available here."),
            ("{% extends 'x' %}", "not available"),
            ("{% from 'x' import y %}", "not available"),
        ],
    )
    def test_what_cannot_be_used_is_named_with_its_line(self, source: str, sentence: str) -> None:
        with pytest.raises(TemplateInvalid) as caught:
            templating.check(Part("text", source))

        assert sentence in str(caught.value)

    @pytest.mark.parametrize(
        "source",
        [
            "{{ '%1000000000d'|format(1) }}",
            "{% set n = namespace(x=1) %}",
            "{{ a.__class__ }}",
            "{{ a.upper() }}",
        ],
    )
    def test_what_could_grow_without_limit_or_reach_python_does_not_work(self, source: str) -> None:
        with pytest.raises((FillFailed, TemplateInvalid)):
            Program([Part("text", source)]).render({"a": "x"})


def test_the_variables_of_a_template_are_listed() -> None:
    found = templating.variables_of(
        Part("text", "{{ a }}{% for i in rows %}{{ i.x }}{% endfor %}{{ order.id }}")
    )

    assert found == {"a", "rows", "order.id"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ '2026-03-01'|date }}", "01.03.2026"),
        ("{{ '2026-03-01T10:30:00+02:00'|date('%H:%M') }}", "10:30"),
        ("{{ 1234567|number }}", "1 234 567"),
        ("{{ 1234.5|number(2, '.', ',') }}", "1.234,50"),
    ],
)
def test_filters_write_dates_and_numbers(source: str, expected: str) -> None:
    assert Program([Part("text", source)]).render_whole({}) == [expected]


#: Names of filters of this and of other implementations of the language.
FILTERS = [
    "abs",
    "attr",
    "batch",
    "bool",
    "b64encode",
    "capitalize",
    "center",
    "chain",
    "count",
    "d",
    "date",
    "default",
    "dictsort",
    "e",
    "endswith",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "json",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "number",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "startswith",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
    "zip",
]
REFERENCE = Path(__file__).parents[3] / "docs/reference/template-language.md"


def test_every_filter_is_documented_with_what_it_writes() -> None:
    examples = re.findall(r"^({{ .* }}) → (.*)$", REFERENCE.read_text("utf-8"), re.MULTILINE)
    assert len(examples) > 50

    for source, written in examples:
        assert Program([Part("text", source)]).render_whole({}) == [written], source
    documented = {name for source, _written in examples for name in re.findall(r"\|(\w+)", source)}
    assert documented == {name for name in FILTERS if is_there(name)}


def is_there(name: str) -> bool:
    try:
        templating.environment().render_str(f"{{{{ x|{name} }}}}", x="a")
    except (minijinja.TemplateError, templating._FilterRefuses) as problem:
        return "unknown filter" not in str(problem)
    return True


class TestHostileTemplates:
    @pytest.mark.parametrize(
        "piece", ["{{", "{%", "{#", "{% raw %}", "{{ '", '{{ "', "{% '", "{{ \"'", "{{ '\\", "{% raw ", "{"]
    )
    def test_what_is_opened_again_and_again_is_cut_in_a_moment(self, piece: str) -> None:
        source = piece * 100_000
        began = time.process_time()

        pieces = list(templating.split(source))

        assert time.process_time() - began < 1.0
        assert "".join(text for text, _ in pieces) == source

    @pytest.mark.parametrize(
        "source",
        [
            "{% for c in text %}{{ text }}{% endfor %}",
            "{% for c in range(9000) %}{{ text }}{% endfor %}",
            "{% macro m() %}{{ text }}{% endmacro %}{% for c in text %}{{ m() }}{% endfor %}",
        ],
    )
    def test_a_message_does_not_grow_without_end(self, source: str) -> None:
        program = templating.Program([templating.Part("text", source)])

        for _ in range(2):
            with pytest.raises(templating.FillFailed, match="longer than 5000000 characters"):
                program.render({"text": "x" * 10_000})
            assert program.render_whole({"text": "xy"})

    def test_counting_changes_nothing_of_what_is_written(self) -> None:
        source = "{% for c in rows %}{{ c.a }}{{ c.b|safe }}{{ loop.index }};{% endfor %}"
        program = templating.Program([templating.Part("html", source, is_html=True)])

        assert program.render_whole({"rows": [{"a": "<i>", "b": "<b>"}, {"a": 1.5, "b": None}]}) == [
            "&lt;i&gt;<b>1;1.5None2;"
        ]
