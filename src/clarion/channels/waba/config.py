"""The settings of a WhatsApp Business sender: one phone number of one WhatsApp Business account.

`check` turns what a form, a file or the command line gives into a plain dict that can be stored as JSON;
`Config.of` turns that dict into an object for the transport and the composer. The names are the same in all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.lib.sentences import said
from clarion.lib.settings_reader import Settings, SettingsReader

#: Sealed in the database and never shown again.
SECRETS = frozenset({"access_token", "app_secret", "verify_token"})

#: Where Meta's Graph API is, and the version that is asked for. Each version is served for about two years.
API_URL = "https://graph.facebook.com"
API_VERSION = "v24.0"
_SCHEMES = {"waba": "https", "waba+http": "http"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NUMBER_ID = re.compile(r"\d{5,30}", re.ASCII)
_VERSION = re.compile(r"v\d{1,3}\.\d{1,2}", re.ASCII)
_TIMES = (("connect_timeout", 10, 0.1, 300), ("response_timeout", 30, 0.1, 600))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Settings):
    """The settings after `check`. Its repr holds no secret."""

    #: Of a system user, with the permissions whatsapp_business_messaging and whatsapp_business_management.
    access_token: str
    #: Proves who calls us.
    app_secret: str = ""
    #: What Meta says once, when the address for its calls is entered there.
    verify_token: str = ""
    phone_number_id: str
    business_account_id: str
    #: The number as people know it, for screens.
    source: str = ""
    api_url: str = API_URL
    api_version: str = API_VERSION
    #: Messages without an answer at once, each on a connection of its own.
    connections: int = 20
    #: Seconds: to connect and encrypt, and for an answer.
    connect_timeout: float = 10.0
    response_timeout: float = 30.0

    def __repr__(self) -> str:
        return f"Config({self.api_url}, {self.phone_number_id})"


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = _Reader(config)
    cleaned: dict[str, Any] = {
        "access_token": reader.token("access_token", said("Give the access token of a system user.")),
        "app_secret": reader.token("app_secret"),
        "verify_token": reader.token("verify_token"),
        "phone_number_id": reader.id(
            "phone_number_id", said("Give the number's id, which is not the number itself.")
        ),
        "business_account_id": reader.id(
            "business_account_id", said("Give the WhatsApp Business account's id.")
        ),
        "source": reader.line("source"),
        "api_url": reader.api_url(),
        "api_version": reader.version(),
        "connections": int(reader.number("connections", 20, 1, 500)),
        **{name: reader.number(name, *bounds) for name, *bounds in _TIMES},
    }
    if reader.problems:
        raise ConfigInvalid(reader.problems)
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `waba://ACCESS-TOKEN@PHONE-NUMBER-ID?business_account_id=…&name=value`, to be checked.

    `waba+http://TOKEN@127.0.0.1:8080?phone_number_id=…` is for another Graph API on this machine. Raises ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address is not a valid URL.")}) from None
    if parts.scheme not in _SCHEMES or not parts.username or not parts.hostname:
        raise ConfigInvalid(
            {"url": said("Write waba:// and the access token, then @ and the phone number's id.")}
        )
    config: dict[str, Any] = {"access_token": unquote(parts.username)}
    if parts.scheme == "waba":
        config["phone_number_id"] = parts.hostname
    else:
        config["api_url"] = f"http://{parts.hostname}{f':{port}' if port else ''}"
    known = Config.names()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


class _Reader(SettingsReader):
    """Reads what WhatsApp Business senders have."""

    def token(self, name: str, wanted: str = "") -> str:
        """Read a secret: it goes into a header or is compared, so it is one visible word."""
        token = self.text(name, limit=1000)
        if not token and wanted:
            self.problems.setdefault(name, wanted)
        elif token and not (token.isascii() and token.isprintable() and " " not in token):
            self.problems[name] = said("This must be one word of visible characters.")
        return token

    def id(self, name: str, wanted: str) -> str:
        found = self.text(name, limit=40)
        if not _NUMBER_ID.fullmatch(found):
            self.problems.setdefault(name, said("%(wanted)s It is a row of digits.", wanted=wanted))
        return found

    def line(self, name: str) -> str:
        value = self.text(name, limit=40)
        if value and not value.isprintable():
            self.problems[name] = said("This must be one line of visible characters.")
        return value

    def version(self) -> str:
        version = self.text("api_version", limit=10) or API_VERSION
        if not _VERSION.fullmatch(version):
            self.problems["api_version"] = said(
                "Write a version of the Graph API, such as %(example)s.", example=API_VERSION
            )
        return version

    def api_url(self) -> str:
        url = (self.text("api_url") or API_URL).rstrip("/")
        try:
            parts = urlsplit(url)
            is_good = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
            is_good = is_good and (parts.port is None or parts.port > 0)
        except ValueError:
            is_good = False
        if not is_good or parts.scheme not in ("https", "http"):
            self.problems["api_url"] = said(
                "Write the address of the Graph API, such as %(example)s.", example=API_URL
            )
        elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            self.problems["api_url"] = said("The token would go unencrypted: write https://.")
        return url
