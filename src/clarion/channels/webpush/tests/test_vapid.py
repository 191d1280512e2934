"""Promises of the tokens by which a sender shows who it is (RFC 8292)."""

import pytest
from cryptography.exceptions import InvalidSignature

from clarion.channels.webpush import vapid
from clarion.channels.webpush.tests.tokens import verify

#: RFC 8292, section 2.4: the example's header, whose signature must be good by the key beside it.
EXAMPLE = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6"
    "Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSS"
    "HzvoD1oA"
)
EXAMPLE_KEY = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"


def parse(header: str) -> tuple[str, str]:
    assert header.startswith("vapid t=")
    token, _, key = header.removeprefix("vapid t=").partition(", k=")
    return token, key


def test_a_token_says_to_whom_it_speaks_and_who_we_are() -> None:
    private = vapid.new_key()
    signer = vapid.Signer(private, "mailto:ops@example.com", clock=lambda: 1_000_000.0)

    token, key = parse(signer.header("https://push.example.net:8443/p/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"))

    assert key == vapid.public_of(private)
    assert verify(token, key) == {
        "aud": "https://push.example.net:8443", "exp": 1_000_000 + vapid.LIFETIME, "sub": "mailto:ops@example.com",
    }  # fmt: skip


def test_another_key_does_not_verify_it() -> None:
    token, _ = parse(vapid.Signer(vapid.new_key(), "mailto:a@b.example").header("https://push.example.net/x"))

    with pytest.raises(InvalidSignature):
        verify(token, vapid.public_of(vapid.new_key()))


def test_a_token_is_kept_for_its_origin_and_made_anew_before_it_ends() -> None:
    now = [0.0]
    signer = vapid.Signer(vapid.new_key(), "mailto:a@b.example", clock=lambda: now[0])
    first = signer.header("https://one.example/a")

    assert signer.header("https://one.example/b") == first
    assert signer.header("https://two.example/a") != first
    now[0] = vapid.LIFETIME - vapid.MARGIN
    assert signer.header("https://one.example/a") != first


@pytest.mark.parametrize("text", ["", "x", "A" * 43 + "!", "AAAA", "A" * 43, "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_private_key_is_refused(text: str) -> None:
    with pytest.raises(vapid.KeyInvalid):
        vapid.private_key_of(text)


def test_no_secret_is_in_the_repr() -> None:
    private = vapid.new_key()

    assert private not in repr(vapid.Signer(private, "mailto:a@b.example"))


def test_the_standards_own_token_is_good_by_the_same_reading() -> None:
    assert verify(EXAMPLE, EXAMPLE_KEY)["aud"] == "https://push.example.net"
