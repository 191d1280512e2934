"""Signatures of composed mails, judged by dkimpy."""

from typing import Any

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.channels.email import dkim
from clarion.channels.email.tests.making import make_claim, make_config
from clarion.channels.email.tests.reading import anything, compose, unstuffed


def make_keys() -> dict[str, Any]:
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return {"rsa": _pem(rsa_key), "ed": _pem(ed25519.Ed25519PrivateKey.generate())}


def _pem(key: Any) -> str:
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


KEYS = make_keys()


def verifies(wire: bytes, *, index: int) -> bool:
    """Ask dkimpy, with the DNS records that belong to our keys."""

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        selector = name.split(b".")[0].decode()
        assert name.endswith(b"._domainkey.example.test.")
        return dkim.public_record(KEYS[selector]).encode()

    try:
        return bool(dkimpy.DKIM(unstuffed(wire)).verify(idx=index, dnsfunc=look_up))
    except dkimpy.ValidationError:
        return False


class TestSignatures:
    @settings(max_examples=12, deadline=None)
    @given(subject=anything, text=anything, eight_bit=st.booleans())
    def test_both_signatures_verify_for_any_content(self, subject: str, text: str, eight_bit: bool) -> None:
        config = make_config(dkim_keys=[["rsa", KEYS["rsa"]], ["ed", KEYS["ed"]]], list_id="n.example.test")
        mail = compose(
            settings=config,
            claim=make_claim(name=subject, text=text),
            subject="{{ name }}",
            text="{{ text }}",
            html="",
        )
        wire = mail.wire(eight_bit=eight_bit)

        assert wire.count(b"DKIM-Signature:") >= 2
        assert verifies(wire, index=0)
        assert verifies(wire, index=1)

    def test_a_mail_of_several_parts_verifies(self) -> None:
        config = make_config(dkim_keys=[["rsa", KEYS["rsa"]]])
        wire = compose(settings=config, attachments=[{"filename": "a", "content_b64": "AAAA"}]).wire()

        assert verifies(wire, index=0)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"Hello Ana:", b"Hello Eva:"),
            (b"Subject: Hello", b"Subject: Hallo"),
            (b"From: shop@", b"From: evil@evil.test\r\nFrom: shop@"),
            (b"One-Click", b"Two-Click"),
        ],
        ids=["body", "subject", "a second From", "List-Unsubscribe-Post"],
    )
    def test_a_change_on_the_way_is_noticed(self, old: bytes, new: bytes) -> None:
        wire = compose(settings=make_config(dkim_keys=[["ed", KEYS["ed"]]])).wire()
        assert wire.count(old) >= 1

        assert not verifies(wire.replace(old, new), index=0)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\r\n",
            b"\r\n\r\n",
            b"a \t b\r\n",
            b"a\r\n \r\n\t\r\n",
            b" \r\n",
            b"a",
            b"  a  \r\n\r\nb\r\n\r\n",
        ],
    )
    def test_bodies_are_made_canonical_as_the_standard_says(self, body: bytes) -> None:
        from dkim.canonicalization import Relaxed

        expected = Relaxed.canonicalize_body(body if body.endswith(b"\r\n") or not body else body + b"\r\n")
        assert dkim.relaxed_body(body) == (b"" if expected == b"\r\n" else expected)
