"""Whoever adds a component shows it in the gallery; templates keep the content security policy."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import Client, override_settings
from django.utils.safestring import SafeString

TEMPLATES = Path(settings.PACKAGE) / "templates"


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    names: set[str] = set()
    render = Template._render

    def noted(template: Template, context: Context) -> SafeString:
        names.add(str(template.name))
        return render(template, context)

    monkeypatch.setattr(Template, "_render", noted)
    with override_settings(ROOT_URLCONF="tests.browser.urls"):
        yield names


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
