"""The settings of a web push sender: its key pair, and the pages on which people may subscribe.

`check` turns what a form, a file or the command line gives into a plain dict that can be stored as JSON;
`Config.of` turns that dict into an object for the transport and the composer. The names are the same in all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.webpush import vapid
from clarion.lib.sentences import said, told
from clarion.lib.settings_reader import SettingsReader

#: Sealed in the database and never shown again.
SECRETS = frozenset({"private_key", "identity_key"})

#: Whose key pair: that of the workspace, which all its senders may have, or one of the sender's own.
KEYS = ("workspace", "own")
#: What becomes of browsers that nobody vouches for.
NEWCOMERS = ("add", "ignore")
#: Shortest key by which a site vouches for who is signed in there, in characters.
MIN_IDENTITY_KEY = 16
MAX_ORIGINS = 50
_SUBJECT = re.compile(r"mailto:[^\s@<>]+@[^\s@<>]+|https://[^\s]+")
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::\d{1,5})?")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::\d{1,5})?")
_TIMES = (("connect_timeout", 10, 0.1, 300), ("response_timeout", 30, 0.1, 600))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings after `check`. Its repr holds no secret."""

    private_key: str
    keys: str = "own"
    #: Follows from the private key; pages need it.
    public_key: str = ""
    #: mailto: or https:, where a push service may ask about us.
    subject: str
    #: Origins of the pages on which people may subscribe, such as https://shop.example.com.
    origins: tuple[str, ...] = ()
    #: By which a site vouches for an e-mail address; empty, and nobody is believed.
    identity_key: str = ""
    newcomers: str = "add"
    #: Further push services, as `host` or `host:port`.
    services: tuple[str, ...] = ()
    #: Messages without an answer at once.
    connections: int = 20
    #: Seconds: to connect and encrypt, and for an answer.
    connect_timeout: float = 10.0
    response_timeout: float = 30.0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Config":
        """Build from a dict that `check` returned, its secrets included."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in config.items() if name in known}
        for name in ("origins", "services"):
            values[name] = tuple(values.get(name) or ())
        return cls(**values)

    def __repr__(self) -> str:
        return f"Config({self.subject}, {self.public_key[:12]}…)"


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete; one with a key pair of its own and no private key gets a new one.

    One that takes its workspace's has none until that is put in.

    Raises ConfigInvalid with a sentence for each bad field.
    """
    reader = _Reader(config)
    keys = reader.choice("keys", KEYS, "own" if config.get("private_key") else "workspace")
    private = reader.private_key(is_own=keys == "own")
    cleaned: dict[str, Any] = {
        "keys": keys,
        "private_key": private,
        "public_key": vapid.public_of(private) if private else "",
        "subject": reader.subject(),
        "origins": reader.lines(
            "origins", _ORIGIN, said("Write each origin as https://shop.example.com, without a path.")
        ),
        "identity_key": reader.identity_key(),
        "newcomers": reader.choice("newcomers", NEWCOMERS, "add"),
        "services": reader.lines(
            "services", _HOST, said("Write each as the name of a host, such as push.example.com.")
        ),
        "connections": int(reader.number("connections", 20, 1, 200)),
        **{name: reader.number(name, *bounds) for name, *bounds in _TIMES},
    }
    if reader.problems:
        raise ConfigInvalid(reader.problems)
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `webpush:?subject=mailto:ops@example.com&private_key=…`, to be checked.

    Raises ConfigInvalid.
    """
    parts = urlsplit(url)
    if parts.scheme != "webpush":
        raise ConfigInvalid(
            {"url": said("Write webpush:?subject=mailto:you@example.com and further settings.")}
        )
    known = {field.name for field in fields(Config)}
    config: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


class _Reader(SettingsReader):
    """Reads what web push senders have."""

    def private_key(self, *, is_own: bool) -> str:
        text = self.text("private_key", limit=100)
        if not text:
            return vapid.new_key() if is_own and "private_key" not in self.problems else ""
        try:
            vapid.private_key_of(text)
        except vapid.KeyInvalid as error:
            self.problems["private_key"] = told(error)
            return ""
        return text

    def subject(self) -> str:
        subject = self.text("subject", limit=254)
        if subject and "@" in subject and ":" not in subject:
            subject = f"mailto:{subject}"
        if not _SUBJECT.fullmatch(subject):
            self.problems["subject"] = said(
                "Give a mail address or an https:// page at which push services may reach you."
            )
        return subject

    def identity_key(self) -> str:
        key = self.text("identity_key", limit=200)
        if key and len(key) < MIN_IDENTITY_KEY:
            self.problems["identity_key"] = said(
                "This must have at least %(least)s characters.", least=MIN_IDENTITY_KEY
            )
        return key

    def lines(self, name: str, pattern: re.Pattern[str], sentence: str) -> list[str]:
        """Read several values, each on a line or between commas; or a list, as it is stored."""
        given = self._config.get(name) or ()
        text = "\n".join(map(str, given)) if isinstance(given, list | tuple) else str(given)
        values = [one.strip().rstrip("/").lower() for one in text.replace(",", "\n").split("\n")]
        found = list(dict.fromkeys(one for one in values if one))
        if len(found) > MAX_ORIGINS:
            self.problems[name] = said("At most %(limit)s are taken.", limit=MAX_ORIGINS)
        elif not all(pattern.fullmatch(one) for one in found):
            self.problems[name] = sentence
        return found
