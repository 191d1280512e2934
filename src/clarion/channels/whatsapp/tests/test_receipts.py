"""What the gateways' calls tell. Payloads are worded after their documentation, read in November 2026."""

import hmac
import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from clarion.channels.base import HookItem, HookRequest
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.testing_receipts import Payload, ReceiptContract
from clarion.channels.whatsapp import CHANNEL
from clarion.channels.whatsapp.tests.making import CALLS, given


def call(told: Any, *, secret: str = CALLS, how: str = "header") -> HookRequest:
    body = json.dumps(told).encode()
    headers = {
        "header": {"x-hook-secret": secret},
        "bearer": {"authorization": f"Bearer {secret}"},
        "hmac": {"x-webhook-hmac": hmac.new(secret.encode(), body, "sha512").hexdigest()},
    }
    query = f"secret={secret}" if how == "query" else ""
    return HookRequest(method="POST", query=query, headers=headers.get(how, {}), body=body)


def waha_ack(ack: int, name: str) -> dict[str, Any]:
    payload = {
        "id": "true_4915112345670@c.us_3EB0AA", "from": "491700000000@c.us", "to": "4915112345670@c.us", "fromMe": True,
        "ack": ack, "ackName": name,
    }  # fmt: skip
    return {"id": "evt_1", "event": "message.ack", "session": "default", "timestamp": 1_780_000_000_000,
            "payload": payload}  # fmt: skip


def waha_message(**changes: Any) -> dict[str, Any]:
    payload = {
        "id": "false_4915112345670@c.us_AAAA", "timestamp": 1_780_000_000, "from": "4915112345670@c.us",
        "fromMe": False, "body": "Stop",
    }  # fmt: skip
    return {"event": "message", "session": "default", "payload": payload | changes}


class _Contract(ReceiptContract):
    channel = CHANNEL
    protocol: ClassVar[str]
    how: ClassVar[str] = "header"

    def signed(self, told: Any, secret: str = CALLS) -> HookRequest:
        return call(told, secret=secret, how=self.how)

    def forged(self) -> list[HookRequest]:
        request = self.payloads()[0].request
        return [
            replace(request, headers={}),
            replace(request, headers={}, query="secret=wrong"),
            call({"event": "x"}, secret="wrong", how="bearer"),
            call({"event": "x"}, secret="ümlaut", how="header"),
            replace(call({"event": "x"}, how="hmac"), body=b'{"event": "y"}'),
        ]

    def receipt(self, told: Any, kind: ReceiptKind, code: str, **facts: Any) -> Payload:
        event = {"kind": kind, "code": code, "provider_id": "3EB0AA", "address": "+4915112345670"} | facts
        return Payload(request=self.signed(told), events=[event])


class TestWaha(_Contract):
    protocol, how = "waha", "hmac"
    config = given("waha")

    def payloads(self) -> list[Payload]:
        return [
            self.receipt(waha_ack(2, "DEVICE"), ReceiptKind.DELIVERED, "DEVICE"),
            self.receipt(waha_ack(3, "READ"), ReceiptKind.READ, "READ"),
            self.receipt(waha_ack(-1, "ERROR"), ReceiptKind.BOUNCED_SOFT, "ERROR"),
            self.receipt(waha_ack(9, "SUNG"), ReceiptKind.UNKNOWN, "SUNG"),
            Payload(request=self.signed(waha_ack(1, "SERVER")), events=[]),
            Payload(request=self.signed({"event": "session.status", "payload": {"status": "WORKING"}}), events=[]),
            Payload(
                request=self.signed(waha_message()),
                events=[{"address": "+4915112345670", "text": "Stop", "event_id": "AAAA"}],
            ),
            Payload(
                request=self.signed(
                    waha_message(
                        **{"from": "77@lid", "_data": {"key": {"remoteJidAlt": "4915112345670@s.whatsapp.net"}}}
                    )
                ),
                events=[{"address": "+4915112345670", "text": "Stop"}],
            ),
            Payload(
                request=self.signed(waha_message(**{"from": "77@lid"})), events=[{"kind": ReceiptKind.UNKNOWN}]
            ),
            Payload(request=self.signed(waha_message(**{"from": "1203@g.us"})), events=[]),
            Payload(request=self.signed(waha_message(fromMe=True)), events=[]),
        ]  # fmt: skip


