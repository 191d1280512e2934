"""Compact keyed tokens that carry a few numbers: in links, return paths and Message-IDs.

A token is `<int>.<int>…<mac>` in decimal digits and lower-case hexadecimal, so it survives mail systems that
fold the case of a local part, needs no quoting in an address or URL, and can be read by eye. The numbers are
not hidden, only vouched for: nobody without the key can make a token for other numbers. Tokens of one kind
are worthless as another.
"""

import hmac
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

#: Octets of the authentication code. 80 bits: guessing online is hopeless, and an address stays short.
MAC_OCTETS = 10

#: Longest token `read` looks at, in characters.
MAX_LENGTH = 200


@lru_cache(maxsize=1024)
def _hasher(kind: str, key: bytes) -> "blake2b":
    """Return a keyed hash to copy. The kind separates: `person` takes 16 octets, so kinds are short."""
    person = kind.encode("ascii")
    if not 0 < len(person) <= 16:
        raise ValueError("a token's kind has 1 to 16 ASCII characters")
    if not key:
        raise ValueError("a token needs a key")
    if len(key) > 64:
        key = blake2b(key, digest_size=64).digest()
    return blake2b(key=key, digest_size=MAC_OCTETS, person=person)


def make(kind: str, key: bytes, *numbers: int) -> str:
    """Return the token of that kind for these non-negative numbers."""
    text = ".".join(map(str, numbers))
    if not numbers or "-" in text:
        raise ValueError("a token carries one or more non-negative numbers")
    hasher = _hasher(kind, key).copy()
    hasher.update(text.encode())
    return f"{text}.{hasher.hexdigest()}"


def maker(kind: str, key: bytes, *numbers: int) -> Callable[[int], str]:
    """Return a function that makes tokens for these numbers and one more: `make` for many at a time."""
    if not numbers or min(numbers) < 0:
        raise ValueError("a token carries non-negative numbers")
    prefix = ".".join(map(str, numbers)) + "."
    begun = _hasher(kind, key).copy()
    begun.update(prefix.encode())

    def make_one(number: int) -> str:
        hasher = begun.copy()
        text = str(number)
        hasher.update(text.encode())
        return f"{prefix}{text}.{hasher.hexdigest()}"

    return make_one


def read(kind: str, key: bytes, token: str) -> tuple[int, ...] | None:
    """Return the numbers of a token made by `make` with this kind and key; None for anything else."""
    if len(token) > MAX_LENGTH or not token.isascii():
        return None
    text, _, mac = token.lower().rpartition(".")
    if not text:
        return None
    hasher = _hasher(kind, key).copy()
    hasher.update(text.encode())
    if not hmac.compare_digest(hasher.hexdigest(), mac):
        return None
    return tuple(map(int, text.split(".")))
