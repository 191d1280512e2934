"""Whoever adds a component shows it in the gallery; templates keep the content security policy."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Template
from django.test import Client, override_settings
from django.test.signals import template_rendered

TEMPLATES = Path(settings.PACKAGE) / "templates"


@pytest.fixture
def rendered() -> Iterator[set[str]]:
    names: set[str] = set()

    def note(template: Template, **_rest: object) -> None:
        names.add(str(template.name))

    template_rendered.connect(note)
    with override_settings(ROOT_URLCONF="tests.browser.urls"):
        yield names
    template_rendered.disconnect(note)


def test_the_gallery_shows_every_component(rendered: set[str]) -> None:
    answer = Client().get("/ui/")

    assert answer.status_code == 200
    components = {f"components/{path.name}" for path in (TEMPLATES / "components").glob("*.html")}
    assert components - rendered == set()


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_a_template_has_nothing_inline(path: Path) -> None:
    if "emails" in path.parts:
        return
    text = path.read_text("utf-8")

    assert not re.search(r"<[^>]*\sstyle=", text), "style attributes are blocked"
    assert not re.search(r"<[^>]*\son[a-z]+=", text), "event attributes are blocked"
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), (
        "inline scripts are blocked"
    )
