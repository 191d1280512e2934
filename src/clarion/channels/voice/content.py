"""What a call says and does: a text or a recording, keys, machines, retries; checked when it is saved."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.channels.voice import keys
from clarion.channels.voice.dispositions import Retries
from clarion.lib import templating
from clarion.lib.sentences import said, told

#: Characters of the template, and of what is spoken once it is filled in: about four minutes.
MAX_TEMPLATE = 20_000
MAX_SPOKEN = 3_000
#: Calls beside the first one. The engine makes six attempts in all.
MAX_RETRIES = 5

#: Calls of one campaign at once.
MAX_AT_ONCE = 1000

#: off: everybody is talked to · hang_up: a machine is hung up on · leave: the message is left after the beep.
AMD = ("off", "hang_up", "leave")
#: Who is put through when they answer: nobody (but by a key), or everybody after the message.
CONNECT = ("key", "all")
_WAITS = ("retry_busy", "retry_no_answer", "retry_congestion", "retry_failed")

#: A recording: a sound of the exchange's own, or an address.
_MEDIA = re.compile(r"sound:[A-Za-z0-9_./-]{1,200}|https?://\S{1,2000}", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9*#]{2,20}|[A-Za-z0-9_.-]{1,40}", re.ASCII)
_VOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}", re.ASCII)
_TAG = "\ue000"


def check(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content cleaned. Raises ConfigInvalid with a sentence for each bad field."""
    reader = _Reader(content)
    cleaned: dict[str, Any] = {
        "text": reader.template("text"),
        "media_url": reader.template("media_url").strip(),
        "voice": reader.pattern("voice", _VOICE, said("Write a voice such as en-us or de, without spaces.")),
        "speed": reader.whole("speed", 0, 0, 400),
        "caller_id": reader.pattern(
            "caller_id", _NUMBER, said("Write the number that is shown, with + and its country.")
        ),
        "amd": reader.choice("amd", AMD, "off"),
        "keys": reader.keys(),
        "key_seconds": reader.whole("key_seconds", 5, 1, 60),
        "connect": reader.choice("connect", CONNECT, "key"),
        "connect_to": reader.pattern(
            "connect_to", _NUMBER, said("Write the extension or number to put through to.")
        ),
        "at_once": reader.whole("at_once", 0, 0, MAX_AT_ONCE),
        "retries": reader.whole("retries", 0, 0, MAX_RETRIES),
        **{name: reader.whole(name, 60, 1, 86_400) for name in _WAITS},
    }
    problems = reader.problems
    if str(content.get("html") or "").strip():
        problems["html"] = said("A call speaks plain text: choose “Text only”.")
    if not cleaned["text"].strip() and not cleaned["media_url"]:
        problems.setdefault("text", said("Write what is to be said."))
    _check_media(cleaned, problems)
    connects = cleaned["connect"] == "all" or any(k.action == "connect" for k in keys_of(cleaned).values())
    if connects and not cleaned["connect_to"]:
        problems.setdefault("connect_to", said("Say to which extension or number people are put through."))
    for part in parts_of(cleaned):
        if part.name not in problems:
            try:
                templating.check(part)
            except templating.TemplateInvalid as error:
                problems[part.name] = told(error)
    if problems:
        raise ConfigInvalid(problems)
    return cleaned


def parts_of(content: Mapping[str, Any]) -> list[templating.Part]:
    """Return the templates of a checked content: the text, and the recording's address."""
    return [templating.Part(name, str(content[name])) for name in ("text", "media_url")]


def keys_of(content: Mapping[str, Any]) -> dict[str, keys.Key]:
    """Return the keys of a checked content."""
    try:
        return keys.parse(str(content["keys"]))
    except ValueError:
        return {}


def retries_of(content: Mapping[str, Any]) -> Retries:
    """Return how often a checked content is tried again."""
    return Retries(content["retries"], *(float(content[name]) for name in _WAITS))


def _check_media(cleaned: Mapping[str, Any], problems: dict[str, str]) -> None:
    media = "".join(_TAG if is_tag else piece for piece, is_tag in templating.split(cleaned["media_url"]))
    if media and not media.startswith(_TAG) and not _MEDIA.fullmatch(media.replace(_TAG, "x")):
        problems.setdefault(
            "media_url", said("Write an address that begins with https://, or sound: and a sound's name.")
        )


def misfit(content: Mapping[str, Any], protocol: str) -> str:
    """Return why senders of a protocol cannot make calls of a checked content; "" when they can."""
    if protocol != "ari" and content["media_url"].startswith("sound:"):
        return said("A sound of the exchange's own cannot be played by a provider on the web.")
    return ""


def is_media(text: str) -> bool:
    """Whether a filled-in recording is one."""
    return _MEDIA.fullmatch(text) is not None


class _Reader:
    """Reads fields out of a mapping whose values may all be text, and gathers what is wrong."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self.problems: dict[str, str] = {}

    def template(self, name: str) -> str:
        value = self._content.get(name) or ""
        if not isinstance(value, str):
            raise ConfigInvalid({name: said("This must be text.")})
        if len(value) > MAX_TEMPLATE:
            self.problems[name] = said("This must be at most %(limit)s characters.", limit=MAX_TEMPLATE)
            return ""
        return value.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")

    def pattern(self, name: str, wanted: re.Pattern[str], sentence: str) -> str:
        value = str(self._content.get(name) or "").strip()
        if value and not wanted.fullmatch(value):
            self.problems[name] = sentence
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = str(self._content.get(name) or default)
        if value not in choices:
            self.problems[name] = said("Choose one of: %(choices)s.", choices=", ".join(choices))
        return value

    def keys(self) -> str:
        value = str(self._content.get("keys") or "").replace("\r\n", "\n").strip()
        try:
            keys.parse(value)
        except ValueError as error:
            self.problems["keys"] = told(error)
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        given = self._content.get(name)
        if given is None or given == "":
            return default
        try:
            number = int(str(given))
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            self.problems[name] = said(
                "This must be a whole number between %(low)s and %(high)s.", low=low, high=high
            )
            return default
        return number