class TestEvolution(_Contract):
    protocol, how = "evolution", "bearer"
    config = given("evolution")

    def payloads(self) -> list[Payload]:
        def updated(status: str) -> dict[str, Any]:
            data = {
                "keyId": "3EB0AA", "remoteJid": "4915112345670@s.whatsapp.net", "fromMe": True, "status": status,
            }  # fmt: skip
            return {"event": "messages.update", "instance": "shop", "data": data}

        key = {"remoteJid": "4915112345670@s.whatsapp.net", "fromMe": False, "id": "BBBB"}
        said = {"key": key, "message": {"conversation": "Stop"}, "messageTimestamp": 1_780_000_000}
        longer = {"key": key, "message": {"extendedTextMessage": {"text": "Hello"}}}
        own = {"key": key | {"fromMe": True}, "message": {"conversation": "Hi"}}
        return [
            self.receipt(updated("DELIVERY_ACK"), ReceiptKind.DELIVERED, "DELIVERY_ACK"),
            self.receipt(updated("READ"), ReceiptKind.READ, "READ"),
            self.receipt(updated("ERROR"), ReceiptKind.BOUNCED_SOFT, "ERROR"),
            self.receipt(updated("SUNG"), ReceiptKind.UNKNOWN, "SUNG"),
            Payload(request=self.signed(updated("SERVER_ACK")), events=[]),
            Payload(
                request=self.signed({"event": "MESSAGES_UPSERT", "data": said}),
                events=[{"address": "+4915112345670", "text": "Stop", "event_id": "BBBB"}],
            ),
            Payload(
                request=self.signed({"event": "messages.upsert", "data": [longer, own]}),
                events=[{"text": "Hello"}],
            ),
            Payload(
                request=self.signed({"event": "connection.update", "data": {"state": "open"}}), events=[]
            ),
        ]


class TestGreenApi(_Contract):
    protocol, how = "greenapi", "bearer"
    config = given("greenapi")

    def payloads(self) -> list[Payload]:
        def status(word: str) -> dict[str, Any]:
            return {
                "typeWebhook": "outgoingMessageStatus", "chatId": "4915112345670@c.us", "idMessage": "3EB0AA",
                "instanceData": {"idInstance": 1101000001, "wid": "491700000000@c.us"}, "timestamp": 1_780_000_000,
                "status": word, "sendByApi": True,
            }  # fmt: skip

        def said(data: dict[str, Any], chat: str = "4915112345670@c.us") -> dict[str, Any]:
            return {
                "typeWebhook": "incomingMessageReceived", "timestamp": 1_780_000_000, "idMessage": "CCCC",
                "senderData": {"chatId": chat, "sender": "4915112345670@c.us"}, "messageData": data,
            }  # fmt: skip

        text = {"typeMessage": "textMessage", "textMessageData": {"textMessage": "Stop"}}
        return [
            self.receipt(status("delivered"), ReceiptKind.DELIVERED, "delivered"),
            self.receipt(status("read"), ReceiptKind.READ, "read"),
            self.receipt(status("failed"), ReceiptKind.BOUNCED_SOFT, "failed"),
            self.receipt(status("noAccount"), ReceiptKind.BOUNCED_HARD, "noAccount"),
            self.receipt(status("sung"), ReceiptKind.UNKNOWN, "sung"),
            Payload(request=self.signed(status("sent")), events=[]),
            Payload(
                request=self.signed(said(text)),
                events=[{"address": "+4915112345670", "text": "Stop", "event_id": "CCCC"}],
            ),
            Payload(
                request=self.signed(said({"extendedTextMessageData": {"text": "Hello"}})), events=[{"text": "Hello"}]
            ),
            Payload(request=self.signed(said(text, "1203@g.us")), events=[]),
            Payload(
                request=self.signed({"typeWebhook": "stateInstanceChanged", "stateInstance": "authorized"}), events=[]
            ),
        ]  # fmt: skip


@pytest.mark.parametrize("how", ["header", "bearer", "hmac", "query"])
def test_a_call_is_proven_in_each_way_that_gateways_can(how: str) -> None:
    found: list[HookItem] = CHANNEL.receipts(call(waha_ack(2, "DEVICE"), how=how), given("waha"))

    assert len(found) == 1


def test_an_answer_and_a_receipt_know_their_time() -> None:
    (receipt,) = CHANNEL.receipts(call(waha_ack(2, "DEVICE")), given("waha"))
    (reply,) = CHANNEL.receipts(call(waha_message()), given("waha"))

    assert isinstance(receipt, ReceiptEvent)
    assert isinstance(reply, Reply)
    assert receipt.occurred_at == reply.occurred_at
    assert receipt.occurred_at is not None
    assert receipt.occurred_at.year == 2026
