"""Comparing secrets and signatures without telling, by the time it takes, how much of them was right."""

import base64
import binascii
import hmac
from hashlib import sha1, sha256
from typing import Literal

Digest = Literal["sha1", "sha256"]
_DIGESTS = {"sha1": sha1, "sha256": sha256}


def same(given: str, expected: str) -> bool:
    """Tell whether two secrets are the same. An empty expectation is met by nothing."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def hex_matches(given: str, *, key: str, message: bytes, digest: Digest = "sha256") -> bool:
    """Tell whether `given` is the HMAC of the message in hexadecimal digits of either case. An empty key fits none."""
    if not key:
        return False
    expected = hmac.new(key.encode(), message, _DIGESTS[digest]).hexdigest()
    return hmac.compare_digest(given.strip().lower().encode(), expected.encode())


def base64_matches(given: str, *, key: str, message: bytes, digest: Digest = "sha1") -> bool:
    """Tell whether `given` is the HMAC of the message in base64. An empty key fits none."""
    try:
        octets = base64.b64decode(given.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(key) and hmac.compare_digest(
        octets, hmac.new(key.encode(), message, _DIGESTS[digest]).digest()
    )
