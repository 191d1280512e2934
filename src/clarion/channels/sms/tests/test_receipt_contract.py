"""The SMPP parser keeps the contract of parsers. A session is signed in, so there is no signature."""

from clarion.channels.base import HookItem, HookRequest
from clarion.channels.events import ReceiptKind
from clarion.channels.sms import pdu
from clarion.channels.sms.pdu import BodyInvalid, Command, ShortMessage
from clarion.channels.sms.receipts import read
from clarion.channels.sms.tests.making import make_config
from clarion.channels.testing_receipts import ParserContract, Payload


def brought(text: bytes, esm_class: int = 4) -> HookRequest:
    message = ShortMessage(
        source=b"4915112345670", source_ton=1, dest=b"Shop", esm_class=esm_class, text=text
    )
    return HookRequest(method="deliver_sm", body=pdu.short_message_body(message))


class TestSmppReceipts(ParserContract):
    def payloads(self) -> list[Payload]:
        #: Forms that centres are known to write: the standard's, Kannel's, one with seconds, one without most fields.
        return [
            Payload(
                request=brought(
                    b"id:1d4c2a sub:001 dlvrd:001 submit date:2611211158 done date:2611211200 "
                    b"stat:DELIVRD err:000 text:Hi"
                ),
                events=[{"kind": ReceiptKind.DELIVERED, "provider_id": "1d4c2a", "code": "DELIVRD"}],
            ),
            Payload(
                request=brought(b"id:7 sub:001 dlvrd:000 done date:261121120000 stat:UNDELIV err:27"),
                events=[{"kind": ReceiptKind.BOUNCED_SOFT, "provider_id": "7", "code": "UNDELIV 27"}],
            ),
            Payload(
                request=brought(b"ID:8 Stat:EXPIRED Err:0 Text:"),
                events=[{"kind": ReceiptKind.BOUNCED_SOFT, "provider_id": "8", "code": "EXPIRED"}],
            ),
            Payload(
                request=brought(b"id:9 stat:VANISHED err:001"),
                events=[{"kind": ReceiptKind.UNKNOWN, "provider_id": "9", "code": "VANISHED 001"}],
            ),
            Payload(request=brought(b"STOP", 0), events=[{"address": "+4915112345670", "text": "STOP"}]),
        ]  # fmt: skip

    def read(self, request: HookRequest) -> list[HookItem]:
        try:
            return [read(Command.DELIVER_SM, request.body, make_config())]
        except BodyInvalid:
            return []
