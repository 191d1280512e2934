"""Ports for servers that cannot choose one themselves."""

import secrets
import socket
from contextlib import suppress

#: The system gives ports above to whoever asks for any, and to every connection: one that was free a moment ago may be
#: a stranger's by the time a server has started. Those in between are given to nobody.
_LOWEST, _HIGHEST = 12_000, 32_000


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port of this machine that nobody listens on, and that nobody is likely to take."""
    while True:
        # Not `random`: its seed is the same in all processes of tests.
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
