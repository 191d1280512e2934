"""The settings of an Asterisk: where its REST interface is, which trunk calls go out by, and what its dialplan has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.voice.settings import Reader
from clarion.channels.voice.speech import ENGINES
from clarion.lib.sentences import said
from clarion.lib.settings_reader import Settings

SECRETS = frozenset({"password"})

#: How the exchange gets recordings that are made here: it fetches them from us, or both share a folder.
AUDIO = ("web", "folder")
_SCHEMES = {"ari": "http", "aris": "https"}
_CONTEXT = re.compile(r"[A-Za-z0-9_-]{1,79}", re.ASCII)
_ENDPOINT = re.compile(r"[A-Za-z0-9_]+/[^\s,]{1,200}", re.ASCII)
_ABSOLUTE = re.compile(r"/[^\0]{0,400}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config(Settings):
    """The settings after `check`. Its repr holds no secret."""

    url: str
    username: str
    password: str = ""
    #: Where a number is dialled, such as "PJSIP/{number}@trunk"; {digits} is the number without its plus.
    endpoint: str
    caller_id: str = ""
    #: The voice of texts that say none.
    voice: str = ""
    speech: str = "espeak-ng"
    audio: str = "web"
    audio_folder: str = ""
    #: Calls at once.
    connections: int = 1
    ring_seconds: int = 30
    #: Longest call without the time with whom one is put through to.
    max_seconds: int = 300
    #: Contexts of the dialplan: where machines are told from people, and where people are put through.
    amd_context: str = "clarion-amd"
    connect_context: str = "default"
    #: Seconds to wait for the end of a machine's greeting.
    greeting_seconds: int = 30
    record: bool = False
    #: Where recordings of calls can be heard; {name} is the recording's.
    recording_url: str = ""
    verify_certificate: bool = True
    allow_cleartext_login: bool = False
    connect_timeout: float = 10.0
    response_timeout: float = 30.0
    #: Where recordings of texts are kept that the exchange fetches.
    folder: str = ""

    def __repr__(self) -> str:
        return f"Config({self.url}, {self.endpoint})"

    def dialled(self, number: str) -> str:
        """Return the endpoint that rings a number in E.164 with its plus."""
        return self.endpoint.replace("{number}", number).replace("{digits}", number.removeprefix("+"))


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = Reader(config)
    context = said("Write the name of a context of the dialplan: letters, digits, - and _.")
    cleaned: dict[str, Any] = {
        "protocol": "ari",
        "url": reader.url("url"),
        "username": reader.visible("username", 100),
        "password": reader.visible("password", 200),
        "endpoint": reader.visible("endpoint", 240),
        "speech": reader.choice("speech", tuple(ENGINES), "espeak-ng"),
        "audio": reader.choice("audio", AUDIO, "web"),
        "audio_folder": reader.visible("audio_folder", 400),
        "amd_context": reader.matching("amd_context", _CONTEXT, context, "clarion-amd"),
        "connect_context": reader.matching("connect_context", _CONTEXT, context, "default"),
        "greeting_seconds": reader.whole("greeting_seconds", 30, 1, 120),
        "recording_url": reader.visible("recording_url", 500),
        **reader.common(),
    }
    problems = reader.problems
    if not cleaned["username"] or not cleaned["password"]:
        problems.setdefault("username", said("Give the user and the password of ari.conf."))
    endpoint = cleaned["endpoint"]
    if not _ENDPOINT.fullmatch(endpoint) or not ("{number}" in endpoint or "{digits}" in endpoint):
        problems.setdefault(
            "endpoint", said("Write where numbers are dialled, such as PJSIP/{number}@trunk.")
        )
    if cleaned["audio"] == "folder" and not _ABSOLUTE.fullmatch(cleaned["audio_folder"]):
        problems.setdefault(
            "audio_folder", said("Write the whole path of the folder, as /var/spool/clarion.")
        )
    if cleaned["recording_url"] and not cleaned["recording_url"].startswith(("https://", "http://")):
        problems.setdefault(
            "recording_url", said("Write an address that begins with https://, with {name} in it.")
        )
    reader.finish()
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `ari://user:password@host:8088?endpoint=PJSIP/{number}@trunk`, to be checked.

    `aris` is encrypted. Whoever writes a password into an `ari://` address has allowed it to go unencrypted. Any
    setting may follow as a query. Raises ConfigInvalid.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address is not a valid URL.")}) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigInvalid({"url": said("Write ari:// or aris://, the user, its password and the host.")})
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    config: dict[str, Any] = {
        "protocol": "ari",
        "url": f"{_SCHEMES[parts.scheme]}://{host}{f':{port}' if port else ''}{parts.path}",
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "allow_cleartext_login": parts.scheme == "ari",
    }
    known = Config.names()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config
