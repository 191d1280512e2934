"""System checks of our own. Ids are stable and documented in docs/reference/checks.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of problem: its id, a sentence, and what to do."""

    id: str
    sentence: str
    hint: str

    def message(self) -> checks.CheckMessage:
        """Return it as Django's checks report it."""
        kind = checks.Error if self.id.startswith("clarion.E") else checks.Warning
        return kind(self.sentence, hint=self.hint, id=self.id)


DEBUG_IN_PUBLIC = Finding(
    id="clarion.E001",
    sentence="CLARION_DEBUG is on while CLARION_PUBLIC_URL is not on this machine.",
    hint="Debug pages show settings and data to every visitor: remove CLARION_DEBUG.",
)
PLAIN_HTTP_IN_PUBLIC = Finding(
    id="clarion.W001",
    sentence="CLARION_PUBLIC_URL begins with http:// and is not on this machine.",
    hint="Passwords and sessions travel unprotected: put a reverse proxy with TLS in front and use https://.",
)
ANY_HOST = Finding(
    id="clarion.W002",
    sentence="CLARION_ALLOWED_HOSTS holds *.",
    hint="Links in mail can be led elsewhere by a forged Host header: name the hosts.",
)
PUBLIC_HOST_MISSING = Finding(
    id="clarion.E002",
    sentence="The host of CLARION_PUBLIC_URL is not among CLARION_ALLOWED_HOSTS.",
    hint="Every visitor would get error 400: add the host, or remove CLARION_ALLOWED_HOSTS.",
)
LOCAL_LINKS = Finding(
    id="clarion.W003",
    sentence="Clarion listens beyond this machine, but CLARION_PUBLIC_URL points to this machine.",
    hint="Unsubscribe links in messages would not work for recipients: set CLARION_PUBLIC_URL.",
)

FINDINGS = (DEBUG_IN_PUBLIC, PUBLIC_HOST_MISSING, PLAIN_HTTP_IN_PUBLIC, ANY_HOST, LOCAL_LINKS)

_LOCAL = ("localhost", "127.0.0.1", "::1")


def _host() -> str:
    return urlsplit(settings.CLARION_PUBLIC_URL).hostname or ""


def _is_public() -> bool:
    return _host() not in _LOCAL


def _is_host_missing() -> bool:
    from django.http.request import validate_host

    return not validate_host(_host(), settings.ALLOWED_HOSTS)


_TESTS: dict[Finding, Callable[[], bool]] = {
    DEBUG_IN_PUBLIC: lambda: settings.DEBUG and _is_public(),
    PUBLIC_HOST_MISSING: _is_host_missing,
    PLAIN_HTTP_IN_PUBLIC: lambda: _is_public() and settings.CLARION_PUBLIC_URL.startswith("http://"),
    ANY_HOST: lambda: "*" in settings.ALLOWED_HOSTS,
    LOCAL_LINKS: lambda: settings.CLARION_BIND.host not in _LOCAL and not _is_public(),
}


def check_installation(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Return what is wrong with the settings beyond what reading them can tell."""
    return [finding.message() for finding, is_found in _TESTS.items() if is_found()]
