"""An approved text and what an author wrote of it: the same but for the values, which are templates of ours.

“Hi {{1}}, it is {{2}}.” and “Hi {{ first_name|default('friend') }}, it is {{ day }}.” give the values “{{
first_name|default('friend') }}” and “{{ day }}”.
"""

import re

from clarion.channels.waba import shapes
from clarion.lib import templating
from clarion.lib.sentences import said

_OPENS = re.compile(r"\{%-?\s*(if|for|filter|with|autoescape|raw|macro|call|block)\b")
_ENDS = re.compile(r"\{%-?\s*end")
#: One character stands for a tag, or for all from an {% if %} to its end: they are never cut.
_FIRST = 0xF0000
_MARK = re.compile("[\U000f0000-\U000fffff]")


class Differs(ValueError):
    """The text is another one than was approved; the words say where."""


def values_of(source: str, approved: str) -> list[str]:
    """Return what stands in the places of the approved text, in their order. Raises Differs."""
    masked, tags = _masked(source.strip())
    fixed = shapes.PLACE.split(approved.strip())[::2]
    if not masked.startswith(fixed[0]):
        raise Differs(_missing(fixed[0]))
    at, values = len(fixed[0]), []
    for number, piece in enumerate(fixed[1:], start=1):
        is_last = number == len(fixed) - 1
        if is_last and not piece:
            found = len(masked)
        elif is_last:
            found = len(masked) - len(piece) if masked.endswith(piece) else -1
        else:
            found = masked.find(piece, at + 1)
        if found <= at:
            raise Differs(_missing(piece))
        values.append(masked[at:found])
        at = found + len(piece)
    if at != len(masked):
        raise Differs(
            said(
                "Nothing can stand after “%(end)s”: the text goes as it was approved.",
                end=fixed[-1][-60:].strip(),
            )
        )
    return [_MARK.sub(lambda mark: tags[ord(mark[0]) - _FIRST], value) for value in values]


def suggested(approved: str, *, named: bool, prefix: str = "value") -> str:
    """Return the approved text with a field of ours in each place: by its own name, or `value_1` for a number."""
    return shapes.PLACE.sub(
        lambda place: f"{{{{ {place[1] if named and not place[1].isdigit() else f'{prefix}_{place[1]}'} }}}}",
        approved,
    )


def _masked(source: str) -> tuple[str, list[str]]:
    pieces: list[str] = []
    tags: list[str] = []
    depth = 0
    for piece, is_tag in templating.split(_MARK.sub("", source)):
        if depth:
            tags[-1] += piece
        elif is_tag:
            pieces.append(chr(_FIRST + len(tags)))
            tags.append(piece)
        else:
            pieces.append(piece)
        if is_tag and _OPENS.match(piece):
            depth += 1
        elif is_tag and depth and _ENDS.match(piece):
            depth -= 1
    return "".join(pieces), tags


def _missing(piece: str) -> str:
    shown = " ".join(piece.split())
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    return said(
        "The text goes as it was approved, and only its values are yours: “%(shown)s” is not where it was.",
        shown=shown,
    )
