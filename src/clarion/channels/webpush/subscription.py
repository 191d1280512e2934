"""A browser's subscription: the address of web push.

It is kept as `<endpoint> <p256dh> <auth>`, which is what a message needs and no more. A page gives it as the JSON of
`PushSubscription.toJSON()`.
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import orjson

from clarion.channels.webpush import vapid
from clarion.channels.webpush.encryption import BrowserKeys, KeysInvalid, point_of

#: Characters of an endpoint. The longest known, Microsoft's, have about 500.
MAX_ENDPOINT = 700
#: Characters of a whole subscription as it is kept.
MAX_ADDRESS = MAX_ENDPOINT + 1 + 87 + 1 + 22
#: The push services of the browsers; a name with a leading dot stands for all below it. An endpoint comes from a
#: stranger's browser and is called by us, so it may lead nowhere else.
SERVICES = (
    "fcm.googleapis.com", "android.googleapis.com", "jmt17.google.com", ".push.services.mozilla.com",
    ".push.apple.com", ".notify.windows.com",
)  # fmt: skip
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SubscriptionInvalid(ValueError):
    """This is no subscription, or not one that is taken: a sentence."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where to send, and the keys to encrypt for."""

    endpoint: str
    keys: BrowserKeys

    def __str__(self) -> str:
        return f"{self.endpoint} {vapid.encode(self.keys.public)} {vapid.encode(self.keys.auth)}"


def read(address: str) -> Subscription:
    """Return the subscription that an address stands for: as it is kept, or JSON. Raises SubscriptionInvalid."""
    if len(address) > 4 * MAX_ADDRESS:
        raise SubscriptionInvalid("This is too long for a subscription.")
    if address.lstrip().startswith("{"):
        endpoint, public, auth = _of_json(address)
    else:
        pieces = address.split()
        if len(pieces) != 3:
            raise SubscriptionInvalid("A subscription has an endpoint and two keys.")
        endpoint, public, auth = pieces
    _check_endpoint(endpoint)
    try:
        keys = BrowserKeys(vapid.decode(public), vapid.decode(auth))
        point_of(keys.public)
    except KeysInvalid as error:
        raise SubscriptionInvalid(str(error)) from None
    except ValueError:
        raise SubscriptionInvalid("The keys of the subscription are not base64url.") from None
    if len(keys.auth) != 16:
        raise SubscriptionInvalid("The key auth of the subscription has not 16 octets.")
    return Subscription(endpoint, keys)


def split(address: str) -> tuple[str, str, str]:
    """Return the pieces of an address as it is kept, unchecked. Raises ValueError."""
    endpoint, public, auth = address.split(" ")
    return endpoint, public, auth


def origin_of(endpoint: str) -> str:
    """Return what stands before the path of an endpoint, unchecked."""
    return "/".join(endpoint.split("/", 3)[:3])


def is_allowed(endpoint: str, further: tuple[str, ...] = ()) -> bool:
    """Tell whether the endpoint is at a push service that is known, or at one of the further `host` or `host:port`.

    Those may be unencrypted on this machine; everything else is https on its own port.
    """
    return _is_allowed_origin(origin_of(endpoint), further)


@lru_cache(maxsize=1024)
def _is_allowed_origin(origin: str, further: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if not host or parts.username is not None or parts.password is not None:
        return False
    if host in further or f"{host}:{port}" in further:
        return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    return parts.scheme == "https" and port in (None, 443) and _is_known(host)


def _is_known(host: str) -> bool:
    return any(host.endswith(name) if name[0] == "." else host == name for name in SERVICES)


def _check_endpoint(endpoint: str) -> None:
    if len(endpoint) > MAX_ENDPOINT:
        raise SubscriptionInvalid(f"The endpoint has more than {MAX_ENDPOINT} characters.")
    if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise SubscriptionInvalid("The endpoint is not a URL.")
    try:
        parts: SplitResult | None = urlsplit(endpoint)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise SubscriptionInvalid("The endpoint is not a URL.")


def _of_json(text: str) -> tuple[str, str, str]:
    try:
        said = orjson.loads(text)
        keys = said["keys"]
        found = said["endpoint"], keys["p256dh"], keys["auth"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise SubscriptionInvalid("A subscription has an endpoint and the keys p256dh and auth.") from None
    if not all(isinstance(one, str) for one in found):
        raise SubscriptionInvalid("A subscription's endpoint and keys are texts.")
    return found
