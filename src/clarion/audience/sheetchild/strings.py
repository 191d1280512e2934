"""The table of texts that the cells of an XLSX refer to: kept in a file, because a sheet may have millions of them."""

import os
import re
from array import array
from contextlib import suppress
from typing import IO, Self
from xml.parsers import expat

from . import parsing
from .refusal import Refused

#: Texts that are kept, read and found together. Cells mostly refer to texts one after the other.
_BLOCK = 16
#: Octets of texts at hand.
_AT_HAND = 2 * 1024**2
#: No character of XML.
_BETWEEN = "\0"
#: How a character that XML has not is written (ECMA-376 part 1, 22.9.2.19, ST_Xstring).
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Strings:
    """Texts by their numbers, in flat memory."""

    def __init__(self, path: str) -> None:
        """Keep them in a file that has no name any more, so that it goes with the process."""
        try:
            self._file = open(path, "w+b")  # noqa: SIM115 - until the context ends
            os.unlink(path)
        except OSError:
            raise Refused("written") from None
        self._new: list[str] = []
        self._ends = array("Q", [0])
        self._at_hand: dict[int, list[str]] = {}
        self._octets = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        with suppress(OSError):  # what was not written any more is not read any more
            self._file.close()

    def read(self, member: IO[bytes]) -> None:
        """Add all texts: plain ones, and runs of different looks without how they are pronounced."""
        parser = parsing.parser()

        def start(name: str, _attributes: dict[str, str]) -> None:
            self._read_items(parser, name.removesuffix("sst"))

        parser.StartElementHandler = start
        try:
            parsing.feed(parser, member)
            if self._new:  # otherwise a text that nobody wrote would be found behind a whole block
                self._keep()
            self._file.flush()
        except OSError:
            raise Refused("written") from None

    def _read_items(self, parser: expat.XMLParserType, space: str) -> None:
        an_item, a_text, spoken = (space + name for name in ("si", "t", "rPh"))
        new = self._new
        text: list[str] = []
        whole = before = ""

        def start(name: str, _attributes: dict[str, str]) -> None:
            nonlocal before
            text.clear()
            if name == spoken:
                before = whole

        def end(name: str) -> None:
            nonlocal whole
            if name == a_text:
                whole += "".join(text)
            elif name == an_item:
                new.append(whole)
                whole = ""
                if len(new) == _BLOCK:
                    self._keep()
            elif name == spoken:
                whole = before

        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
            start,
            end,
            text.append,
        )

    def _keep(self) -> None:
        block = _BETWEEN.join(self._new).encode()
        self._file.write(block)
        self._ends.append(self._ends[-1] + len(block))
        self._new.clear()

    def get(self, number: int) -> str:
        """Return a text. IndexError when there is none of that number."""
        block = self._at_hand.get(number // _BLOCK)
        if block is None:
            block = self._read(number // _BLOCK)
        return block[number % _BLOCK]

    def _read(self, number: int) -> list[str]:
        if number < 0:
            raise IndexError(number)
        begin, end = self._ends[number], self._ends[number + 1]
        text = os.pread(self._file.fileno(), end - begin, begin).decode()
        if self._octets + len(text) > _AT_HAND:
            self._at_hand.clear()
            self._octets = 0
        self._octets += len(text)
        block = text.split(_BETWEEN)
        if "_x" in text:
            block = [unescaped(one) for one in block]
        self._at_hand[number] = block
        return block


def unescaped(text: str) -> str:
    """Return what a text of an XLSX stands for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
