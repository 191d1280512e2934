"""Sentences that were written down in English when something happened, said again in the language of whoever reads.

Processes that send know no languages, so what they write down is English. What the program may have written is known:
its sentences without values by the catalogue itself, those with values by the list here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from django.utils.translation import get_language, gettext, gettext_noop, ngettext, override

from clarion.lib.sentences import Sentence
from clarion.workspaces import spelling

#: Of the sending core, which has no gettext: here for the catalogue, which says it by itself.
CORE = (
    gettext_noop("A fault in the program kept the message from being prepared; the log has the details."),
)
#: What gives a message for a number, in the language of the moment.
Counted = Callable[[int], str]
#: Sentences with values that are kept beside campaigns and sources. Each stands where it is made, too.
KEPT: tuple[str | Counted, ...] = (
    gettext_noop("The live source “%(name)s” could not be read: %(why)s"),
    gettext_noop("Outside its sending hours until %(at)s."),
    gettext_noop("The senders' limits for the hour or the day are used up until %(at)s."),
    gettext_noop(
        "%(failed)s of %(ended)s messages failed: %(share)d %%, where at most %(allowed)d %% are allowed."
    ),
    lambda n: ngettext(
        "The first %(n)s person is out; a moderator lets the rest go.",
        "The first %(n)s people are out; a moderator lets the rest go.",
        n,
    ),
    lambda n: ngettext(
        "The first %(percent)d %% are out (%(n)s person); a moderator lets the rest go.",
        "The first %(percent)d %% are out (%(n)s people); a moderator lets the rest go.",
        n,
    ),
    gettext_noop("The file cannot be opened: %(why)s."),
    gettext_noop("The server does not show it (%(detail)s). Share it with everyone who has the link."),
    gettext_noop("The server has nothing at this address (%(detail)s)."),
    gettext_noop("The server answered with an error (%(detail)s)."),
    gettext_noop("It is larger than %(mb)s MB."),
    gettext_noop("The server took longer than %(seconds)s seconds."),
)
_VALUE = re.compile(r"%\((\w+)\)([sd])|%%|[^%]+")
#: A sentence, and what a provider said of it: "The provider refused the credentials. (535 5.7.8 Bad)".
_WITH_DETAIL = re.compile(r"(?P<sentence>.+?[.?!]) \((?P<detail>.*)\)", re.DOTALL)
_ENDS = (".", "!", "?", ")")


def retold(text: str) -> str:
    """Return a sentence of the program in the reader's language; anything else, such as a person's words, as it is."""
    if isinstance(text, Sentence):
        return spelling.sentence(text)
    language = get_language() or "en"
    if language.startswith("en") or " " not in text:
        return text
    return _retold(text, language)


@lru_cache(maxsize=2048)
def _retold(text: str, language: str) -> str:
    whole = gettext(text) if text.rstrip().endswith(_ENDS) else text
    if whole != text:
        return whole
    for pattern, kept in _patterns():
        if found := pattern.fullmatch(text):
            return _filled(kept, {name: retold(value) for name, value in found.groupdict().items()})
    if found := _WITH_DETAIL.fullmatch(text):
        first = gettext(found["sentence"])
        return f"{first} ({found['detail']})" if first != found["sentence"] else text
    return text


def _filled(kept: str | Counted, values: dict[str, str]) -> str:
    digits = re.sub(r"\D", "", values.get("n", ""))
    message = gettext(kept) if isinstance(kept, str) else kept(int(digits or 0))
    # A number was written with the marks of English, and stays a text.
    return re.sub(r"%\((\w+)\)d", r"%(\1)s", message) % values


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str | Counted]]:
    with override("en"):
        return [
            (_pattern(one), kept)
            for kept in KEPT
            for one in ([kept] if isinstance(kept, str) else [kept(1), kept(2)])
        ]


def _pattern(message: str) -> re.Pattern[str]:
    parts = []
    for found in _VALUE.finditer(message):
        if found[1]:
            parts.append(rf"(?P<{found[1]}>{'[0-9]+' if found[2] == 'd' else '.+?'})")
        else:
            parts.append(re.escape("%" if found[0] == "%%" else found[0]))
    return re.compile("".join(parts), re.DOTALL)
