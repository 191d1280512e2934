"""The web server's socket."""

import socket

import pytest

from clarion.runtime.listening import PortTaken, listen


def test_the_next_free_port_is_taken_if_it_may_move() -> None:
    with listen("127.0.0.1", 0, may_move=True) as first:
        port = first.getsockname()[1]

        with listen("127.0.0.1", port, may_move=True) as second:
            assert port < second.getsockname()[1] <= port + 100


def test_a_chosen_port_is_used_or_refused() -> None:
    with listen("127.0.0.1", 0, may_move=False) as first:
        port = first.getsockname()[1]

        with pytest.raises(PortTaken, match=f"port {port}"):
            listen("127.0.0.1", port, may_move=False)


def test_connections_wait_while_nobody_accepts() -> None:
    with listen("127.0.0.1", 0, may_move=False) as listener, socket.socket() as client:
        client.settimeout(5)

        client.connect(listener.getsockname())
