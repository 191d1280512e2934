"""The guard that keeps tests on this machine does its work."""

import socket

import pytest

from tests.network import OutsideNetworkUsed


@pytest.mark.parametrize("address", [("192.0.2.1", 25), ("example.org", 80), ("8.8.8.8", 53)])
def test_another_machine_is_refused(address: tuple[str, int]) -> None:
    with socket.socket() as plain, pytest.raises(OutsideNetworkUsed):
        plain.connect(address)


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as plain, pytest.raises(OutsideNetworkUsed):
        plain.sendto(b"question", ("192.0.2.53", 53))


def test_this_machine_is_reached() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()

        client.connect(server.getsockname())
