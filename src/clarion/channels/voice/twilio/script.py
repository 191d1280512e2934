"""What a call says and does, as the provider carries it and as it is told to it (TwiML).

A call's script goes along in the addresses that the provider calls: packed, and sealed with the account's token, so
that neither what is said nor what keys mean stands in anybody's log. Nothing is kept here between two requests.
https://www.twilio.com/docs/voice/twiml
"""

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import orjson

from clarion.channels.voice.keys import Key
from clarion.channels.voice.payload import Call
from clarion.lib.sealing import SealBroken, Sealer

#: Characters of an address, and of a document that goes with the request.
MAX_URL = 4000
MAX_INLINE = 4000
#: How often a message is said again because a person asked.
MOST_REPEATS = 5
#: Octets of an unpacked script.
_MOST_OCTETS = 20_000
_OWNER = "call"
_NUMBER = re.compile(r"\+?[0-9]{3,15}", re.ASCII)
#: Languages whose usual country has not their own letters.
_COUNTRIES = {
    "en": "US", "sv": "SE", "da": "DK", "cs": "CZ", "el": "GR", "ja": "JP", "ko": "KR", "zh": "CN", "nb": "NO",
    "uk": "UA", "hi": "IN", "he": "IL", "ar": "AE", "vi": "VN", "ca": "ES",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """All of a call that its documents need."""

    text: str
    #: A recording that is played in place of the text; empty for none.
    media: str = ""
    voice: str = ""
    amd: str = "off"
    keys: Mapping[str, Key]
    key_seconds: int = 5
    connects_all: bool = False
    connect_to: str = ""
    caller_id: str = ""

    @property
    def has_questions(self) -> bool:
        """Whether the provider has to ask us what follows: who answers, and which key, is not known before."""
        return bool(self.keys) or self.amd != "off"

    @property
    def connects(self) -> bool:
        return bool(self.connect_to) and (
            self.connects_all or any(one.action == "connect" for one in self.keys.values())
        )


def script_of(call: Call) -> Script:
    """Return the script of a composed call."""
    plan = call.plan
    return Script(
        text=call.text, media=call.media, voice=plan.voice, amd=plan.amd, keys=plan.keys,
        key_seconds=int(plan.key_seconds), connects_all=plan.connects_all, connect_to=plan.connect_to,
        caller_id=plan.caller_id,
    )  # fmt: skip


def packer(token: str) -> Callable[[Script], str]:
    """Return what packs scripts with an account's token, and shows nothing of it."""
    return lambda script: packed(script, token=token)


def packed(script: Script, *, token: str) -> str:
    """Return the script as it stands in an address."""
    facts = [
        script.text, script.media, script.voice, script.amd,
        [[one.key, one.label, one.action] for one in script.keys.values()], script.key_seconds,
        script.connects_all, script.connect_to, script.caller_id,
    ]  # fmt: skip
    box = _sealer(token).seal(zlib.compress(orjson.dumps(facts), 9), owner=_OWNER)
    return base64.urlsafe_b64encode(box).decode().rstrip("=")


def unpacked(text: str, *, token: str) -> Script:
    """Return what `packed` was given. Raises ValueError for anything else."""
    try:
        box = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        opened = zlib.decompressobj().decompress(_sealer(token).open(box, owner=_OWNER), _MOST_OCTETS)
        said, media, voice, amd, keys, seconds, connects_all, connect_to, caller_id = orjson.loads(opened)
        return Script(
            text=said, media=media, voice=voice, amd=amd, keys={one[0]: Key(*one) for one in keys},
            key_seconds=seconds, connects_all=connects_all, connect_to=connect_to, caller_id=caller_id,
        )  # fmt: skip
    except (SealBroken, binascii.Error, zlib.error, TypeError, IndexError):
        raise ValueError("not a script of ours") from None


def _sealer(token: str) -> Sealer:
    return Sealer((token,), purpose="voice-script")


def opening(script: Script, *, answered_by: str = "", key_url: str = "", connect_url: str = "") -> str:
    """Return what is done once somebody, or something, has answered."""
    is_machine = answered_by.startswith("machine") or answered_by == "fax"
    if script.amd != "off" and is_machine:
        leaves = script.amd == "leave" and answered_by != "fax"
        return document(said(script) if leaves else "", "<Hangup/>")
    if not script.keys:
        return document(said(script), after(script, connect_url))
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{script.key_seconds}" finishOnKey=""'
        f" action={quoteattr(key_url)}>{said(script)}</Gather>"
    )
    return document(gather, after(script, connect_url))


def after(script: Script, connect_url: str) -> str:
    """Return what follows the message, or a key that changes nothing."""
    return connected(script, connect_url) if script.connects_all else "<Hangup/>"


def connected(script: Script, connect_url: str) -> str:
    """Return what puts the person through: to a number, or into a queue of that name."""
    if not script.connect_to:
        return "<Hangup/>"
    if not _NUMBER.fullmatch(script.connect_to):
        return f"<Enqueue action={quoteattr(connect_url)}>{escape(script.connect_to)}</Enqueue>"
    caller = f" callerId={quoteattr(script.caller_id)}" if script.caller_id else ""
    return (
        f"<Dial{caller} action={quoteattr(connect_url)}><Number>{escape(script.connect_to)}</Number></Dial>"
    )


def said(script: Script) -> str:
    """Return the message itself."""
    if script.media:
        return f"<Play>{escape(script.media)}</Play>"
    return f"<Say{_voice(script.voice)}>{escape(_visible(script.text))}</Say>"


def document(*parts: str) -> str:
    """Return a whole document."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(parts)}</Response>'


def _voice(voice: str) -> str:
    """Return a voice by its name (with a dot or capitals), or the language that it is."""
    name = voice.partition("+")[0]
    if not name:
        return ""
    if "." in name or (name[:1].isupper() and "-" not in name):
        return f" voice={quoteattr(name)}"
    language, _, country = name.partition("-")
    country = (country or _COUNTRIES.get(language.lower(), language)).upper()
    return f" language={quoteattr(f'{language.lower()}-{country}')}"


def _visible(text: str) -> str:
    """Return text without what XML 1.0 has no place for."""
    return "".join(one for one in text if one in "\n\t" or (one >= " " and one not in "\ufffe\uffff"))
