"""What a gateway calls us with: receipts and answers, with the secret that the sender's settings hold."""

import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from clarion.channels.base import HookItem, HookRefused, HookRequest, HookUnreadable
from clarion.channels.whatsapp.config import Config
from clarion.channels.whatsapp.transport import gateway_of
from clarion.lib import signatures


def parse(request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
    """Return what the call tells; see `clarion.channels.base.Channel.receipts`.

    It is proven by WAHA's signature (X-Webhook-Hmac, HMAC-SHA512 of the body), or by the secret itself: as
    `Authorization: Bearer …`, in X-Hook-Secret, or in the query as `secret`.
    """
    settings = Config.of(config)
    if not _is_theirs(request, settings.callback_secret):
        raise HookRefused("neither the signature nor the secret fits")
    if not request.body:
        raise HookUnreadable("empty")
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        raise HookUnreadable("not JSON") from None
    if not isinstance(told, dict):
        raise HookUnreadable("not an object")
    return gateway_of(settings).events(told)


def _is_theirs(request: HookRequest, secret: str) -> bool:
    if not secret:
        return False
    signature = request.headers.get("x-webhook-hmac")
    if signature is not None:
        expected = hmac.new(secret.encode(), request.body, "sha512").hexdigest()
        return hmac.compare_digest(signature.strip().lower().encode(), expected.encode())
    given = request.headers.get("x-hook-secret")
    if given is None and "authorization" in request.headers:
        given = request.headers["authorization"].removeprefix("Bearer ")
    if given is None:
        given = dict(parse_qsl(request.query, max_num_fields=20)).get("secret", "")
    return signatures.same(given, secret)
