"""The settings of a Viber sender: one service of Viber's business messages.

`check` turns what a form, a file or the command line gives into a plain dict that can be stored as JSON;
`Config.of` turns that dict into an object for the transport and the composer. The names are the same in all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.http import HttpLimits
from clarion.lib.sentences import said
from clarion.lib.settings_reader import Settings, SettingsReader

#: Sealed in the database and never shown again.
SECRETS = frozenset({"token"})
#: Where Viber's own API is; partners' gateways that are shaped like it have addresses of their own.
BASE = "https://services.viber.com/vibersrvc/1"
LABELS = ("promotion", "transaction")
RECEIPTS = ("all", "none")
#: Seconds (Viber: 30 seconds to 14 days).
LEAST_TTL, MOST_TTL = 30, 1_209_600
#: Characters of the name that recipients see.
MAX_NAME = 28

_BASE_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.ASCII)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Settings):
    """The settings after `check`. Its repr holds no secret."""

    service_id: int
    base_url: str = BASE
    #: Goes with every message as X-Viber-Auth-Token, and signs Viber's calls to us.
    token: str = ""
    #: Who the messages are from, for people who look at the sender; Viber shows the service's own name.
    source: str = ""
    label: str = "promotion"
    #: Whether recipients may write back.
    two_way: bool = False
    #: Viber gives up after so many seconds; a fallback goes out then.
    ttl: int = 86_400
    receipts: str = "all"
    verify_certificate: bool = True
    connections: int = 20
    connect_timeout: float = 10.0
    response_timeout: float = 30.0

    def __repr__(self) -> str:
        return f"Config({self.base_url}, service {self.service_id})"

    def limits(self) -> HttpLimits:
        """Return the limits of the HTTP client."""
        return HttpLimits(
            connections=self.connections, connect_seconds=self.connect_timeout,
            answer_seconds=self.response_timeout,
        )  # fmt: skip


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = _Reader(config)
    cleaned: dict[str, Any] = {
        "service_id": reader.whole("service_id", 0, 1, 2**53),
        "base_url": reader.base_url(),
        "token": reader.visible("token", 300),
        "source": reader.visible("source", MAX_NAME),
        "label": reader.choice("label", LABELS, "promotion"),
        "two_way": reader.flag("two_way"),
        "ttl": reader.whole("ttl", 86_400, LEAST_TTL, MOST_TTL),
        "receipts": reader.choice("receipts", RECEIPTS, "all"),
        "allow_cleartext_login": reader.flag("allow_cleartext_login"),
        "verify_certificate": reader.flag("verify_certificate", default=True),
        "connections": reader.whole("connections", 20, 1, 200),
        "connect_timeout": reader.number("connect_timeout", 10, 0.1, 300),
        "response_timeout": reader.number("response_timeout", 30, 0.1, 600),
    }
    problems = reader.problems
    if not cleaned["service_id"]:
        problems.setdefault(
            "service_id", said("Give the id of the service, a number that Viber or its partner told.")
        )
    if not cleaned["source"]:
        problems.setdefault("source", said("Give the name that recipients see."))
    if cleaned["receipts"] != "none" and not cleaned["token"]:
        problems.setdefault("token", said("Give the token: calls that it does not sign are not Viber's."))
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `viber://service-id:token@host/path?name=value`, to be checked.

    The host may be left out for Viber's own; `viber+http` is unencrypted, and whoever writes that has allowed it.
    Raises ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address is not a valid URL.")}) from None
    if parts.scheme not in ("viber", "viber+http") or not parts.username:
        raise ConfigInvalid({"url": said("Write viber://, the id of the service, : and its token, then @.")})
    config: dict[str, Any] = {"service_id": unquote(parts.username), "token": unquote(parts.password or "")}
    if parts.hostname:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        is_plain = parts.scheme == "viber+http"
        where = f"{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
        config |= {
            "base_url": f"{'http' if is_plain else 'https'}://{where}", "allow_cleartext_login": is_plain,
        }  # fmt: skip
    config["receipts"] = "all" if config["token"] else "none"
    known = Config.names()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


class _Reader(SettingsReader):
    """Reads what Viber senders have."""

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        number = self.number(name, default, low, high)
        if number != int(number):
            self.problems[name] = said("This must be a whole number.")
            return default
        return int(number)

    def visible(self, name: str, limit: int) -> str:
        """Read one line without control characters: it goes into headers."""
        value = self.text(name, limit=limit)
        if value and not value.isprintable():
            self.problems[name] = said("This must be one line of visible characters.")
            return ""
        return value

    def base_url(self) -> str:
        url = (self.text("base_url", limit=1000) or BASE).rstrip("/")
        try:
            parts = urlsplit(url)
            is_good = bool(_BASE_URL.fullmatch(url)) and (parts.port is None or parts.port > 0)
        except ValueError:
            is_good = False
        if not is_good:
            self.problems.setdefault(
                "base_url", said("Write the address of the API, such as %(example)s.", example=BASE)
            )
            return ""
        allowed = self.flag("allow_cleartext_login")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not allowed:
            self.problems["base_url"] = said(
                "The token would go unencrypted: write https://, or allow it expressly."
            )
        return url
