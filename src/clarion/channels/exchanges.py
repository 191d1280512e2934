"""What was said between us and a provider, for a person who looks for a fault: short, without secrets and people.

Shown of a request or an answer are its names, and values that look like words of the protocol. Texts are told by
their length, numbers and addresses by their ends, secrets not at all.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

#: Characters of a request or an answer that are kept, values shown of one, and levels of nested ones.
MAX_SHOWN = 2000
MAX_VALUES = 60
MAX_DEPTH = 6
HIDDEN = "••••"

_SECRET_NAMES = re.compile(
    r"pass|secret|token|auth|signature|api.?key|credential|session|p256dh", re.IGNORECASE
)
#: Names behind which stands what people wrote or are called.
_PERSONAL_NAMES = re.compile(
    r"^(text|body|message|content|caption|title|name|.*name|html|subject|description|header|payload|data|value)$",
    re.IGNORECASE,
)
#: Names behind which a provider explains itself.
_EXPLAINING = re.compile(
    r"^(message|details?|description|title|reason|more_info|error[a-z_]*|developer_?message)$", re.IGNORECASE
)
_PLAIN = re.compile(r"[A-Za-z0-9_.:/%+-]{1,60}", re.ASCII)
_DIGITS = re.compile(r"\+?\d(?:[ ()./-]?\d){5,}")
_MAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request with its answer; `is_ours` when we asked, else the provider called us."""

    is_ours: bool
    #: Such as "POST /v1/messages" or "submit_sm".
    what: str
    request: str = ""
    answer: str = ""
    #: Such as "HTTP 400" or "0x0B RINVDSTADR".
    status: str = ""
    #: The provider's own code, by which its documentation is found.
    code: str = ""
    failed: bool = False
    milliseconds: int = 0


class Recorder(Protocol):
    """Keeps some of a sender's exchanges: every failure within reason, and now and then a success."""

    def wants(self, failed: bool) -> bool:
        """Tell whether one would be kept now: so that nothing is put into words for nothing."""

    def add(self, exchange: Exchange) -> None:
        """Keep it. Does no input or output."""


@runtime_checkable
class Recorded(Protocol):
    """A transport whose exchanges can be kept."""

    def record(self, recorder: Recorder) -> None:
        """Use the recorder from now on."""


def shown_fields(fields: Any, secrets: Iterable[str] = (), *, explains: bool = False) -> str:
    """Return fields as `name=value` lines, what is not to be seen left out.

    What a provider `explains` is told in its words, numbers and addresses masked.
    """
    lines: list[str] = []
    _walk(fields, "", lines, 0, explains)
    return without("\n".join(lines), secrets)[:MAX_SHOWN]


def shown_body(body: bytes, secrets: Iterable[str] = ()) -> str:
    """Return an answer: JSON as its fields, other text with numbers and addresses masked."""
    text = body[: MAX_SHOWN * 4].decode("utf-8", "replace").strip()
    if text[:1] in ("{", "["):
        try:
            return shown_fields(json.loads(body), secrets, explains=True)
        except (ValueError, RecursionError):
            pass
    return without(masked(text), secrets)[:MAX_SHOWN]


def masked(text: str) -> str:
    """Return text with what looks like a mail address or a telephone number cut to its ends."""
    return _DIGITS.sub(lambda found: f"…{found[0][-2:]}", _MAIL.sub(lambda found: f"{found[0][0]}…@…", text))


def without(text: str, secrets: Iterable[str]) -> str:
    """Return text in which no secret of four or more characters stands."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    return text.replace("\x00", "")


def _walk(value: Any, name: str, lines: list[str], depth: int, explains: bool) -> None:
    if len(lines) >= MAX_VALUES or depth > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        for key, below in value.items():
            _walk(below, f"{name}.{key}" if name else str(key), lines, depth + 1, explains)
    elif isinstance(value, list | tuple):
        pairs = all(isinstance(one, tuple) and len(one) == 2 for one in value)
        for number, below in enumerate(value):
            if pairs:
                _walk(below[1], f"{name}.{below[0]}" if name else str(below[0]), lines, depth + 1, explains)
            else:
                _walk(below, f"{name}.{number}" if name else str(number), lines, depth + 1, explains)
    else:
        lines.append(f"{name[:80]}={_shown(name.rpartition('.')[2], value, explains)}")


def _shown(name: str, value: Any, explains: bool) -> str:
    if value is None or isinstance(value, bool | float):
        return str(value)
    text = str(value)
    if not text or _SECRET_NAMES.search(name):
        return HIDDEN if text else ""
    if explains and _EXPLAINING.match(name):
        return " ".join(masked(text[:400]).split())
    if text.startswith(("http://", "https://")):
        return f"{text.split(':')[0]}://{urlsplit(text).hostname}/…"
    if _MAIL.search(text) or (_DIGITS.fullmatch(text) and len(text) > 6):
        return masked(text)
    if _PERSONAL_NAMES.match(name) or not _PLAIN.fullmatch(text):
        return f"({len(text)} characters)"
    return masked(text) if len(text) < 20 else text[:60]
