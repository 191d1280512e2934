"""What Telegram calls us with: an update each time, of the kinds that `updates` reads.

A call brings the secret that was given with the address, in X-Telegram-Bot-Api-Secret-Token. Its answer may hold a
method for Telegram to carry out, which is how a welcome is said.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from clarion.channels.base import HookAnswer, HookItem, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import Joined, ReceiptEvent, ReceiptKind
from clarion.channels.telegram import webhook
from clarion.channels.telegram.updates import KINDS, event_of
from clarion.lib import signatures


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells; see `clarion.channels.base.Channel.receipts`. Nothing where the bot is asked."""
    given = request.headers.get(webhook.HEADER, "")
    if not signatures.same(given, webhook.secret_of(str(config.get("token") or ""))):
        raise HookRefused("the secret does not fit")
    try:
        update = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise HookUnreadable("not JSON") from None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise HookUnreadable("no update")
    if not config.get("reads_updates") or config.get("updates") != "call":
        return []
    if not any(kind in update for kind in KINDS):
        kinds = sorted(name[:40] for name in update if name != "update_id")[:5]
        about = f"update-{update['update_id']}"[:120]
        return [ReceiptEvent(kind=ReceiptKind.UNKNOWN, provider_id=about, raw={"update": kinds})]
    event = event_of(update)
    if event is None:
        return []
    return [event, *_welcome(event, config)]


def _welcome(event: object, config: Mapping[str, Any]) -> list[HookItem]:
    """Return the answer that welcomes whoever followed a link of their own, or becomes a contact by starting."""
    text = str(config.get("welcome") or "")
    if not text or not isinstance(event, Joined) or not (event.payload or config.get("newcomers") == "add"):
        return []
    said = {"method": "sendMessage", "chat_id": int(event.address), "text": text}
    return [HookAnswer(body=orjson.dumps(said), content_type="application/json")]
