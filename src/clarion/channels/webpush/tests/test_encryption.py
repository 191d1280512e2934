"""The standards' own examples, and what must not pass."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.channels.webpush import encryption
from clarion.channels.webpush.encryption import (
    BrowserKeys,
    KeysInvalid,
    decrypt,
    encrypt,
    own_key,
    own_key_of,
)
from clarion.channels.webpush.vapid import decode, encode

#: RFC 8291, section 5 and appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
THEIR_PRIVATE = decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
THEIR_PUBLIC = decode(
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
AUTH = decode("BTBZMqHH6r4Tts7J_aSIgg")
OUR_PRIVATE = decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
SALT = decode("DGv6ra1nlYgDCS1FRnbzlw")
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_standards_example_comes_out_octet_by_octet() -> None:
    own = own_key_of(int.from_bytes(OUR_PRIVATE))

    body = encrypt(TEXT, BrowserKeys(THEIR_PUBLIC, AUTH), own=own, salt=SALT)

    assert encode(body) == BODY


def test_the_standards_example_is_read() -> None:
    private = ec.derive_private_key(int.from_bytes(THEIR_PRIVATE), ec.SECP256R1())

    assert decrypt(decode(BODY), private, AUTH) == TEXT


@settings(max_examples=20)
@given(st.binary(max_size=encryption.MAX_TEXT))
def test_what_is_encrypted_is_read_by_its_browser_alone(text: bytes) -> None:
    theirs, other = own_key(), own_key()
    body = encrypt(text, BrowserKeys(theirs.public, AUTH))

    assert decrypt(body, theirs.private, AUTH) == text
    assert len(body) <= encryption.MAX_BODY
    with pytest.raises(ValueError, match="another browser"):
        decrypt(body, other.private, AUTH)


def test_the_same_text_is_never_encrypted_to_the_same() -> None:
    keys = BrowserKeys(THEIR_PUBLIC, AUTH)

    first, second = encrypt(TEXT, keys), encrypt(TEXT, keys)

    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_a_text_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        encrypt(b"x" * (encryption.MAX_TEXT + 1), BrowserKeys(THEIR_PUBLIC, AUTH))


@pytest.mark.parametrize(
    ("public", "auth"),
    [(THEIR_PUBLIC[:-1], AUTH), (b"\x04" + b"\x01" * 64, AUTH), (THEIR_PUBLIC, AUTH[:-1]), (b"", b"")],
    ids=["short", "not on the curve", "short secret", "none"],
)
def test_keys_that_are_none_are_refused(public: bytes, auth: bytes) -> None:
    with pytest.raises(KeysInvalid):
        encrypt(TEXT, BrowserKeys(public, auth))
