"""A channel whose provider rings: JSON with an HMAC, our ids or its own. For tests of the way, not of a provider."""

import json
from collections.abc import Mapping
from typing import Any

from clarion.channels.base import HookAnswer, HookItem, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.sandbox.channel import SandboxChannel
from clarion.lib import signatures

SECRET = "bell-s3cret"


class BellChannel(SandboxChannel):
    name = "bell"
    tracks_provider_ids = True

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return super().check_config({k: v for k, v in config.items() if k != "secret"}) | {
            "secret": config.get("secret", "")
        }

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        if request.method == "GET":
            return [HookAnswer(body=b"challenge")]
        given = request.headers.get("x-bell", "")
        if not signatures.hex_matches(given, key=config["secret"], message=request.body):
            raise HookRefused("signature")
        try:
            told = json.loads(request.body)
        except ValueError:
            raise HookUnreadable("not JSON") from None
        return [_item(one) for one in told]


def _item(one: dict[str, Any]) -> HookItem:
    if "text" in one:
        return Reply(address=one["address"], text=one["text"], event_id=one.get("event_id", ""))
    try:
        kind = ReceiptKind(one.pop("kind"))
    except ValueError:
        kind = ReceiptKind.UNKNOWN
    return ReceiptEvent(kind=kind, **one, raw=dict(one))


CHANNEL = BellChannel()
