"""What may be fetched, and what came or went wrong. `clarion.lib.fetching` does it, and alone loads the HTTP client."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clarion.lib.reach import PUBLIC, Reach

if TYPE_CHECKING:
    from yarl import URL

_LONGEST_URL = 2_000
_PORTS = {"http": 80, "https": 443}
#: Below this, other ports than those of HTTP belong to services that a request could be made to confuse.
_FREE_PORTS = 1024


class FetchFailed(Exception):
    """Nothing usable was fetched. `reason` is one of REASONS, `detail` a few words for people, without the URL."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


#: url: it is none that is fetched · address: it leads where nobody may · dns: no such host · connection: not to be
#: reached, or broken off · tls: its certificate is not good · redirects: too many, or from https to http ·
#: status: `detail` is the code · size: more than allowed · time: longer than allowed · encoding: packed in a way
#: that is not understood, or damaged.
REASONS = (
    "url", "address", "dns", "connection", "tls", "redirects", "status", "size", "time", "encoding",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one fetch may take: octets after unpacking, seconds for all of it, seconds of silence, redirects."""

    octets: int = 100 * 1024**2
    seconds: float = 60.0
    silence: float = 20.0
    redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came. With `is_unchanged` nothing was written: the server says that the known version is current."""

    url: str
    is_unchanged: bool
    size: int
    content_type: str
    etag: str
    last_modified: str


def checked_url(text: str, reach: Reach = PUBLIC) -> "URL":
    """Return the URL as it will be fetched. Raises FetchFailed("url") with a word on what is wrong with it."""
    from yarl import URL

    if len(text) > _LONGEST_URL or any(ord(letter) < 33 or ord(letter) == 127 for letter in text):
        raise FetchFailed("url", "characters")
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise FetchFailed("url", "form") from None
    if url.scheme not in _PORTS:
        raise FetchFailed("url", "scheme")
    if not url.host:
        raise FetchFailed("url", "host")
    if url.user is not None or url.password is not None:
        raise FetchFailed("url", "password")
    if port != _PORTS[url.scheme] and (port or 0) < _FREE_PORTS and not reach.names(url.host):
        raise FetchFailed("url", "port")
    return url.with_fragment(None)
