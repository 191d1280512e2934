"""Compile every template of ours, so that a misspelt tag is found before a visitor finds it."""

from pathlib import Path

from django.template import TemplateSyntaxError, engines
from django.template.backends.django import DjangoTemplates

import clarion

SUFFIXES = (".html", ".txt", ".mjml")


def problems() -> list[str]:
    """Return one line for each template that does not compile."""
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)  # noqa: S101 - the settings name no other
    found = []
    for folder in engine.template_dirs:
        root = Path(folder)
        if not root.is_relative_to(Path(clarion.__file__).parent):
            continue
        for path in sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES):
            try:
                engine.engine.from_string(path.read_text())
            except TemplateSyntaxError as problem:
                found.append(f"{path}: {problem}")
    return found
