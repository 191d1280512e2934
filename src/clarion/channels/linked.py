"""Accounts that live on a person's phone: whether the phone is linked, the code that links it, and its groups.

Asked for by a person or a background job, never while messages are sent. Imports no Django.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What the provider says of the link between it and the phone."""

    is_linked: bool
    #: Whether the phone is to scan a code now.
    needs_scan: bool = False
    #: The provider's own word for it, such as "SCAN_QR_CODE".
    word: str = ""
    #: The number that is linked, where the provider tells it.
    number: str = ""
    #: Why nothing is known, a sentence; empty when something is.
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group that the linked phone is in."""

    id: str
    name: str
    #: How many are in it; None where the provider does not tell.
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a group."""

    #: In the channel's one form.
    address: str
    is_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Who is in a group, each once, by address; and how many hide their address."""

    found: Sequence[Member]
    hidden: int = 0


class Unreadable(Exception):
    """The provider does not tell. The message is a sentence for a person."""


@runtime_checkable
class Linked(Protocol):
    """A channel whose senders are linked to a phone by scanning a code."""

    async def link_state(self, config: Mapping[str, Any]) -> LinkState:
        """Ask how it stands. `config` has been checked and holds its secrets."""

    async def link_code(self, config: Mapping[str, Any]) -> bytes:
        """Return the code that the phone is to scan, as a PNG. Raises Unreadable."""


@runtime_checkable
class HasGroups(Protocol):
    """A channel whose senders are in groups."""

    async def groups(self, config: Mapping[str, Any]) -> list[Group]:
        """Return the groups by name. Raises Unreadable."""

    async def members(self, config: Mapping[str, Any], group: str) -> Members:
        """Return who is in a group. Raises Unreadable."""

    def is_group(self, text: str) -> bool:
        """Tell whether this is written like a group's id."""
