"""Who puts letters of a kind into words when they are sent."""

from collections.abc import Callable, Mapping
from typing import Any

#: Gets the address and the facts, returns (subject, text), or None for nothing to send.
Writer = Callable[[str, Mapping[str, Any]], tuple[str, str] | None]
_writers: dict[str, Writer] = {}


def provide(kind: str, writer: Writer) -> None:
    """Have letters of a kind put into words only when they are sent."""
    _writers[kind] = writer


def writer_of(kind: str) -> Writer | None:
    """Return who writes letters of that kind; None for those that say themselves what they say."""
    return _writers.get(kind)
