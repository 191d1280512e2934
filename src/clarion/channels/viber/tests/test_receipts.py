"""What Viber's calls tell. Payloads are worded after its documentation of business messages, as of November 2026."""

import hmac
import json
from dataclasses import replace
from typing import Any

from clarion.channels.base import HookRequest
from clarion.channels.events import ReceiptKind
from clarion.channels.testing_receipts import Payload, ReceiptContract
from clarion.channels.viber import CHANNEL
from clarion.channels.viber.tests.making import given
from clarion.channels.viber.tests.server import TOKEN


def call(told: Any, *, token: str = TOKEN) -> HookRequest:
    body = json.dumps(told).encode()
    signature = hmac.new(token.encode(), body, "sha256").hexdigest()
    return HookRequest(method="POST", headers={"x-viber-content-signature": signature}, body=body)


def status(number: int, **more: Any) -> dict[str, Any]:
    return {
        "message_token": "4912661846655238145", "message_status": number, "message_time": 1_780_000_000_000,
        "phone_number": "4915112345670", "service_id": 4711,
    } | more  # fmt: skip


class TestViber(ReceiptContract):
    channel = CHANNEL
    config = given()

    def payloads(self) -> list[Payload]:
        def receipt(told: dict[str, Any], kind: ReceiptKind, code: str, **facts: Any) -> Payload:
            event = {"kind": kind, "code": code, "provider_id": "4912661846655238145"} | facts
            return Payload(request=call(told), events=[event])

        answer = {
            "message_token": "5040960142", "phone_number": "4915112345670", "time": 1_780_000_000_000,
            "message": {"text": "Stop", "tracking_data": "3.48"},
        }  # fmt: skip
        event = {"message_token": "4912661846655238145", "timestamp": 1_780_000_000_000, "user_id": "01234="}
        return [
            receipt(status(0), ReceiptKind.DELIVERED, "0", address="+4915112345670", delivery_id=None),
            receipt(status(1, tracking_data="3.48"), ReceiptKind.READ, "1", run_id=3, delivery_id=48),
            receipt(status(2), ReceiptKind.BOUNCED_SOFT, "2"),
            receipt(status(9), ReceiptKind.UNKNOWN, "9"),
            receipt(event | {"event": "delivered"}, ReceiptKind.DELIVERED, "delivered"),
            receipt(event | {"event": "seen"}, ReceiptKind.READ, "seen"),
            receipt(event | {"event": "failed", "desc": "x"}, ReceiptKind.BOUNCED_SOFT, "failed", detail="x"),
            receipt(event | {"event": "unsubscribed"}, ReceiptKind.UNSUBSCRIBED, "unsubscribed"),
            Payload(request=call(event | {"event": "webhook"}), events=[]),
            Payload(
                request=call(answer),
                events=[{"address": "+4915112345670", "text": "Stop", "run_id": 3, "delivery_id": 48}],
            ),
        ]

    def forged(self) -> list[HookRequest]:
        real = call(status(0))
        return [
            replace(real, headers={}),
            call(status(0), token="wrong"),
            replace(real, body=call(status(1)).body),
            replace(real, headers={"x-viber-content-signature": "ümlaut"}),
        ]
