"""What people type into fields that no form reads: filters in addresses, and reasons beside a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import QueryDict

#: Longer than any address.
LONGEST = 320


def words(said: QueryDict, name: str, longest: int = LONGEST) -> str:
    """Return a field as the database takes it: PostgreSQL's text holds no NUL."""
    return plain(said.get(name, ""), longest)


def plain(text: str, longest: int = LONGEST) -> str:
    """Return a text in the same way."""
    return text.replace("\x00", "").strip()[:longest]
