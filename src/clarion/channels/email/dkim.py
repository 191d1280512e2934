"""DKIM signatures: RFC 6376 relaxed/relaxed with RSA-SHA256, and Ed25519 (RFC 8463)."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from clarion.lib.sentences import said

#: Signed where the message has them. `from` is listed once more than it occurs, so none can be added.
SIGNED = (
    "from",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)

#: Smallest RSA key that verifiers must accept (RFC 8301), in bits.
MIN_RSA_BITS = 1024

_RUNS = re.compile(rb"[ \t]+")
_PADDING = padding.PKCS1v15()
_SHA256 = hashes.SHA256()

Header = tuple[str, bytes]


class KeyInvalid(ValueError):
    """The private key cannot be used for DKIM: a sentence that says why."""


class Signer:
    """Signs messages of one domain with one or several keys; each key adds a signature of its own."""

    def __init__(self, *, domain: str, keys: Sequence[tuple[str, str]]) -> None:
        """`keys` are (selector, private key in PEM). Raises KeyInvalid."""
        self._signers = [_signer(domain, selector, pem) for selector, pem in keys]

    def sign(self, headers: Sequence[Header], body: bytes, *, now: int) -> bytes:
        """Return the DKIM-Signature fields, each with its CRLF, for the unstuffed body with CRLF line ends.

        `headers` are (name in lower case, value as it is sent, without the final CRLF).
        """
        present = dict(headers)
        names = [name for name in SIGNED if name in present]
        listed = b":".join(name.encode() for name in names)
        signed = b"".join(
            name.encode() + b":" + relaxed_value(present[name]) + b"\r\n" for name in dict.fromkeys(names)
        )
        body_hash = b64encode(sha256(relaxed_body(body)).digest())
        tail = b"; t=%d; h=%b;\r\n bh=%b;\r\n b=" % (
            now,
            listed.replace(b":message-id", b":\r\n message-id"),
            body_hash,
        )
        fields = []
        for prefix, make in self._signers:
            value = prefix + tail
            signature = make(signed + b"dkim-signature:" + relaxed_value(value))
            fields.append(b"DKIM-Signature: " + value + _wrapped(b64encode(signature)) + b"\r\n")
        return b"".join(fields)


def relaxed_value(value: bytes) -> bytes:
    """RFC 6376 3.4.2: unfolded, runs of white space as one space, none at the ends."""
    return b" ".join(value.split())


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4: no white space at line ends, runs as one space, no empty lines at the end."""
    if b"\t" in body or b"  " in body:
        body = _RUNS.sub(b" ", body)
    if b" \r\n" in body:
        body = body.replace(b" \r\n", b"\r\n")
    body = body.rstrip(b"\r\n").removesuffix(b" ") if body.endswith(b"\r\n\r\n") else body.removesuffix(b" ")
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n" if body else b""


def load_key(pem: str, *, is_checked: bool = False) -> rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey:
    """Return the private key. Raises KeyInvalid.

    With `is_checked` the numbers of an RSA key, checked when it was stored, are not checked again (0.1 s).
    """
    try:
        key = serialization.load_pem_private_key(
            pem.strip().encode(), password=None, unsafe_skip_rsa_key_validation=is_checked
        )
    except (ValueError, TypeError) as error:
        raise KeyInvalid(said("The private key must be in PEM form and without a pass phrase.")) from error
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyInvalid(said("The private key must be an RSA or Ed25519 key."))
    if key.key_size < MIN_RSA_BITS:
        raise KeyInvalid(said("The RSA key must have at least %(least)s bits.", least=MIN_RSA_BITS))
    return key


def public_record(pem: str) -> str:
    """Return the text of the DNS TXT record that belongs to the private key (RFC 6376 3.6.1)."""
    key = load_key(pem)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"v=DKIM1; k=ed25519; p={b64encode(raw).decode()}"
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={b64encode(der).decode()}"


def _signer(domain: str, selector: str, pem: str) -> tuple[bytes, Callable[[bytes], bytes]]:
    key = load_key(pem, is_checked=True)
    make: Callable[[bytes], bytes]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        edwards = key
        algorithm = b"ed25519-sha256"

        def make(data: bytes) -> bytes:
            return edwards.sign(sha256(data).digest())
    else:
        classic = key
        algorithm = b"rsa-sha256"

        def make(data: bytes) -> bytes:
            return classic.sign(data, _PADDING, _SHA256)

    prefix = b"v=1; a=%b; c=relaxed/relaxed; d=%b;\r\n s=%b" % (
        algorithm,
        domain.encode("idna"),
        selector.encode("ascii"),
    )
    return prefix, make


def _wrapped(signature: bytes) -> bytes:
    return b"\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
