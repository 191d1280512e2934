"""What an author writes, in its clean form.

A source is {"mode", "subject", "preheader", "source", "text"}, each a text; `mode` is one of MODES. Beside these it
may have `language` (the tag of what it says), `languages` ({tag: a source without these}), `defaults` ({variable:
value}, used where a person has none) and `files` (keys of the media library that go with it as attachments). A
field that says nothing is not there, so that plain sources stay as they are. Each language may have `extras` ({name:
text}): what the channel's messages have beside a text, such as buttons.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from clarion.content.errors import Problem
from clarion.lib import languages
from clarion.lib.sentences import said, spoken, told

#: Ways to write: blocks and Markdown are compiled into HTML, and MJML is; text stays as it is.
MODES = ("blocks", "html", "mjml", "markdown", "text")
#: What people call them.
MODE_NAMES: Mapping[str, str | Promise] = {
    "blocks": gettext_lazy("Blocks"),
    "html": "HTML",
    "mjml": "MJML",
    "markdown": "Markdown",
    "text": gettext_lazy("Text only"),
}

#: The fields of a source in which template tags may stand, and whether what is filled in is escaped.
FIELDS = {"subject": False, "preheader": True, "source": True, "text": False}

MAX_LANGUAGES = 30
MAX_DEFAULTS = 50
#: Longest default, in characters.
MAX_DEFAULT = 500
MAX_FILES = 10
#: What a message may have beside its text, and the longest of it, in characters.
MAX_EXTRAS = 30
MAX_EXTRA = 20_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")


def clean_source(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source with every field there, as text with line feeds, and nothing that it does not know.

    Tags of languages are written as RFC 5646 has them; those that are none are left out, see `problems_of`.
    """
    cleaned = _clean_one(source)
    others = {
        tag: _clean_one(one)
        for tag, one, problem in _languages(source)
        if not problem and isinstance(one, Mapping)
    }
    own = _tag(source.get("language"))[0]
    if own:
        cleaned["language"] = own
    if others:
        cleaned["languages"] = dict(sorted(others.items()))
    given = source.get("defaults")
    defaults = {
        str(name): _line(value)
        for name, value in (given.items() if isinstance(given, Mapping) else ())
        if _line(value)
    }
    if defaults:
        cleaned["defaults"] = dict(sorted(defaults.items()))
    files = [str(key) for key in source.get("files") or () if _KEY.fullmatch(str(key))]
    if files:
        cleaned["files"] = list(dict.fromkeys(files))
    return cleaned


def problems_of(source: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the languages and the defaults of a source as it was given."""
    own, problem = _tag(source.get("language"))
    if problem:
        yield Problem("language", 0, problem)
    others = list(_languages(source))
    for tag, _one, problem in others:
        if problem:
            yield Problem("language", 0, problem)
        elif tag == own:
            yield Problem("language", 0, said("The language %(tag)s is there twice.", tag=tag))
    if others and not own:
        yield Problem("language", 0, said("Say in which language the first message is."))
    if len(others) > MAX_LANGUAGES:
        yield Problem("language", 0, said("A template has at most %(limit)s languages.", limit=MAX_LANGUAGES))
    given = source.get("defaults")
    defaults = given if isinstance(given, Mapping) else {}
    if len(defaults) > MAX_DEFAULTS:
        yield Problem("defaults", 0, said("A template has at most %(limit)s defaults.", limit=MAX_DEFAULTS))
    for name, value in defaults.items():
        if not _NAME.fullmatch(str(name)):
            yield Problem("defaults", 0, said("“%(name)s” cannot be a variable's name.", name=str(name)[:40]))
        elif len(_line(value)) > MAX_DEFAULT:
            yield Problem(
                "defaults",
                0,
                said(
                    "The default of %(name)s must be at most %(limit)s characters.",
                    name=name,
                    limit=MAX_DEFAULT,
                ),
            )
    if len(source.get("files") or ()) > MAX_FILES:
        yield Problem("files", 0, said("At most %(limit)s files can go with a message.", limit=MAX_FILES))


def each_language(source: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (tag, source or content) of a clean one, its own first; the tag is "" when it was not said."""
    yield str(source.get("language") or ""), source
    yield from (source.get("languages") or {}).items()


def in_language(source: Mapping[str, Any], tag: str) -> dict[str, Any]:
    """Return what it says in one language, without the others; its own for "" and for one it does not have."""
    one = (source.get("languages") or {}).get(tag, source)
    found = {name: one.get(name, "") for name in ("mode", *FIELDS)}
    return {**found, "extras": one["extras"]} if one.get("extras") else found


def with_language(source: Mapping[str, Any], tag: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return the source with `one` as what it says in a language; its own for "" and its own tag."""
    if tag in ("", source.get("language")):
        kept = {name: value for name, value in source.items() if name not in ("mode", *FIELDS, "extras")}
        return {**kept, **one}
    return {**source, "languages": {**(source.get("languages") or {}), tag: dict(one)}}


def without_language(source: Mapping[str, Any], tag: str) -> dict[str, Any]:
    """Return the source without one of its further languages."""
    others = {other: one for other, one in (source.get("languages") or {}).items() if other != tag}
    return {**source, "languages": others}


def _clean_one(source: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = {name: str(source.get(name) or "").replace("\r\n", "\n").replace("\r", "\n") for name in FIELDS}
    mode = str(source.get("mode") or "html")
    cleaned["mode"] = mode if mode in MODES else "html"
    for name in ("subject", "preheader"):
        cleaned[name] = _line(cleaned[name])
    if cleaned["mode"] == "text":
        cleaned["text"], cleaned["preheader"] = "", ""
    extras = _extras(source.get("extras"))
    return {**cleaned, "extras": extras} if extras else dict[str, Any](cleaned)


def _extras(given: Any) -> dict[str, str]:
    """Return what there is beside the text, as texts with line feeds; what says nothing is left out."""
    found = {}
    for name, value in list(given.items())[:MAX_EXTRAS] if isinstance(given, Mapping) else ():
        text = str(value if value is not None else "")[:MAX_EXTRA].replace("\r\n", "\n").replace("\r", "\n")
        if text.strip() and _NAME.fullmatch(str(name)):
            found[str(name)] = text.strip()
    return dict(sorted(found.items()))


def _languages(source: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Yield (tag, source, what is wrong with the tag)."""
    given = source.get("languages")
    for tag, one in given.items() if isinstance(given, Mapping) else ():
        cleaned, problem = _tag(tag)
        yield (
            cleaned,
            one,
            problem or ("" if cleaned else said("A language needs a tag such as en or de-AT.")),
        )


def _tag(value: Any) -> tuple[str, str]:
    if not value:
        return "", ""
    try:
        return languages.clean(str(value)), ""
    except ValueError as error:
        return "", spoken(told(error))


def _line(value: Any) -> str:
    return " ".join(str(value if value is not None else "").split("\n")).strip()
