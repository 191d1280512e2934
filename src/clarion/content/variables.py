"""Which variables a content uses, and which of them a person must have. Imports no Django."""

from collections.abc import Iterable, Iterator, Sequence

from clarion.lib import templating
from clarion.lib.template_tags import Token, statement_of, tags_of, tokens_of

#: Names that the language itself provides.
_OWN = frozenset(templating.environment().globals) | {"loop"}

#: Names that every channel fills in for each message.
PROVIDED = frozenset({"email", "unsubscribe_url"})

_DEFAULTS = frozenset({"default", "d"})


def used(parts: Iterable[templating.Part]) -> list[str]:
    """Return the names of the variables in the parts, sorted, such as `first_name` and `order.id`."""
    return sorted(name for name in templating.variables_of(*parts) if name not in _OWN)


def required(parts: Iterable[templating.Part]) -> list[str]:
    """Return the used names that have no default everywhere they stand, sorted.

    `x|default("…")` is a default, and so is asking `x is defined`, in the same tag or around it.
    """
    found: set[str] = set()
    for part in parts:
        names = set(used([part]))
        found |= names & set(_bare(part.source, names))
    return sorted(found)


def missing(parts: Iterable[templating.Part], known: Iterable[str]) -> list[str]:
    """Return the required names that are not among the known ones, sorted. `order` covers `order.id`."""
    there = PROVIDED | set(known)
    return [name for name in required(parts) if not any(prefix in there for prefix in _prefixes(name))]


def _prefixes(name: str) -> Iterator[str]:
    steps = name.split(".")
    for count in range(1, len(steps) + 1):
        yield ".".join(steps[:count])


def _bare(source: str, names: set[str]) -> Iterator[str]:
    """Yield every mention that would fail if the variable were missing."""
    #: For each open `if`: the names that are there in this branch, and in the branch after `else`.
    branches: list[tuple[set[str], set[str]]] = []
    for _line, tag in tags_of(source):
        statement = statement_of(tag)
        tokens = tokens_of(tag)
        there = {path for path, end in _paths(tokens) if _words(tokens, end, 2) == ["is", "defined"]}
        absent = {path for path, end in _paths(tokens) if _words(tokens, end, 3) == ["is", "not", "defined"]}
        if statement == "if":
            branches.append((there, absent))
        elif statement == "elif" and branches:
            branches[-1] = (there, absent)
        elif statement == "else" and branches:
            branches[-1] = (branches[-1][1], set())
        elif statement == "endif" and branches:
            branches.pop()
        covered = there.union(absent, *(inside for inside, _ in branches))
        for path, end in _paths(tokens):
            if path in names and path not in covered and not (_has_default(tokens, end) and "." not in path):
                yield path


def _paths(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Yield (`order.id`, the index after it) for each name with its dots, and for each beginning of it."""
    at = 0
    while at < len(tokens):
        if tokens[at].kind != "name" or (at and tokens[at - 1].text in (".", "|")):
            at += 1
            continue
        path, end = tokens[at].text, at + 1
        yield path, end if end >= len(tokens) or tokens[end].text != "." else -1
        while end + 1 < len(tokens) and tokens[end].text == "." and tokens[end + 1].kind == "name":
            path, end = f"{path}.{tokens[end + 1].text}", end + 2
            yield path, end if end >= len(tokens) or tokens[end].text != "." else -1
        at = end


def _has_default(tokens: Sequence[Token], end: int) -> bool:
    return 0 <= end < len(tokens) - 1 and tokens[end].text == "|" and tokens[end + 1].text in _DEFAULTS


def _words(tokens: Sequence[Token], end: int, count: int) -> list[str]:
    return [token.text for token in tokens[end : end + count]] if end >= 0 else []
