"""Reads the Authorization header of RFC 8292 as a push service does."""

from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from clarion.channels.webpush import vapid
from clarion.channels.webpush.encryption import point_of


def verified(header: str, key: str) -> dict[str, Any] | None:
    """Return the claims when the token is signed by this key, which is told beside it; None otherwise."""
    assert header.startswith("vapid t=")
    token, _, told = header.removeprefix("vapid t=").partition(", k=")
    try:
        return verify(token, key) if told == key else None
    except InvalidSignature:
        return None


def verify(token: str, key: str) -> dict[str, Any]:
    """Return the claims of a token whose signature is good. Raises InvalidSignature."""
    signed, _, signature = token.rpartition(".")
    octets = vapid.decode(signature)
    numbers = encode_dss_signature(int.from_bytes(octets[:32]), int.from_bytes(octets[32:]))
    point_of(vapid.decode(key)).verify(numbers, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = orjson.loads(vapid.decode(signed.partition(".")[2]))
    return claims
