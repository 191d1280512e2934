"""Addresses as members without the right to see them get to see them."""

from collections.abc import Mapping
from typing import Any

#: Digits: a longer number may be a telephone number or a customer's.
_SHORT = 4


def mask(address: str) -> str:
    """Return an address with most of it hidden: `ana@shop.example` → `a•••@s•••.example`, `+4930123456` → `…56`."""
    local, at, domain = address.rpartition("@")
    if at:
        name, dot, top = domain.rpartition(".")
        return f"{local[:1]}•••@{name[:1]}•••{dot}{top}" if dot else f"{local[:1]}•••@{domain[:1]}•••"
    return f"…{address[-2:]}" if len(address) > 4 else ("…" if address else "")


def mask_name(name: str) -> str:
    """Return a person's name as its initial."""
    return f"{name[:1]}…" if name else ""


#: Of what templates may use of a person, what does not say who they are.
_OPEN = frozenset({"language", "zone"})


def mask_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what templates may use of a person with addresses, long numbers and words hidden; short numbers stay."""
    return {key: value if key in _OPEN else _masked(value) for key, value in values.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if not isinstance(value, str):
        return value
    if "@" in value or sum(map(str.isdigit, value)) > _SHORT:
        return mask(value)
    return mask_name(value) if any(map(str.isalpha, value)) else value
