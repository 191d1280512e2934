"""Whose request it is behind reverse proxies."""

import pytest

from clarion.lib.proxies import client_address, networks_of

PROXIES = networks_of("127.0.0.0/8, ::1, 10.0.0.0/24")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("203.0.113.9", "", "203.0.113.9", id="no proxy"),
        pytest.param("203.0.113.9", "198.51.100.1", "203.0.113.9", id="a visitor who claims to be another"),
        pytest.param("127.0.0.1", "198.51.100.1", "198.51.100.1", id="a trusted proxy's word"),
        pytest.param(
            "127.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1", id="what the visitor put before it"
        ),
        pytest.param("127.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1", id="two trusted proxies"),
        pytest.param("127.0.0.1", "1.2.3.4, 10.9.9.9", "10.9.9.9", id="a proxy that is not trusted"),
        pytest.param("127.0.0.1", "nonsense", "127.0.0.1", id="no address"),
        pytest.param("127.0.0.1", "", "127.0.0.1", id="a proxy that says nothing"),
        pytest.param("::1", "[2001:db8::1]:443", "2001:db8::1", id="IPv6 with a port"),
        pytest.param("::ffff:127.0.0.1", "198.51.100.1:5000", "198.51.100.1", id="IPv4 in the coat of IPv6"),
        pytest.param("", "198.51.100.1", "", id="nobody known"),
    ],
)
def test_a_visitors_address_is_taken_from_trusted_proxies_only(
    peer: str, forwarded: str, expected: str
) -> None:
    assert client_address(peer, forwarded, PROXIES) == expected


def test_what_is_no_network_is_named() -> None:
    with pytest.raises(ValueError, match=r"'proxy\.example'"):
        networks_of("10.0.0.0/8, proxy.example")
