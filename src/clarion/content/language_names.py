"""Names of languages for people."""

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext as _


def name_of(tag: str) -> str:
    """Return the language's name in the reader's language, with the tag when that says more; else the tag."""
    for known in (tag.lower(), tag.lower().partition("-")[0]):
        if "name" in LANG_INFO.get(known, {}):
            name = _(LANG_INFO[known]["name"])
            return name if known == tag.lower() else f"{name} ({tag})"
    return tag


def common() -> list[tuple[str, str]]:
    """Return (tag, name) of languages to choose from, by name; any other tag can be written."""
    found = [(tag, _(info["name"])) for tag, info in LANG_INFO.items() if "name" in info and "-" not in tag]
    return sorted(found, key=lambda one: one[1].casefold())
