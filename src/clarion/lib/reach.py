"""Which addresses the program may connect to on somebody's word: the public internet, and what an administrator allows.

Whoever may name a URL could else have it read this machine, its neighbours, or the metadata service of the cloud it
runs in (OWASP, "Server-Side Request Forgery"). The check is made on the address that a socket connects to, not on the
name that was typed: names can be answered differently a moment later, and written in many ways.
"""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: What `is_global` of some Pythons takes for public, and public addresses that are a cloud's own service (Azure).
_NEVER_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
            "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b:1::/48", "100::/64", "fec0::/10", "ff00::/8", "5f00::/16",
        ),
    )
)  # fmt: skip
#: Prefixes in which an IPv4 address is reached through IPv6, and how far from the right its last bit stands.
_EMBEDDING: tuple[tuple[_Network, int], ...] = (
    (ipaddress.ip_network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (ipaddress.ip_network("2002::/16"), 80),  # 6to4, RFC 3056
)


#: Where clouds tell a machine its credentials. Nobody's gateway or mail server is there.
_METADATA = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
            "fd00:ec2::254/128", "fd20:ce::254/128",
        ),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached beyond the public internet: hosts by name, and networks. By default nothing."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[_Network, ...] = field(default=())

    @classmethod
    def of(cls, words: str) -> "Reach":
        """Read host names, addresses and networks separated by commas. Raises ValueError naming the bad one."""
        hosts: set[str] = set()
        networks: list[_Network] = []
        for word in filter(None, (part.strip() for part in words.split(","))):
            try:
                networks.append(ipaddress.ip_network(word.strip("[]")))
            except ValueError:
                if "/" in word or ":" in word or not all(c.isalnum() or c in ".-_" for c in word):
                    raise ValueError(f"must hold host names and networks only, not {word!r}") from None
                hosts.add(word.lower().rstrip("."))
        return cls(frozenset(hosts), tuple(networks))

    def names(self, host: str) -> bool:
        """Whether the host is allowed by its name, wherever it leads."""
        return host.lower().rstrip(".") in self.hosts

    def allows(self, address: str) -> bool:
        """Whether a socket may connect to the address, in its usual form; a scope after `%` is ignored."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        every = list(_meanings(found))
        return any(one in network for one in every for network in self.networks) or all(map(is_public, every))


PUBLIC = Reach()


class NeverCalled(PermissionError):
    """The address is a cloud's own service."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "this address is never called")


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet: not private, shared, link-local, multicast or reserved."""
    if any(address in network for network in _NEVER_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_link_local)


def is_metadata(address: str) -> bool:
    """Whether a socket's address is a cloud's own service: nothing that is configured leads there.

    Providers of messages may stand in one's own network, so they are kept from less than URLs that anybody types.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(one in network for one in _meanings(found) for network in _METADATA)


def configured_socket(told: Any) -> socket.socket:
    """Return a socket for one of the addresses of a host that was configured; for aiohttp's `socket_factory`.

    Whoever sets up a sender names its host, and must not have this machine's cloud asked for its credentials. It is
    the address that is judged, not the name. Raises NeverCalled.
    """
    family, kind, protocol, _name, address = told
    if is_metadata(str(address[0])):
        raise NeverCalled
    return socket.socket(family=family, type=kind, proto=protocol)


async def connected_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is connected to a configured host, by the first of its addresses that answers.

    The name is looked up once, and what it says is judged as `configured_socket` does and connected to: it cannot
    be answered differently in between. Raises OSError, NeverCalled and socket.gaierror among it.
    """
    loop = asyncio.get_running_loop()
    problem: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for told in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        opened = None
        try:
            opened = configured_socket(told)
            opened.setblocking(False)
            await loop.sock_connect(opened, told[4])
        except BaseException as error:
            if opened is not None:
                opened.close()
            if not isinstance(error, OSError):
                raise
            problem = error
        else:
            return opened
    raise problem


def _meanings(address: Address) -> Iterator[Address]:
    """Yield the address, or where a packet for it ends: what is IPv4 in the coat of IPv6 is judged as IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            yield address.ipv4_mapped
            return
        for network, shift in _EMBEDDING:
            if address in network:
                yield ipaddress.IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
        if address.teredo is not None:
            yield from address.teredo
    yield address
