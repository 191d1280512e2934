"""Idempotency keys: what one may be, and what stands for the request that came with it."""

import hashlib

from django.utils.translation import gettext as _

from clarion.api import problems

_LENGTH = 255


def checked(key: str) -> str:
    """Return the key. Raises Problem for what is none."""
    if len(key) > _LENGTH or not key.isprintable():
        raise problems.own("invalid", _("An idempotency key has 1 to %(n)d characters.") % {"n": _LENGTH})
    return key


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Return what is the same for the same request only. `path` is the whole of it, with the query."""
    return hashlib.sha256(f"{method} {path}\n".encode() + body).digest()
