"""How requests are signed: as Standard Webhooks 1.0 has it, so that receivers find libraries for it.

The signature is HMAC-SHA256 in base64 over `id.timestamp.body`: the request's id, its time in seconds and its exact
octets. The header holds `v1,SIGNATURE`, and while a secret is replaced one for each secret, with a space between.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

#: How every secret begins.
PREFIX = "whsec_"
#: Octets of a secret of ours.
_OCTETS = 32


def new_secret() -> str:
    """Return a secret as it is shown."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_OCTETS)).decode()


def signature(secret: str, *, id: str, timestamp: int, body: bytes) -> str:
    """Return the signature by one secret. Raises ValueError for a secret that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not a secret") from None
    digest = hmac.new(key, f"{id}.{timestamp}.".encode() + body, sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(known: Sequence[str], *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed request."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(one, id=id, timestamp=timestamp, body=body) for one in known),
    }
