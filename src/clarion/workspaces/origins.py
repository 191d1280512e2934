"""Where the request of the moment comes from, for the audit trail: told at the door, read where a change is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ADDRESS: ContextVar[str] = ContextVar("address", default="")


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Until the end, take what is done for asked from this network address; empty for one that is not known."""
    token = _ADDRESS.set(address)
    try:
        yield
    finally:
        _ADDRESS.reset(token)


def address_of(via: str) -> str:
    """Return the address from where something is done through this door: commands and the program itself have none."""
    return _ADDRESS.get() if via in ("web", "api") else ""
