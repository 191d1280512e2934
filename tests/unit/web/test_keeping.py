"""Parts of pages that are drawn once."""

from collections.abc import Iterator

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from clarion.web import keeping


class Counter:
    """Counts how often it is drawn."""

    def __init__(self) -> None:
        self.drawn = 0

    def __str__(self) -> str:
        self.drawn += 1
        return f"drawing {self.drawn}"


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    with translation.override("en"):
        yield


def template(source: str) -> Template:
    return Template("{% load ui i18n %}" + source)


def test_what_is_kept_is_drawn_once_for_each_value(counter: Counter) -> None:
    made = template("{% kept one %}{{ counter }} of {{ one }}{% endkept %}")

    drawn = [made.render(Context({"counter": counter, "one": one})) for one in (1, 2, 1, 2)]

    assert drawn == ["drawing 1 of 1", "drawing 2 of 2"] * 2


def test_equal_values_that_are_written_differently_are_kept_apart() -> None:
    made = template("{% kept one %}{{ one }}{% endkept %}")
    values = (1, True, "<b>", mark_safe("<b>"), ["a"], ("a",))

    drawn = [made.render(Context({"one": one})) for one in values]

    assert drawn[:4] == ["1", "True", "&lt;b&gt;", "<b>"]


def test_each_language_has_its_own() -> None:
    made = template("{% kept label %}{% translate 'Save' %}: {{ label }}{% endkept %}")
    values = {"label": gettext_lazy("Cancel")}

    english = made.render(Context(values))
    with translation.override("de"):
        german = made.render(Context(values))

    assert english == "Save: Cancel"
    assert german not in ("", english)


def test_no_more_is_kept_than_there_is_room_for(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LARGEST", 2)
    made = template("{% kept one %}{{ counter }}{% endkept %}")

    drawn = [made.render(Context({"counter": counter, "one": one})) for one in (1, 2, 3, 1)]

    assert drawn == ["drawing 1", "drawing 2", "drawing 3", "drawing 4"]
