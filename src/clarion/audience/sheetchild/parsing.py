"""XML a piece at a time, by expat: no document type, so no entities of a file's own, and nothing is fetched."""

from collections.abc import Callable
from typing import IO
from xml.parsers import expat

from .refusal import Refused

#: Octets that are read at once: what comes of them stays in the processor's cache.
_CHUNK = 16 * 1024
_NO_MEMORY = 1

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


class Enough(Exception):
    """Raised by a handler that needs no more of the document."""


def parser() -> expat.XMLParserType:
    """Return a parser whose names are as they are written: short ones are compared much faster than namespaces."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    return made


def _refuse(*_declared: object) -> None:
    raise Refused("broken")


def feed(to: expat.XMLParserType, member: IO[bytes]) -> None:
    """Parse the whole member, or as much as the handlers want."""
    try:
        while chunk := member.read(_CHUNK):
            to.Parse(chunk, False)
        to.Parse(b"", True)
    except Enough:
        pass
    except expat.ExpatError as error:
        if error.code == _NO_MEMORY:
            raise MemoryError from None
        raise


def scan(member: IO[bytes], see: Start) -> None:
    """Call with each element of the member as it begins: its local name and its attributes, by local names too."""

    def start(name: str, attributes: dict[str, str]) -> None:
        see(local(name), {local(key): value for key, value in attributes.items()})

    made = parser()
    made.StartElementHandler = start
    with member:
        feed(made, member)


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]
