"""Seals small secrets with AES-256-GCM, so that a copy of the database alone does not give them away.

A sealed box is: version (1 octet), key id (4 octets), nonce (12 octets), ciphertext with its tag. The key is
derived from the installation's secret by HKDF-SHA256 for one purpose; a box of one purpose, or bound to one
owner, does not open as another. The key id says which secret sealed it, so that a new secret can be put first
while the old ones still open what they sealed.
"""

import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_KEY_ID = 4
_NONCE = 12
_TAG = 16
_HEADER = len(_VERSION) + _KEY_ID + _NONCE

#: Largest secret, in octets.
MAX_OCTETS = 1_000_000


class SealBroken(Exception):
    """The box cannot be opened: another secret key sealed it, or it was altered."""


class Sealer:
    """Seals and opens boxes for one purpose. The first secret seals; all open."""

    def __init__(self, secrets: Sequence[str], *, purpose: str) -> None:
        if not secrets or not all(secrets):
            raise ValueError("sealing needs a secret")
        keys = [_derive(secret, purpose) for secret in secrets]
        self._sealing_id = _id_of(keys[0])
        self._ciphers = {_id_of(key): AESGCM(key) for key in reversed(keys)}

    def seal(self, plain: bytes, *, owner: str) -> bytes:
        """Return the box. Only the same `owner` opens it, so it cannot be moved to another row."""
        if len(plain) > MAX_OCTETS:
            raise ValueError(f"a secret has at most {MAX_OCTETS} octets")
        header = _VERSION + self._sealing_id
        nonce = os.urandom(_NONCE)
        return header + nonce + self._ciphers[self._sealing_id].encrypt(nonce, plain, header + owner.encode())

    def open(self, box: bytes, *, owner: str) -> bytes:
        """Return what was sealed. Raises SealBroken."""
        if len(box) < _HEADER + _TAG or box[:1] != _VERSION:
            raise SealBroken
        header, nonce = box[: 1 + _KEY_ID], box[1 + _KEY_ID : _HEADER]
        cipher = self._ciphers.get(header[1:])
        if cipher is None:
            raise SealBroken
        try:
            return cipher.decrypt(nonce, box[_HEADER:], header + owner.encode())
        except InvalidTag:
            raise SealBroken from None

    def is_current(self, box: bytes) -> bool:
        """Whether the first secret sealed the box; if not, it is to be sealed anew."""
        return box[1 : 1 + _KEY_ID] == self._sealing_id


def _derive(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"clarion/{purpose}".encode()).derive(
        secret.encode()
    )


def _id_of(key: bytes) -> bytes:
    return sha256(b"clarion key id" + key).digest()[:_KEY_ID]
