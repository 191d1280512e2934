"""Number formats of an XLSX: which of them show a number as a date, a time or a duration."""

import re
from collections.abc import Callable
from functools import partial

from . import texts

#: Formats that no file tells of: everybody’s, and those of Chinese, Japanese and Korean (ECMA-376 part 1, 18.8.30).
_OF_DAYS = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
_OF_DURATIONS = {46}
#: What shows nothing of the number: texts in quotes, and the character after one of these.
_LITERAL = re.compile(r'"[^"]*"?|[\\_*].', re.DOTALL)
_DURATION = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_CONDITION = re.compile(r"\[[^\]]*\]?")
_DAY = re.compile(r"[dmyhs]", re.IGNORECASE)

Shown = Callable[[float], str]


class Formats:
    """How cells show their numbers, by the numbers of their styles. Those that are not here show them as they are."""

    def __init__(self, *, is_1904: bool) -> None:
        self._day: Shown = partial(texts.of_day, is_1904=is_1904)
        self._custom: dict[str, str] = {}
        self._within = ""
        self._count = 0
        self.shown: dict[str, Shown] = {}

    def see(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element of the part with the styles as it begins."""
        if name == "numFmt" and self._within == "numFmts":
            self._custom[attributes["numFmtId"]] = attributes["formatCode"]
        elif name == "xf" and self._within == "cellXfs":
            shown = self._of(attributes.get("numFmtId", ""))
            if shown:
                self.shown[str(self._count)] = shown
            self._count += 1
        elif name in ("numFmts", "cellXfs", "cellStyleXfs", "dxfs"):
            self._within = name

    def _of(self, number: str) -> Shown | None:
        code = self._custom.get(number)
        if code is not None:
            return self._of_code(code)
        if not number.isdigit():
            return None
        if int(number) in _OF_DURATIONS:
            return texts.of_days
        return self._day if int(number) in _OF_DAYS else None

    def _of_code(self, code: str) -> Shown | None:
        # What follows is for numbers below zero, zero and texts.
        first = _LITERAL.sub("", code).split(";")[0]
        if _DURATION.search(first):
            return texts.of_days
        return self._day if _DAY.search(_CONDITION.sub("", first)) else None
