"""The settings of an account at Twilio."""

import re
from collections.abc import Mapping
from typing import Any

from clarion.channels.sms.web import Reader
from clarion.lib.sentences import said

SECRETS = frozenset({"auth_token"})
#: Where Twilio's API is; others that are shaped like it have addresses of their own.
BASE = "https://api.twilio.com/2010-04-01"
_SID = re.compile(r"[A-Za-z0-9_-]{2,64}", re.ASCII)
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}", re.ASCII)
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11}", re.ASCII)


def check(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings cleaned and complete. Raises ConfigInvalid."""
    reader = Reader(config)
    cleaned: dict[str, Any] = {
        "protocol": "twilio",
        "base_url": reader.url("base_url", BASE).rstrip("/"),
        "account_sid": reader.visible("account_sid", 64),
        "auth_token": reader.visible("auth_token", 200),
        "source": reader.visible("source", 40),
        "validity_minutes": reader.whole("validity_minutes", 0, 0, 600),
        **reader.common(),
    }
    problems = reader.problems
    if not _SID.fullmatch(cleaned["account_sid"]):
        problems.setdefault("account_sid", said("Give the account's SID, which begins with AC."))
    if not cleaned["auth_token"]:
        problems.setdefault("auth_token", said("Give the account's auth token: it also proves who calls us."))
    if not (_SERVICE.fullmatch(cleaned["source"]) or _SENDER.fullmatch(cleaned["source"])):
        problems.setdefault(
            "source", said("Write a number with +, a short code, a name, or a messaging service's SID (MG…).")
        )
    reader.finish()
    return cleaned


def is_service(source: str) -> bool:
    """Tell whether the sender is a messaging service, which chooses the number itself."""
    return bool(_SERVICE.fullmatch(source))
