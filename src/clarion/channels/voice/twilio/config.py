"""The settings of an account at Twilio that makes calls."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clarion.channels.base import ConfigInvalid
from clarion.channels.voice.settings import Reader
from clarion.lib.sentences import said

SECRETS = frozenset({"auth_token"})
#: Where Twilio's API is; others that are shaped like it have addresses of their own.
BASE = "https://api.twilio.com/2010-04-01"
_SID = re.compile(r"[A-Za-z0-9_-]{2,64}", re.ASCII)


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid with a sentence for each bad field."""
    reader = Reader(config)
    cleaned: dict[str, Any] = {
        "protocol": "twilio",
        "base_url": reader.url("base_url", BASE),
        "account_sid": reader.matching(
            "account_sid", _SID, said("Give the account's SID, which begins with AC.")
        ),
        "auth_token": reader.visible("auth_token", 200),
        **reader.common(),
    }
    problems = reader.problems
    if not cleaned["account_sid"]:
        problems.setdefault("account_sid", said("Give the account's SID, which begins with AC."))
    if not cleaned["auth_token"]:
        problems.setdefault("auth_token", said("Give the account's auth token: it also proves who calls us."))
    if not cleaned["caller_id"]:
        problems.setdefault(
            "caller_id", said("Give the number that calls: one of the account's, or one verified there.")
        )
    reader.finish()
    return cleaned


def config_from_url(url: str) -> dict[str, Any]:
    """Return settings from `twilio://SID:token@`, to be checked. A host after it is an API of that shape."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigInvalid({"url": said("The address is not a valid URL.")}) from None
    config: dict[str, Any] = {
        "protocol": "twilio",
        "account_sid": unquote(parts.username or ""),
        "auth_token": unquote(parts.password or ""),
    }
    if parts.hostname:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        config["base_url"] = f"https://{host}{f':{port}' if port else ''}{parts.path}"
    known = {"base_url", "account_sid", "auth_token", *Reader({}).common()}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in known:
            raise ConfigInvalid({"url": said("There is no setting “%(name)s”.", name=name)})
        config[name] = value
    return config
