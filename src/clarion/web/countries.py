"""The countries to choose from, by their names."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from django.utils.translation import get_language

from clarion.lib import phones

#: What the library's table lacks.
_UNNAMED = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}


def country_choices() -> list[tuple[str, str]]:
    """Return (two letters, "Germany (+49)") of each country with phone numbers, by name in the reader's language."""
    language = (get_language() or "en").partition("-")[0]
    named = [
        (f"{name_of(country, language)} (+{code})", country) for country, code in phones.countries().items()
    ]
    return [(country, label) for label, country in sorted(named, key=lambda pair: pair[0].casefold())]


def name_of(country: str, language: str) -> str:
    """Return the country's name in the language, else in English."""
    names = _names().get(country, {})
    name = names.get(language) or names.get("en") or _UNNAMED.get(country, country)
    # "*de" refers to the same name in another language.
    return names.get(name[1:], country) if name.startswith("*") else name


@cache
def _names() -> dict[str, dict[str, str]]:
    """Read the library's table of names alone: importing its package takes 200 MB of places."""
    package = importlib.util.find_spec("phonenumbers")
    if package is None or package.origin is None:
        return {}
    path = Path(package.origin).parent / "geodata" / "locale.py"
    # A name within the library, since the table imports from it relatively.
    spec = importlib.util.spec_from_file_location("phonenumbers.names.locale", path)
    if spec is None or spec.loader is None or not path.exists():
        return {}
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, dict[str, str]] = module.LOCALE_DATA
    return found
