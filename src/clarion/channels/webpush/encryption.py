"""Web push messages as the push service gets them: encrypted for one browser (RFC 8291), in one record (RFC 8188).

The content coding is aes128gcm alone; what every browser has understood since 2018 needs no other.
"""

import os
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: Octets of a body that every push service must take (RFC 8030, 7.2).
MAX_BODY = 4096
#: Octets before the record: salt, record size, length of the key id, key id (RFC 8188, 2.1).
_HEADER = 16 + 4 + 1 + 65
#: Octets of the authentication tag, and of the delimiter after the text.
_TAG, _DELIMITER = 16, 1
#: Longest text that fits, in octets.
MAX_TEXT = MAX_BODY - _HEADER - _TAG - _DELIMITER

_CURVE = ec.SECP256R1()
_POINT = 65
_SECRET = 16


class KeysInvalid(ValueError):
    """The browser's keys are none: a sentence."""


@dataclass(frozen=True, slots=True)
class BrowserKeys:
    """What a browser gave with its subscription: `p256dh` as an uncompressed point, and `auth`."""

    public: bytes
    auth: bytes


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key pair of ours, for one message (RFC 8291, 3.1)."""

    private: ec.EllipticCurvePrivateKey
    public: bytes


def own_key() -> OwnKey:
    """Return a new key pair."""
    return _pair(ec.generate_private_key(_CURVE))


def own_key_of(number: int) -> OwnKey:
    """Return the key pair of a private number."""
    return _pair(ec.derive_private_key(number, _CURVE))


def point_of(octets: bytes) -> ec.EllipticCurvePublicKey:
    """Return the public key that an uncompressed point stands for. Raises KeysInvalid, also for none of the curve."""
    if len(octets) != _POINT:
        raise KeysInvalid("The key p256dh of the subscription has not 65 octets.")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, octets)
    except ValueError:
        raise KeysInvalid("The key p256dh of the subscription is no point of the curve P-256.") from None


def encrypt(text: bytes, keys: BrowserKeys, *, own: OwnKey | None = None, salt: bytes | None = None) -> bytes:
    """Return the body of the request. Raises KeysInvalid, and ValueError for a text longer than MAX_TEXT.

    `own` and `salt` are new for each message unless given, as only tests do.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"The message has {len(text):,} octets; at most {MAX_TEXT:,} fit.")
    if len(keys.auth) != _SECRET:
        raise KeysInvalid("The key auth of the subscription has not 16 octets.")
    own = own or own_key()
    salt = salt or os.urandom(16)
    shared = own.private.exchange(ec.ECDH(), point_of(keys.public))
    content_key, nonce = _derive(shared, keys, own.public, salt)
    header = salt + struct.pack(">IB", MAX_BODY, _POINT) + own.public
    # 0x02 says that this is the last record (RFC 8188, 2).
    return header + AESGCM(content_key).encrypt(nonce, text + b"\x02", None)


def decrypt(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Return the text, as the browser reads it; for tests and for checking ourselves. Raises ValueError."""
    if len(body) < _HEADER + _TAG + _DELIMITER or body[20] != _POINT:
        raise ValueError("This is no message for a browser.")
    salt, theirs = body[:16], body[21:_HEADER]
    keys = BrowserKeys(_pair(private).public, auth)
    shared = private.exchange(ec.ECDH(), point_of(theirs))
    content_key, nonce = _derive(shared, keys, theirs, salt)
    try:
        padded = AESGCM(content_key).decrypt(nonce, body[_HEADER:], None)
    except InvalidTag:
        raise ValueError("The message is for another browser, or was changed.") from None
    text = padded.rstrip(b"\x00")
    if text[-1:] != b"\x02":
        raise ValueError("The record does not end as the last one does.")
    return text[:-1]


def _pair(private: ec.EllipticCurvePrivateKey) -> OwnKey:
    public = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return OwnKey(private, public)


def _derive(shared: bytes, keys: BrowserKeys, own: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Return the content encryption key and the nonce (RFC 8291, 3.4; RFC 8188, 2.2 and 2.3)."""
    key_info = b"WebPush: info\x00" + keys.public + own
    secret = _expand(_mac(keys.auth, shared), key_info, 32)
    pseudo_random = _mac(salt, secret)
    return (
        _expand(pseudo_random, b"Content-Encoding: aes128gcm\x00", 16),
        _expand(pseudo_random, b"Content-Encoding: nonce\x00", 12),
    )


def _mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256, which is HKDF's extraction too (RFC 5869, 2.2)."""
    mac = HMAC(key, hashes.SHA256())
    mac.update(message)
    return mac.finalize()


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF's expansion to no more than one block (RFC 5869, 2.3)."""
    return _mac(key, info + b"\x01")[:length]
