"""The socket that the web server answers on, opened once and handed down, so that a restart refuses nobody."""

import errno
import socket

#: How many ports after the default are tried when it is taken.
NEXT_PORTS = 100
BACKLOG = 2048


class PortTaken(Exception):
    """Nothing can listen there. The message is a sentence for the operator."""


def listen(host: str, port: int, *, may_move: bool) -> socket.socket:
    """Return a listening socket at that address or, if it may move, at the next free port. Raises PortTaken."""
    last = min(port + NEXT_PORTS, 65535) if may_move and port else port
    for candidate in range(port, last + 1):
        try:
            return _open(host, candidate)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE and candidate < last:
                continue
            raise PortTaken(f"Nothing can listen on {host} port {candidate}: {problem.strerror}.") from None
    raise AssertionError("the loop returns or raises")


def _open(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


async def answers(host: str, port: int, path: str) -> bool:
    """Tell whether a GET of that path is answered with 200 within two seconds."""
    import asyncio

    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where we ask, not listen
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(reachable, port)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]
