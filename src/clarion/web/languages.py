"""The languages that the pages speak."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import get_language_info


def spoken(tag: str) -> str:
    """Return the code of the language that a tag such as "de-AT" means; empty where the pages do not speak it."""
    offered = {code for code, _name in settings.LANGUAGES}
    asked = tag.lower().replace("_", "-")
    return next((code for code in (asked, asked.partition("-")[0]) if code in offered), "")


def choices() -> list[tuple[str, str]]:
    """Return (code, name) of each language, named in itself."""
    return [
        (code, str(get_language_info(code)["name_local"]).capitalize()) for code, _name in settings.LANGUAGES
    ]
