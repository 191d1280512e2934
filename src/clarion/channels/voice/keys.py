"""What the keys of the telephone do after, or during, the message."""

import re
from dataclasses import dataclass

from clarion.lib.sentences import said

#: reply: note the answer and end · repeat: play the message again · connect: put through · stop: call no more.
ACTIONS = ("reply", "repeat", "connect", "stop")
MAX_KEYS = 12
MAX_LABEL = 64

_KEY = re.compile(r"[0-9*#]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it means in words, and what it does."""

    key: str
    label: str
    action: str = "reply"


def parse(text: str) -> dict[str, Key]:
    """Read keys, one a line: the key, | and what it means, and perhaps | and what it does. Raises ValueError."""
    found: dict[str, Key] = {}
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), start=1):
        parts = [part.strip() for part in line.split("|")]
        key, label = parts[0], parts[1] if len(parts) > 1 else ""
        action = (parts[2] if len(parts) > 2 else "").lower() or "reply"
        if not _KEY.fullmatch(key) or not label or len(parts) > 3:
            raise ValueError(
                said("Line %(number)s: write a key (0 to 9, * or #), |, and what it means.", number=number)
            )
        if len(label) > MAX_LABEL or not label.isprintable():
            raise ValueError(
                said(
                    "Line %(number)s: what a key means has at most %(limit)s characters.",
                    number=number,
                    limit=MAX_LABEL,
                )
            )
        if action not in ACTIONS:
            raise ValueError(
                said(
                    "Line %(number)s: a key does one of these: %(choices)s.",
                    number=number,
                    choices=", ".join(ACTIONS),
                )
            )
        if key in found:
            raise ValueError(said("Line %(number)s: %(key)s is there twice.", number=number, key=key))
        found[key] = Key(key, label, action)
    if len(found) > MAX_KEYS:
        raise ValueError(said("There are at most %(limit)s keys.", limit=MAX_KEYS))
    return found
