"""Hostile templates in the trial: it ends in time, in its memory, and tells nothing. Linting is left out on purpose."""

import os
import resource
import sys
import time

import pytest

from clarion.content import trials
from clarion.content.trials import run_trial
from clarion.lib.templating import Part

BOMBS = {
    "doubling": "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "capture": "{% set a = 'x' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60 + "{{ a }}",
    "loops": "{% for i in range(100000) %}" * 5 + "x" + "{% endfor %}" * 5,
    "macro": "{% macro f(s) %}{{ f(s ~ s) }}{% endmacro %}{{ f('a') }}",
    "indent": "{{ ('a\n' * 1000)|indent(1000000) }}",
    "join": "{{ range(100000)|join('x' * 100000)|length }}",
    "nesting": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "page": "{% for i in range(30000) %}{{ 'x' * 1000 }}{% endfor %}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_template_is_stopped(name: str) -> None:
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

    findings = run_trial([Part("html", BOMBS[name], is_html=True)])

    assert findings
    assert findings[0].sentence.endswith(".")
    assert time.monotonic() - started < trials.WALL_SECONDS + 5
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 700_000)  # kB


def test_an_ordinary_message_passes() -> None:
    source = "Hi {{ name }}{% for line in order.lines %}{{ line.price|number(2) }}{% endfor %}{{ day|date }}"

    assert run_trial([Part("subject", source), Part("html", source, is_html=True)]) == []


def test_a_mistake_names_its_part() -> None:
    findings = run_trial([Part("subject", "fine"), Part("text", "\n{{ 'x'.strip() }}")])

    assert [(one.part, one.line) for one in findings] == [("text", 2)]


def test_the_child_holds_no_secret() -> None:
    environment = trials._environment()

    assert os.environ["CLARION_SECRET_KEY"] not in "".join(environment.values())
    assert not [name for name in environment if name.startswith(("CLARION", "DJANGO"))]


def test_a_trial_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    # A sleeping process uses no processor time, so only the wall clock can stop it.
    monkeypatch.setattr(trials, "COMMAND", [sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(trials, "WALL_SECONDS", 0.3)

    assert run_trial([Part("text", "Hi")])[0].sentence == "Filling it in takes too long."
