"""The settings of an SMS sender: one SMPP account and who the messages are from.

`check` turns what a form, a file or the command line gives into a plain dict that can be stored as JSON;
`Config.of` turns that dict into an object for the transport and the composer. The names are the same in all.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.sms.encoding import Alphabet, alphabet_of
from clarion.lib.sentences import said
from clarion.lib.settings_reader import Settings, SettingsReader

#: Sealed in the database and never shown again.
SECRETS = frozenset({"password"})

SECURITY = ("none", "tls")
BIND = ("transmitter", "transceiver")
#: Which SMPP is spoken → interface_version of the bind (SMPP 5.0, 4.7.13).
VERSIONS = {"3.4": 0x34, "5.0": 0x50}
LONG = ("udh", "sar", "payload")
#: Which receipts are asked for → registered_delivery (SMPP 3.4, 5.2.17).
RECEIPTS = {"none": 0, "failures": 2, "all": 1}
#: How the ids of answers and receipts differ: not at all, or one of the two is in hexadecimal digits.
MESSAGE_IDS = ("same", "answer_hex", "receipt_hex")
DEFAULT_PORT = 2775
_SCHEMES = {"smpp": "none", "smpps": "tls"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
#: A number with its country code has a plus and 7 to 15 digits, a short code 3 to 8 digits and no plus.
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")
_DIGITS = re.compile(r"\d{3,20}")
_SHORT_CODE = 8
#: An alphanumeric sender has at most eleven characters of the GSM alphabet (3GPP TS 23.040 9.1.2.5).
MAX_NAME = 11
#: The concatenation header counts in one octet.
MAX_PARTS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Settings):
    """The settings after `check`. Its repr holds no secret."""

    host: str
    port: int = DEFAULT_PORT
    #: "none" or "tls" (from the first byte).
    security: str = "tls"
    verify_certificate: bool = True
    #: PEM file with the authorities to trust instead of the system's.
    ca_file: str = ""
    #: Bind over an unencrypted connection. Allowed without asking on the loopback interface only.
    allow_cleartext_login: bool = False
    system_id: str
    password: str = ""
    system_type: str = ""
    #: "transmitter", or "transceiver" for providers that know no other.
    bind: str = "transmitter"
    #: Which SMPP the bind asks for: "3.4" or "5.0".
    version: str = "3.4"
    #: Who the messages are from: a number, a short code or a name.
    source: str = ""
    #: Type of number and numbering plan of the source; -1 follows from how it is written.
    source_ton: int = -1
    source_npi: int = -1
    dest_ton: int = 1
    dest_npi: int = 1
    service_type: str = ""
    #: How parts of a long message are joined: a header in each, optional parameters, or not cut at all.
    long_messages: str = "udh"
    #: A message that would take more parts is not sent.
    max_parts: int = 6
    #: After so many minutes the provider gives up; 0 leaves it to the provider.
    validity_minutes: int = 0
    #: Which receipts the provider is asked for: "none", "failures" or "all". They come on a session of their own.
    receipts: str = "none"
    #: How the ids in receipts are written: the "same" as in the answers to messages, or one of them in hexadecimal.
    message_ids: str = "same"
    #: Sessions at once.
    connections: int = 1
    #: Messages without an answer at once, in each session.
    window: int = 20
    #: Seconds: to connect and encrypt, for an answer, and of silence until the link is tested.
    connect_timeout: float = 15.0
    response_timeout: float = 30.0
    enquire_seconds: float = 30.0

    def __repr__(self) -> str:
        return f"Config({self.security}, {self.host}:{self.port}, from {self.source})"

    def source_address(self) -> tuple[int, int, bytes]:
        """Return (type of number, numbering plan, address) of the sender as the wire has it."""
        if _INTERNATIONAL.fullmatch(self.source):
            ton, npi = 1, 1
        elif _DIGITS.fullmatch(self.source):
            ton, npi = (3, 0) if len(self.source) <= _SHORT_CODE else (0, 1)
        else:
            ton, npi = (5, 0) if self.source else (0, 0)
        address = self.source.lstrip("+").encode("ascii", "replace")
        return (
            ton if self.source_ton < 0 else self.source_ton,
            npi if self.source_npi < 0 else self.source_npi,
            address,
        )

    def validity(self) -> bytes:
        """Return validity_period in the relative form (7.1.1.1); empty for the provider's own."""
        if not self.validity_minutes:
            return b""
        days, minutes = divmod(self.validity_minutes, 24 * 60)
        return f"0000{days:02}{minutes // 60:02}{minutes % 60:02}00000R".encode()

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for TLS; None without it. Raises OSError for a bad authority file."""
        if self.security == "none":
            return None
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
        "protocol": "smpp",
        "host": reader.host(),
        "port": reader.whole("port", DEFAULT_PORT, 1, 65535),
        "security": reader.choice("security", SECURITY, "tls"),
        "verify_certificate": reader.flag("verify_certificate", default=True),
        "ca_file": reader.text("ca_file", 500),
        "allow_cleartext_login": reader.flag("allow_cleartext_login"),
        "system_id": reader.ascii("system_id", 15),
        "password": reader.ascii("password", 8),
        "system_type": reader.ascii("system_type", 12),
        "bind": reader.choice("bind", BIND, "transmitter"),
        "version": reader.choice("version", tuple(VERSIONS), "3.4"),
        "source": reader.source(),
        "source_ton": reader.whole("source_ton", -1, -1, 6),
        "source_npi": reader.whole("source_npi", -1, -1, 18),
        "dest_ton": reader.whole("dest_ton", 1, 0, 6),
        "dest_npi": reader.whole("dest_npi", 1, 0, 18),
        "service_type": reader.ascii("service_type", 5),
        "long_messages": reader.choice("long_messages", LONG, "udh"),
        "max_parts": reader.whole("max_parts", 6, 1, MAX_PARTS),
        "validity_minutes": reader.whole("validity_minutes", 0, 0, 30 * 24 * 60),
        "receipts": reader.choice("receipts", tuple(RECEIPTS), "none"),
        "message_ids": reader.choice("message_ids", MESSAGE_IDS, "same"),
        "connections": reader.whole("connections", 1, 1, 100),
        "window": reader.whole("window", 20, 1, 1000),
        "connect_timeout": reader.number("connect_timeout", 15, 0.1, 300),
        "response_timeout": reader.number("response_timeout", 30, 0.1, 600),
        "enquire_seconds": reader.number("enquire_seconds", 30, 0.1, 3600),
    }
    problems = reader.problems
    if not cleaned["system_id"] and "system_id" not in problems:
        problems["system_id"] = said("Give the system id (the user name) that the provider told you.")
    if (
        cleaned["security"] == "none"
        and cleaned["password"]
        and cleaned["host"] not in _LOOPBACK
        and not cleaned["allow_cleartext_login"]
    ):
        problems["security"] = said("The password would go unencrypted: choose TLS, or allow it expressly.")
    if cleaned["ca_file"] and "ca_file" not in problems:
        try:
            ssl.create_default_context(cafile=str(cleaned["ca_file"]))
        except (OSError, ValueError):
            problems["ca_file"] = said("The file cannot be read as certificates in PEM form.")
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `smpp://user:password@host:port?name=value`, to be completed and checked.

    `smpps` is encrypted. Whoever writes a password into an `smpp://` URL has allowed it to go unencrypted. Any
    field may follow as a query. Raises ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address of the server is not a valid URL.")}) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigInvalid(
            {"url": said("Write smpp:// or smpps://, the user name, its password and the host.")}
        )
    config: dict[str, Any] = {"host": parts.hostname, "security": _SCHEMES[parts.scheme]}
    if port:
        config["port"] = port
    if parts.username:
        config["system_id"] = unquote(parts.username)
        config["password"] = unquote(parts.password or "")
        config["allow_cleartext_login"] = parts.scheme == "smpp"
    known = Config.names()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


class _Reader(SettingsReader):
    """Reads what SMS senders have."""

    def text(self, name: str, limit: int = 500, *, strip: bool = True) -> str:
        value = self._config.get(name)
        value = str(value) if value is not None else ""
        value = value.strip() if strip else value
        if len(value) > limit or "\0" in value:
            self.problems[name] = said("This must be at most %(limit)s characters.", limit=limit)
            return ""
        return value

    def ascii(self, name: str, limit: int) -> str:
        value = self.text(name, limit, strip=name != "password")
        if not value.isascii():
            self.problems[name] = said("SMPP allows only letters without accents, digits and signs here.")
            return ""
        return value

    def host(self) -> str:
        host = self.text("host", 254).lower().strip("[]")
        if not host:
            self.problems["host"] = said("Give the host name of the provider's SMPP server.")
        elif not _HOST.fullmatch(host):
            self.problems["host"] = said("This is not a host name or an IP address.")
        return host

    def source(self) -> str:
        source = self.text("source", 21)
        if not source or _INTERNATIONAL.fullmatch(source) or _DIGITS.fullmatch(source):
            return source
        is_name = len(source) <= MAX_NAME and source.isascii() and source.isprintable()
        if not is_name or alphabet_of(source) is not Alphabet.GSM or source.startswith("+"):
            self.problems["source"] = said(
                "Write a number with + and the country code, a short code, or a name of at most "
                "%(limit)s letters without accents, digits and spaces.",
                limit=MAX_NAME,
            )
            return ""
        return source

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        number = self.number(name, default, low, high)
        if number != int(number):
            self.problems[name] = said("This must be a whole number.")
            return default
        return int(number)
