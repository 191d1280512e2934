"""One call before it is made: to whom, what is said, and what may happen then."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clarion.channels.voice.dispositions import Retries
from clarion.channels.voice.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is the same for every call of a run."""

    caller_id: str = ""
    voice: str = ""
    #: Words a minute of a synthetic voice; 0 leaves it to the voice.
    speed: int = 0
    #: See `content.AMD`.
    amd: str = "off"
    keys: Mapping[str, Key] = field(default_factory=dict)
    key_seconds: float = 5.0
    #: Whether everybody who answers is put through after the message.
    connects_all: bool = False
    connect_to: str = ""
    retries: Retries = field(default_factory=Retries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `text` is spoken unless there is a recording (`media`: "sound:…" or an address)."""

    to: str
    #: Which call it is of this delivery's, from 1.
    attempt: int
    text: str
    media: str
    #: The name of the text's recording (`speech.name_of`), and the address at which we serve it.
    speech: str = ""
    speech_url: str = ""
    plan: Plan
