"""How a sender shows a push service who it is: a signed token with its public key (RFC 8292)."""

import base64
import binascii
import time
from collections.abc import Callable

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clarion.lib.sentences import said

#: Seconds a token is good for; a push service refuses more than a day (RFC 8292, 2).
LIFETIME = 12 * 3600
#: Seconds before its end when a token is made anew.
MARGIN = 3600
#: Origins for which tokens are kept at once.
REMEMBERED = 1000

_CURVE = ec.SECP256R1()
_HEAD = base64.urlsafe_b64encode(orjson.dumps({"typ": "JWT", "alg": "ES256"})).rstrip(b"=")


class KeyInvalid(ValueError):
    """This is no private key: a sentence."""


def encode(octets: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the octets of base64url, or plain base64, with or without padding. Raises ValueError."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("This is not base64url.") from None


def new_key() -> str:
    """Return a new private key, as `web-push` and other tools write it: its number in base64url."""
    number = ec.generate_private_key(_CURVE).private_numbers().private_value
    return encode(number.to_bytes(32))


def private_key_of(text: str) -> ec.EllipticCurvePrivateKey:
    """Return the key of what `new_key` or another tool wrote. Raises KeyInvalid."""
    try:
        octets = decode(text)
        if len(octets) != 32:
            raise ValueError
        return ec.derive_private_key(int.from_bytes(octets), _CURVE)
    except ValueError:
        raise KeyInvalid(said("A VAPID private key is 32 octets in base64url, 43 characters.")) from None


def public_of(text: str) -> str:
    """Return the public key that belongs to a private one: what a page gives as `applicationServerKey`."""
    public = private_key_of(text).public_key()
    return encode(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


class Signer:
    """Makes the Authorization header of each origin, and keeps it while it is good: a signature costs 30 µs."""

    def __init__(self, private: str, subject: str, clock: Callable[[], float] = time.time) -> None:
        """`subject` is a mailto: or https: address at which the push service may ask about us."""
        self._key = private_key_of(private)
        self._public = public_of(private)
        self._subject = subject
        self._clock = clock
        self._kept: dict[str, tuple[float, str]] = {}

    def __repr__(self) -> str:
        return f"Signer({self._public[:12]}…)"

    def header(self, endpoint: str) -> str:
        """Return the value of Authorization for a push service's endpoint, which was checked."""
        origin = "/".join(endpoint.split("/", 3)[:3])
        now = self._clock()
        kept = self._kept.get(origin)
        if kept is not None and now < kept[0] - MARGIN:
            return kept[1]
        if len(self._kept) >= REMEMBERED:
            self._kept.clear()
        until = now + LIFETIME
        header = f"vapid t={self._token(origin, int(until))}, k={self._public}"
        self._kept[origin] = (until, header)
        return header

    def _token(self, origin: str, until: int) -> str:
        claims = orjson.dumps({"aud": origin, "exp": until, "sub": self._subject})
        signed = _HEAD + b"." + base64.urlsafe_b64encode(claims).rstrip(b"=")
        first, second = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
        # JWS wants the two numbers beside each other, not DER (RFC 7518, 3.4).
        return f"{signed.decode()}.{encode(first.to_bytes(32) + second.to_bytes(32))}"
