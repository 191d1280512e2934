"""Which addresses may be connected to."""

import pytest

from clarion.lib.reach import PUBLIC, Reach


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_public_internet_may_be_reached(address: str) -> None:
    assert PUBLIC.allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254",  # noqa: S104
        "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1",
        # IPv4 in the coat of IPv6: mapped, compatible, NAT64, 6to4.
        "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "64:ff9b:1::1",
        # No address at all.
        "localhost", "2130706433", "0x7f.1", "",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet_may_not_be_reached(address: str) -> None:
    assert not PUBLIC.allows(address)


def test_an_administrator_allows_networks_and_hosts() -> None:
    reach = Reach.of("10.1.0.0/16, Sheets.Example.org., ::1")

    assert reach.allows("10.1.2.3")
    assert reach.allows("::ffff:10.1.2.3")
    assert reach.allows("::1")
    assert not reach.allows("10.2.0.1")
    assert reach.names("sheets.example.ORG")
    assert not reach.names("example.org")


@pytest.mark.parametrize("words", ["10.0.0.0/99", "http://x", "a b", "2001:::1"])
def test_what_names_no_host_is_told(words: str) -> None:
    with pytest.raises(ValueError, match="host names and networks"):
        Reach.of(words)
