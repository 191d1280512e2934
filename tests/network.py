"""The guard that keeps tests on this machine."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class OutsideNetworkUsed(RuntimeError):
    """A test tried to reach another machine."""


def _refuse_unless_local(family: int, address: Any) -> None:
    if family == socket.AF_UNIX or not isinstance(address, tuple):
        return
    host = address[0]
    try:
        is_local = ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        is_local = host in ("localhost", "")
    if not is_local:
        raise OutsideNetworkUsed(f"A test tried to connect to {host}.")


@contextmanager
def guarded() -> Iterator[None]:
    """Refuse connections of Python sockets to anything but this machine."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto

    def checked_connect(self: socket.socket, address: Any) -> None:
        _refuse_unless_local(self.family, address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_unless_local(self.family, address)
        return connect_ex(self, address)

    def checked_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        _refuse_unless_local(self.family, rest[-1])
        return sendto(self, data, *rest)

    socket.socket.connect = checked_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = checked_connect_ex  # type: ignore[method-assign]
    socket.socket.sendto = checked_sendto  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
        socket.socket.sendto = sendto  # type: ignore[method-assign]
