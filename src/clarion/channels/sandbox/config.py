"""The settings of a sandbox sender."""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.sandbox.behaviour import SHARES
from clarion.lib.sentences import said

#: name -> (default, lowest, highest).
NUMBERS: dict[str, tuple[float, float, float]] = {
    "latency_seconds": (0.0, 0.0, 60.0),
    "receipt_delay_seconds": (1.0, 0.0, 86_400.0),
    "connections": (10, 1, 1000),
    **{name: (0.0, 0.0, 1.0) for name, _ in SHARES},
}


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    problems: dict[str, str] = {}
    cleaned: dict[str, Any] = {}
    for name, (default, low, high) in NUMBERS.items():
        value = config.get(name)
        try:
            number = default if value is None or value == "" else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not low <= number <= high:
            problems[name] = said("This must be a number between %(low)s and %(high)s.", low=low, high=high)
        cleaned[name] = number
    if not problems and sum(cleaned[name] for name, _ in SHARES) > 1.000001:
        problems["refuse_share"] = said("The shares are more than one together.")
    outbox = config.get("outbox") or ""
    if not isinstance(outbox, str) or "\0" in outbox:
        problems["outbox"] = said("This must be the name of a directory.")
    cleaned["outbox"] = outbox
    token = config.get("token") or ""
    cleaned["token"] = token if isinstance(token, str) else ""
    if problems:
        raise ConfigInvalid(problems)
    cleaned["connections"] = int(cleaned["connections"])
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `sandbox:?name=value`, to be checked. Raises ConfigInvalid."""
    parts = urlsplit(url or "sandbox:")
    if parts.scheme != "sandbox":
        raise ConfigInvalid({"url": said("Write sandbox: and settings, such as sandbox:?refuse_share=0.1.")})
    config = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in config:
        if name not in NUMBERS and name != "outbox":
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
    return config
