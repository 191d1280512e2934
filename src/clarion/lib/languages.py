"""Language tags (RFC 5646) as people's records and authors write them: their one form, look-up, direction."""

import re
from collections.abc import Iterable

from clarion.lib.sentences import said

#: Longest tag, in characters.
MAX_TAG = 35

_TAG = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,5}")
#: Languages written from right to left, and the scripts that are when a tag names one.
_RTL_LANGUAGES = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RTL_SCRIPTS = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})


def clean(tag: str) -> str:
    """Return the tag as RFC 5646 2.1.1 writes it, such as `de-AT` for `DE_at`. Raises ValueError with a sentence."""
    steps = tag.strip().replace("_", "-").lower()
    if len(steps) > MAX_TAG or not _TAG.fullmatch(steps):
        raise ValueError(said("“%(tag)s” is not a language tag such as en or de-AT.", tag=tag.strip()[:40]))
    first, *rest = steps.split("-")
    return "-".join([first, *(_subtag(one) for one in rest)])


def _subtag(one: str) -> str:
    if len(one) == 4 and one.isalpha():
        return one.title()
    return one.upper() if len(one) == 2 else one


def lookup(wanted: str, there: Iterable[str]) -> str:
    """Return which of the tags somebody gets who wants this one (RFC 4647 3.4): de-AT, else de, else "".

    `wanted` may be anything that stands in a record; what is no tag finds nothing.
    """
    by_folded = {tag.lower(): tag for tag in there}
    steps = wanted.strip().replace("_", "-").lower()[: MAX_TAG + 1].split("-")
    while steps:
        found = by_folded.get("-".join(steps))
        if found is not None:
            return found
        steps.pop()
        if steps and len(steps[-1]) == 1:
            steps.pop()  # a singleton begins an extension and says nothing by itself
    return ""


def is_rtl(tag: str) -> bool:
    """Whether the language is written from right to left."""
    first, *rest = tag.lower().split("-")
    script = next((one for one in rest if len(one) == 4 and one.isalpha()), "")
    return script in _RTL_SCRIPTS if script else first in _RTL_LANGUAGES
