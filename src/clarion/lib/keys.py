"""Keys for one purpose each, derived from the installation's secret."""

from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: What unsubscribe links, return paths and Message-IDs are vouched for with.
TOKENS = "tokens"
#: What senders' credentials are sealed with.
SEALING = "sealing"
#: What the addresses of erased people are hashed with.
TOMBSTONES = "tombstones"


@lru_cache(maxsize=64)
def derive(secret: str, purpose: str) -> bytes:
    """Return 32 octets that depend on both; knowing one purpose's key tells nothing of another's (RFC 5869)."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"clarion " + purpose.encode())
    return derivation.derive(secret.encode())
