"""The settings of a WhatsApp sender: one session of a gateway, to which a phone is linked.

`check` turns what a form, a file or the command line gives into a plain dict that can be stored as JSON;
`Config.of` turns that dict into an object for the transport. The names are the same in all.
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
SECRETS = frozenset({"api_key", "callback_secret"})
#: The gateways that are spoken to.
PROTOCOLS = ("waha", "evolution", "greenapi")
#: Where the one of them that is a service has its API.
GREEN_API = "https://api.green-api.com"
RECEIPTS = ("all", "none")
#: Longest pause between two messages, and longest time of typing, in seconds.
MAX_DELAY = 600
MAX_TYPING = 20

_SESSION = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
_BASE = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.ASCII)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NAMES = {"waha": "WAHA", "evolution": "Evolution API", "greenapi": "Green-API"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Settings):
    """The settings after `check`. Its repr holds no secret."""

    protocol: str
    base_url: str
    #: The name of the session (WAHA) or of the instance (Evolution), the id of the instance (Green-API).
    session: str
    api_key: str = ""
    callback_secret: str = ""
    receipts: str = "all"
    #: Ask whether a number has WhatsApp before anything is sent to it.
    check_number: bool = True
    #: Seconds from one message to the next: random in the range.
    delay_min: float = 3.0
    delay_max: float = 8.0
    #: Show “typing…” for so many seconds at most, fewer before short texts.
    typing_seconds: float = 0.0
    verify_certificate: bool = True
    #: Seconds: to connect and encrypt, and for an answer.
    connect_timeout: float = 10.0
    response_timeout: float = 60.0

    def __repr__(self) -> str:
        return f"Config({self.protocol}, {urlsplit(self.base_url).netloc}, {self.session})"

    def limits(self) -> HttpLimits:
        """Return the limits of the HTTP client: a phone writes one message at a time."""
        return HttpLimits(
            connections=2, connect_seconds=self.connect_timeout,
            answer_seconds=self.response_timeout + self.typing_seconds, answer_octets=4_000_000,
        )  # fmt: skip


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = _Reader(config)
    protocol = reader.choice("protocol", PROTOCOLS, "waha")
    cleaned: dict[str, Any] = {
        "protocol": protocol,
        "base_url": reader.base_url(GREEN_API if protocol == "greenapi" else ""),
        "session": reader.session(protocol),
        "api_key": reader.visible("api_key"),
        "callback_secret": reader.visible("callback_secret"),
        "receipts": reader.choice("receipts", RECEIPTS, "all"),
        "check_number": reader.flag("check_number", default=True),
        "delay_min": reader.number("delay_min", 3, 0, MAX_DELAY),
        "delay_max": reader.number("delay_max", 8, 0, MAX_DELAY),
        "typing_seconds": reader.number("typing_seconds", 0, 0, MAX_TYPING),
        "allow_cleartext_login": reader.flag("allow_cleartext_login"),
        "verify_certificate": reader.flag("verify_certificate", default=True),
        "connect_timeout": reader.number("connect_timeout", 10, 0.1, 300),
        "response_timeout": reader.number("response_timeout", 60, 0.1, 600),
    }
    problems = reader.problems
    if not cleaned["api_key"]:
        problems.setdefault(
            "api_key", said("Give the key by which %(gateway)s lets in.", gateway=_NAMES[protocol])
        )
    if cleaned["receipts"] != "none" and not cleaned["callback_secret"]:
        problems.setdefault(
            "callback_secret", said("Think up a long secret: calls without it are not the gateway's.")
        )
    if cleaned["delay_max"] < cleaned["delay_min"]:
        problems.setdefault("delay_max", said("The longest pause is shorter than the shortest."))
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `waha://session:key@host:port?name=value`, to be checked.

    `waha`, `evolution` and `greenapi` are encrypted; with `+http` behind them they are not, and whoever writes that
    has allowed it. Raises ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address of the gateway is not a valid URL.")}) from None
    protocol, plus, plain = parts.scheme.partition("+")
    if protocol not in PROTOCOLS or (plus and plain != "http") or not (parts.username and parts.password):
        raise ConfigInvalid(
            {"url": said("Write waha://, evolution:// or greenapi://, session:key@ and the host.")}
        )
    config: dict[str, Any] = {
        "protocol": protocol, "session": unquote(parts.username), "api_key": unquote(parts.password),
        "receipts": "none",
    }  # fmt: skip
    if parts.hostname:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        where = f"{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
        config |= {"base_url": f"{plain or 'https'}://{where}", "allow_cleartext_login": bool(plain)}
    known = Config.names()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


class _Reader(SettingsReader):
    """Reads what WhatsApp senders have."""

    def visible(self, name: str) -> str:
        """Read one line without control characters: it goes into headers and addresses."""
        value = self.text(name, limit=300)
        if value and not value.isprintable():
            self.problems[name] = said("This must be one line of visible characters.")
            return ""
        return value

    def base_url(self, default: str) -> str:
        url = (self.text("base_url", limit=1000) or default).rstrip("/")
        try:
            parts = urlsplit(url)
            is_good = bool(_BASE.fullmatch(url)) and (parts.port is None or parts.port > 0)
        except ValueError:
            is_good = False
        if not is_good:
            self.problems.setdefault(
                "base_url", said("Write the gateway's address, such as https://waha.example.com.")
            )
            return ""
        if (
            parts.scheme == "http"
            and parts.hostname not in _LOOPBACK
            and not self.flag("allow_cleartext_login")
        ):
            self.problems["base_url"] = said(
                "The key would go unencrypted: write https://, or allow it expressly."
            )
        return url

    def session(self, protocol: str) -> str:
        name = self.text("session", limit=100) or ("default" if protocol == "waha" else "")
        if not _SESSION.fullmatch(name) or (protocol == "greenapi" and not name.isdecimal()):
            is_number = protocol == "greenapi"
            self.problems.setdefault(
                "session",
                said("Give the id of the instance, a number.")
                if is_number
                else said("Give the name of the session."),
            )
        return name
