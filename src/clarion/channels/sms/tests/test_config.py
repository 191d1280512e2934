"""Promises of the settings."""

from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.sms import CHANNEL
from clarion.channels.sms.config import Config, check

GOOD = {"host": "smpp.example.test", "system_id": "clarion", "password": "secret", "source": "Shop"}


def problems(**changes: Any) -> dict[str, str]:
    with pytest.raises(ConfigInvalid) as refusal:
        check(GOOD | changes)
    return refusal.value.problems


def test_what_was_checked_is_checked_again_to_the_same() -> None:
    assert check(check(GOOD)) == check(GOOD)


def test_a_url_says_everything() -> None:
    config = CHANNEL.config_from_url(
        "smpp://cla%40rion:p%3Aw@127.0.0.1:2776?source=%2B4930123456&window=50", ""
    )
    checked = CHANNEL.check_config(config)

    assert (checked["system_id"], checked["password"], checked["port"]) == ("cla@rion", "p:w", 2776)
    assert (checked["source"], checked["window"], checked["security"]) == ("+4930123456", 50, "none")


@pytest.mark.parametrize(
    "url", ["smtp://host", "smpp://", "smpp://host:x", "smpp://host?colour=red&source=1234"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        CHANNEL.config_from_url(url, "Shop")
    assert list(refusal.value.problems) == ["url"]


def test_a_url_without_a_sender_asks_for_one() -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        CHANNEL.config_from_url("smpp://a:b@host", "")
    assert list(refusal.value.problems) == ["from"]


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "two words"}, {"host": ""}, {"port": "0"}, {"port": "1.5"}, {"system_id": ""},
        {"password": "123456789"},
        {"password": "pässwort"}, {"source": "TwelveLetter"}, {"source": "Grüße"}, {"source": "+12"}, {"window": 1001},
        {"bind": "receiver"}, {"version": "3.3"}, {"long_messages": "maybe"}, {"ca_file": "/does/not/exist"},
        {"verify_certificate": "maybe"},
        {"max_parts": 256}, {"validity_minutes": "soon"}, {"connections": 0},
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_told_at_its_field(changes: dict[str, Any]) -> None:
    assert list(problems(**changes)) == list(changes)


def test_a_password_goes_unencrypted_only_on_this_machine_or_when_allowed() -> None:
    assert list(problems(security="none")) == ["security"]
    assert check(GOOD | {"security": "none", "host": "127.0.0.1"})["security"] == "none"
    assert check(GOOD | {"security": "none", "allow_cleartext_login": "on"})["security"] == "none"


@pytest.mark.parametrize(
    ("source", "wire"),
    [
        ("Shop 24", (5, 0, b"Shop 24")),
        ("+4930123456", (1, 1, b"4930123456")),
        ("72345", (3, 0, b"72345")),
        ("4930123456", (0, 1, b"4930123456")),
        ("", (0, 0, b"")),
    ],
)
def test_the_type_of_number_follows_from_how_the_sender_is_written(
    source: str, wire: tuple[int, int, bytes]
) -> None:
    assert Config.of(check(GOOD | {"source": source})).source_address() == wire
    forced = Config.of(check(GOOD | {"source": source, "source_ton": "2", "source_npi": 8}))
    assert forced.source_address() == (2, 8, wire[2])


@pytest.mark.parametrize(
    ("minutes", "wire"), [(0, b""), (90, b"000000013000000R"), (30 * 24 * 60, b"000030000000000R")]
)
def test_the_validity_is_a_relative_time_of_sixteen_octets(minutes: int, wire: bytes) -> None:
    assert Config.of(check(GOOD | {"validity_minutes": minutes})).validity() == wire


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(Config.of(check(GOOD)))
