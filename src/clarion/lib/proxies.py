"""Whose request it is when reverse proxies stand before the web server.

`X-Forwarded-For` is a list that everybody on the way adds to at its end, and that a visitor may begin with what they
like. So it is read from the end, for as long as whoever added is a proxy that the administrator trusts.
"""

import ipaddress
from collections.abc import Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks_of(words: str) -> tuple[Network, ...]:
    """Read addresses and networks separated by commas. Raises ValueError naming the bad one."""
    found = []
    for word in filter(None, (part.strip() for part in words.split(","))):
        try:
            found.append(ipaddress.ip_network(word.strip("[]")))
        except ValueError:
            raise ValueError(f"must hold addresses and networks such as 10.1.0.0/16, not {word!r}") from None
    return tuple(found)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether whoever opened the connection is a proxy that the administrator trusts."""
    address = _address(peer)
    return address is not None and any(address in network for network in trusted)


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return the address of the visitor: the first one, from the end, that is no trusted proxy.

    `peer` is who opened the connection, `forwarded` the `X-Forwarded-For` header. What cannot be read as an address
    was not written by a trusted proxy, so the one behind it is the last that is known. Empty when not even that is.
    """
    known = ""
    for word in (peer, *reversed(forwarded.split(","))):
        address = _address(word)
        if address is None:
            return known
        known = str(address)
        if not any(address in network for network in trusted):
            return known
    return known


def _address(word: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    word = word.strip()
    if word.startswith("["):  # [2001:db8::1]:443
        word = word[1:].partition("]")[0]
    elif word.count(":") == 1:  # 192.0.2.1:443
        word = word.partition(":")[0]
    try:
        found = ipaddress.ip_address(word.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
