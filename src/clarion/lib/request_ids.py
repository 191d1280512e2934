"""What a request is called: in every line of the log that it causes, and in its answer."""

import re
import secrets
from collections.abc import Sequence

from clarion.lib.proxies import Network, is_trusted

HEADER = "X-Request-Id"
#: What a proxy may call a request; anything else could be somebody's text in our log.
_ID = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)


def id_of(given: str, peer: str, trusted: Sequence[Network]) -> str:
    """Return what the trusted proxy in front calls the request, else a new id.

    `given` is the request's header, `peer` who opened the connection.
    """
    if given and _ID.fullmatch(given) and is_trusted(peer, trusted):
        return given
    return secrets.token_hex(8)
