"""The settings of a Telegram sender: one bot.

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
SECRETS = frozenset({"token"})

#: Where Telegram's own Bot API is; a Bot API server of one's own may stand in for it.
API_URL = "https://api.telegram.org"
#: How it is learned what people do: the bot is asked, or Telegram calls.
UPDATES = ("ask", "call")
#: What is done with people who start the bot without a link that names them.
NEWCOMERS = ("ignore", "add")
#: Characters of a welcome.
MAX_WELCOME = 1000
_SCHEMES = {"telegram": "https", "telegram+http": "http"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{10,100}")
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")
_TIMES = (("connect_timeout", 10, 0.1, 300), ("response_timeout", 30, 0.1, 600))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Settings):
    """The settings after `check`. Its repr holds no secret."""

    token: str
    api_url: str = API_URL
    #: The bot's name without its @, for links by which people start it.
    username: str = ""
    #: Ask Telegram for what people write to the bot: /start, /stop, and that they blocked it.
    reads_updates: bool = True
    updates: str = "ask"
    newcomers: str = "ignore"
    #: What whoever starts the bot is told; empty, and they are told nothing.
    welcome: str = ""
    #: Recipients cannot forward or save what is sent.
    protect_content: bool = False
    #: Messages without an answer at once, each on a connection of its own.
    connections: int = 20
    #: Seconds: to connect and encrypt, and for an answer.
    connect_timeout: float = 10.0
    response_timeout: float = 30.0

    def __repr__(self) -> str:
        return f"Config({self.api_url}, @{self.username})"

    @property
    def bot_id(self) -> str:
        """The bot's number, which is no secret."""
        return self.token.partition(":")[0]


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = _Reader(config)
    cleaned: dict[str, Any] = {
        "token": reader.token(),
        "api_url": reader.api_url(),
        "username": reader.username(),
        "reads_updates": reader.flag("reads_updates", default=True),
        "updates": reader.choice("updates", UPDATES, "ask"),
        "newcomers": reader.choice("newcomers", NEWCOMERS, "ignore"),
        "welcome": reader.text("welcome", limit=MAX_WELCOME),
        "protect_content": reader.flag("protect_content"),
        "connections": int(reader.number("connections", 20, 1, 200)),
        **{name: reader.number(name, *bounds) for name, *bounds in _TIMES},
    }
    if reader.problems:
        raise ConfigInvalid(reader.problems)
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `telegram://123456:ABC-DEF@api.telegram.org?name=value`, to be checked.

    `telegram+http` is for a Bot API server of one's own on this machine. The host may be left out. Raises
    ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address is not a valid URL.")}) from None
    if parts.scheme not in _SCHEMES or not (parts.username and parts.password):
        raise ConfigInvalid({"url": said("Write telegram:// and the bot's token, then @api.telegram.org.")})
    config: dict[str, Any] = {"token": f"{unquote(parts.username)}:{unquote(parts.password)}"}
    if parts.hostname:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        config["api_url"] = f"{_SCHEMES[parts.scheme]}://{host}{f':{port}' if port else ''}"
    known = Config.names()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config


class _Reader(SettingsReader):
    """Reads what Telegram senders have."""

    def token(self) -> str:
        token = self.text("token", limit=200)
        if not token and "token" not in self.problems:
            self.problems["token"] = said("Give the bot's token, which @BotFather told you.")  # a sentence
        elif token and not _TOKEN.fullmatch(token):
            sentence = said("A bot's token looks like 123456789:ABCdef-GHI_jkl: a number, a colon, letters.")
            self.problems["token"] = sentence
        return token

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
                "Write the address of the Bot API, such as %(example)s.", example=API_URL
            )
        elif parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            self.problems["api_url"] = said("The token would go unencrypted: write https://.")
        return url

    def username(self) -> str:
        name = self.text("username", limit=64).removeprefix("https://t.me/").removeprefix("@")
        if name and not _USERNAME.fullmatch(name):
            self.problems["username"] = said("Write the bot's name as in @my_shop_bot.")
        return name
