"""The settings of a mail sender: one SMTP account, who the mail is from, and how it is signed.

`check` turns what a form, a file or the command line gives into a plain dict that can be stored as JSON;
`Config.of` turns that dict into an object for the transport and the composer. The names are the same in all.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, fields
from email.utils import getaddresses
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.email import addresses, dkim, headers
from clarion.lib.sentences import said, told
from clarion.lib.settings_reader import SettingsReader

#: Sealed in the database and never shown again.
SECRETS = frozenset({"password", "dkim_keys"})

SECURITY = ("none", "starttls", "tls")
AUTH = ("auto", "plain", "login", "xoauth2", "none")
DEFAULT_PORTS = {"none": 25, "starttls": 587, "tls": 465}
_SCHEMES = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "tls"}

#: A name (with underscores, as container networks have them) or an address.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings after `check`. Its repr holds no secret."""

    host: str
    port: int = 0
    #: "none", "starttls" or "tls" (from the first byte).
    security: str = "starttls"
    verify_certificate: bool = True
    #: PEM file with the authorities to trust instead of the system's.
    ca_file: str = ""
    #: "auto" takes the strongest the server offers; "xoauth2" takes the password as an access token.
    auth: str = "auto"
    username: str = ""
    password: str = ""
    #: Sign in over an unencrypted connection. Allowed without asking on the loopback interface only.
    allow_cleartext_login: bool = False
    from_address: str
    from_name: str = ""
    reply_to: str = ""
    #: Where bounces go. With `verp` each message gets an address of its own at `verp_domain`.
    return_path: str = ""
    verp: bool = False
    verp_domain: str = ""
    #: Ask for RFC 3461 notifications to be about headers only and to carry our id, if the server can.
    dsn: bool = False
    helo_name: str = ""
    #: Connections at once, and so messages under way at once.
    connections: int = 10
    #: After so many messages a connection is replaced; 0 is never.
    messages_per_connection: int = 0
    #: Seconds: to connect and encrypt, for the answer to a command, for the answer to the whole message,
    #: and until an unused connection is closed.
    connect_timeout: float = 15.0
    command_timeout: float = 60.0
    data_timeout: float = 300.0
    idle_timeout: float = 30.0
    dkim_domain: str = ""
    #: [selector, private key in PEM], RSA or Ed25519; each adds a signature.
    dkim_keys: tuple[tuple[str, str], ...] = ()
    list_id: str = ""
    feedback_id: str = ""
    #: Mail address beside the link in List-Unsubscribe.
    unsubscribe_mailto: str = ""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Config":
        """Build from a dict that `check` returned, its secrets included."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in config.items() if name in known}
        values["dkim_keys"] = tuple((selector, pem) for selector, pem in values.get("dkim_keys") or ())
        return cls(**values)

    def __repr__(self) -> str:
        return (
            f"Config({self.security}, {self.host}:{self.port}, from {addresses.domain_of(self.from_address)})"
        )

    @property
    def authenticates(self) -> bool:
        """Whether to sign in at all."""
        return self.auth != "none" and bool(self.username)

    def tls_context(self) -> ssl.SSLContext:
        """Return the context for both ways of TLS. Raises OSError for a bad authority file."""
        context = ssl.create_default_context(cafile=self.ca_file or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.verify_certificate:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = _Reader(config)
    cleaned = {
        "host": reader.host(),
        "security": reader.choice("security", SECURITY, "starttls"),
        "verify_certificate": reader.flag("verify_certificate", default=True),
        "ca_file": reader.text("ca_file"),
        "auth": reader.choice("auth", AUTH, "auto"),
        "username": reader.text("username"),
        "password": reader.text("password", limit=8192, strip=False),
        "allow_cleartext_login": reader.flag("allow_cleartext_login"),
        "from_address": reader.address("from_address", required=True),
        "from_name": headers.clean(reader.text("from_name")),
        "reply_to": reader.address("reply_to"),
        "return_path": reader.address("return_path"),
        "verp": reader.flag("verp"),
        "verp_domain": reader.domain("verp_domain"),
        "dsn": reader.flag("dsn"),
        "helo_name": reader.domain("helo_name"),
        "connections": int(reader.number("connections", 10, 1, 100)),
        "messages_per_connection": int(reader.number("messages_per_connection", 0, 0, 1_000_000)),
        "connect_timeout": reader.number("connect_timeout", 15, 0.1, 300),
        "command_timeout": reader.number("command_timeout", 60, 0.1, 3600),
        "data_timeout": reader.number("data_timeout", 300, 0.1, 3600),
        "idle_timeout": reader.number("idle_timeout", 30, 0.1, 3600),
        "dkim_domain": reader.domain("dkim_domain"),
        "dkim_keys": reader.dkim_keys(),
        "list_id": reader.list_id(),
        "feedback_id": headers.clean(reader.text("feedback_id")),
        "unsubscribe_mailto": reader.address("unsubscribe_mailto"),
    }
    cleaned["port"] = int(reader.number("port", DEFAULT_PORTS[str(cleaned["security"])], 1, 65535))
    _check_together(cleaned, reader.problems)
    if reader.problems:
        raise ConfigInvalid(reader.problems)
    return cleaned


def _check_together(cleaned: dict[str, Any], problems: dict[str, str]) -> None:
    """What no field can say alone."""
    if cleaned["verp"] and not cleaned["verp_domain"]:
        cleaned["verp_domain"] = addresses.domain_of(cleaned["from_address"])
    if cleaned["dkim_keys"] and not cleaned["dkim_domain"]:
        cleaned["dkim_domain"] = addresses.domain_of(cleaned["from_address"])
    signs_in = cleaned["auth"] != "none" and cleaned["username"]
    if cleaned["auth"] in ("plain", "login", "xoauth2") and not cleaned["username"]:
        problems["username"] = said("Give the user name to sign in with, or choose no sign-in.")
    if (
        signs_in
        and cleaned["security"] == "none"
        and cleaned["host"] not in _LOOPBACK
        and not cleaned["allow_cleartext_login"]
    ):
        problems["security"] = said(
            "The password would go unencrypted: choose STARTTLS or TLS, or allow it expressly."
        )
    if cleaned["ca_file"] and "ca_file" not in problems:
        try:
            ssl.create_default_context(cafile=cleaned["ca_file"])
        except (OSError, ValueError):
            problems["ca_file"] = said("The file cannot be read as certificates in PEM form.")


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `smtp://user:password@host:port?name=value`, to be completed and checked.

    `smtp` is unencrypted, `smtp+starttls` and `smtps` are not. Whoever writes credentials into an `smtp://`
    URL has allowed them to go unencrypted. Any field may follow as a query. Raises ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address of the server is not a valid URL.")}) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigInvalid({"url": said("Write smtp://, smtp+starttls:// or smtps:// and the host.")})
    config: dict[str, Any] = {"host": parts.hostname, "security": _SCHEMES[parts.scheme]}
    if port:
        config["port"] = port
    if parts.username:
        config["username"] = unquote(parts.username)
        config["password"] = unquote(parts.password or "")
        config["allow_cleartext_login"] = parts.scheme == "smtp"
    known = {field.name for field in fields(Config)} - {"dkim_keys"}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


def from_header(text: str) -> dict[str, Any]:
    """Return `from_name` and `from_address` from `Shop <shop@example.com>`. Raises ConfigInvalid."""
    found = getaddresses([text]) if text.isprintable() else []
    if len(found) != 1 or not found[0][1]:
        raise ConfigInvalid({"from": said("Write one address, such as Shop <shop@example.com>.")})
    name, address = found[0]
    try:
        return {"from_name": headers.clean(name), "from_address": addresses.normalise(address)}
    except ValueError as error:
        raise ConfigInvalid({"from": told(error)}) from None


class _Reader(SettingsReader):
    """Reads what mail senders have."""

    def host(self) -> str:
        host = self.text("host").lower().strip("[]")
        if not host:
            self.problems["host"] = said("Give the host name of the mail server.")
        elif not _HOST.fullmatch(host):
            self.problems["host"] = said("This is not a host name or an IP address.")
        return host

    def address(self, name: str, *, required: bool = False) -> str:
        value = self.text(name)
        if not value:
            if required:
                self.problems[name] = said("Give a mail address.")
            return ""
        try:
            return addresses.normalise(value)
        except ValueError as error:
            self.problems[name] = told(error)
            return ""

    def domain(self, name: str) -> str:
        value = self.text(name).lower()
        if not value or _HOST.fullmatch(value):
            return value
        try:
            return value.encode("idna").decode()
        except UnicodeError:
            self.problems[name] = said("This is not a domain name.")
            return ""

    def list_id(self) -> str:
        value = self.text("list_id").strip("<>").lower()
        if value and not _HOST.fullmatch(value):
            self.problems["list_id"] = said("Write it like a domain name: news.example.com.")
        return value

    def dkim_keys(self) -> list[list[str]]:
        keys = []
        given = self._config.get("dkim_keys") or ()
        for entry in given if isinstance(given, list | tuple) else (given,):
            try:
                selector, pem = entry
                dkim.load_key(pem)
                if not _LABEL.fullmatch(selector):
                    raise dkim.KeyInvalid(said("“%(selector)s” is not a selector.", selector=selector))
            except (dkim.KeyInvalid, ValueError, TypeError, AttributeError) as error:
                reason = (
                    told(error)
                    if isinstance(error, dkim.KeyInvalid)
                    else said("Give a selector and a key in PEM form.")
                )
                self.problems["dkim_keys"] = reason
                return []
            keys.append([str(selector), str(pem)])
        return keys
