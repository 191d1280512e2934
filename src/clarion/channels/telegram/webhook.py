"""Letting Telegram call instead of asking it: the address is entered at the bot, with a secret that each call brings.

The secret is made of the token, so there is nothing to keep: who knows the one could have the other.
https://core.telegram.org/bots/api#setwebhook, read in November 2026.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.channels.telegram.config import Config
from clarion.channels.telegram.transport import client_of
from clarion.channels.telegram.updates import KINDS, ask

#: The header that brings the secret.
HEADER = "x-telegram-bot-api-secret-token"
#: Calls at once: one after the other keeps what a person did in its order, also when a call is repeated.
CALLS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What Telegram says of a bot's webhook; an empty address when it has none."""

    url: str
    #: Updates that wait to be told.
    waiting: int = 0
    #: Why the latest call failed that did.
    failure: str = ""


def secret_of(token: str) -> str:
    """Return what calls about the bot bring; "" without a token."""
    return hmac.new(token.encode(), b"clarion webhook", "sha256").hexdigest() if token else ""


async def enter(config: Config, url: str) -> None:
    """Have Telegram call this address. Raises NotRead. Doing it again changes nothing."""
    body = {
        "url": url, "secret_token": secret_of(config.token), "allowed_updates": KINDS, "max_connections": CALLS,
    }  # fmt: skip
    await _ask(config, "setWebhook", body)


async def take_back(config: Config, url: str) -> bool:
    """Have Telegram call this address no more, and return whether it did; another's is left. Raises NotRead."""
    if (await standing(config)).url != url:
        return False
    await _ask(config, "deleteWebhook", {"drop_pending_updates": False})
    return True


async def standing(config: Config) -> Standing:
    """Ask where the bot's updates go. Raises NotRead."""
    told = await _ask(config, "getWebhookInfo", {})
    facts: Mapping[str, Any] = told if isinstance(told, dict) else {}
    waiting = facts.get("pending_update_count")
    return Standing(
        url=str(facts.get("url") or ""), waiting=waiting if isinstance(waiting, int) else 0,
        failure=str(facts.get("last_error_message") or "")[:200],
    )  # fmt: skip


async def _ask(config: Config, method: str, body: Mapping[str, Any]) -> Any:
    http = client_of(config, connections=1)
    try:
        return await ask(http, method, body)
    finally:
        await http.aclose()
