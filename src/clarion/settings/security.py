"""Headers, cookies and hosts: what a browser is told, and to whom the server answers."""

import socket
from typing import Any
from urllib.parse import urlsplit

from clarion.settings.env import Bind

#: Nothing inline and nothing from elsewhere. Views that need more say so themselves, next to the reason.
CONTENT_SECURITY_POLICY: dict[str, list[str]] = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "manifest-src": ["'self'"],
    "frame-src": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
}

#: Django's deployment warnings that are answered elsewhere.
SILENCED_CHECKS = [
    "security.W005",  # subdomains belong to others than us
    "security.W008",  # the reverse proxy redirects to https; behind it we see http only
    "security.W021",  # preloading a domain is its owner's decision
]

#: Every address of this machine, in IPv4 and IPv6.
ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
#: Half a year: long enough to protect, short enough to go back.
HSTS_SECONDS = 15_768_000
#: Two weeks.
SESSION_SECONDS = 1_209_600


def headers_and_cookies(public_url: str) -> dict[str, Any]:
    """Return Django's security settings for an installation that is reached at `public_url`."""
    is_https = public_url.startswith("https://")
    settings: dict[str, Any] = {
        "SESSION_COOKIE_SECURE": is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_AGE": SESSION_SECONDS,
        # The __Host- prefix makes browsers refuse the cookie from a sibling subdomain; it needs https.
        "SESSION_COOKIE_NAME": "__Host-clarion_session" if is_https else "clarion_session",
        "CSRF_COOKIE_SECURE": is_https,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": "__Host-clarion_csrf" if is_https else "clarion_csrf",
        "CSRF_TRUSTED_ORIGINS": [public_url],
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": HSTS_SECONDS if is_https else 0,
        "X_FRAME_OPTIONS": "DENY",
    }
    if is_https:
        # The reverse proxy in front must set this header itself and drop what came from outside.
        settings["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
    return settings


def is_on_this_machine(public_url: str) -> bool:
    """Whether the installation is reached on this machine only, without https."""
    return public_url.startswith("http://") and urlsplit(public_url).hostname in (
        "localhost",
        "127.0.0.1",
        "::1",
    )


def local_url(bind: Bind) -> str:
    """Return where this machine's own browser finds a server that listens there."""
    return f"http://localhost:{bind.port}" if bind.host in ANY_ADDRESS else f"http://{bind}"


def own_hosts(public_url: str, bind: Bind) -> list[str]:
    """Return the host names to answer to: the public one, this machine's, and where we listen."""
    names = {urlsplit(public_url).hostname or "", "localhost", "127.0.0.1", "[::1]", socket.gethostname()}
    if bind.host not in ANY_ADDRESS:
        names.add(f"[{bind.host}]" if ":" in bind.host else bind.host)
    return sorted(name for name in names if name)
