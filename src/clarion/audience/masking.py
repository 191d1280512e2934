"""Addresses as members without the right to see them get to see them."""


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
