"""Twilio: the contract every channel keeps, what its codes mean, and its signed calls."""

import base64
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from clarion.channels.base import ConfigInvalid, HookAnswer, HookRefused, HookRequest, HookUnreadable
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.sms import CHANNEL
from clarion.channels.sms.tests.web_server import SID, TOKEN, Provider
from clarion.channels.sms.web import Builder
from clarion.channels.testing import Case, HandOvers, TransportContract
from clarion.channels.testing_receipts import Payload, ReceiptContract
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Reason, Refused, Scope
from clarion.engine.ports import Transport

HOOK = "https://clarion.example.test/hooks/0a0a/"
DIGITS = {
    Case.ACCEPTS: "0", Case.THROTTLES: "8", Case.THROTTLES_FOR: "8", Case.REFUSES_CREDENTIALS: "0",
    Case.REFUSES_RECIPIENT: "9", Case.LOSES_CONNECTION: "2", Case.HANGS: "1",
}  # fmt: skip


def make_config(base: str = "https://api.example.test", **changes: Any) -> dict[str, Any]:
    given = {
        "protocol": "twilio",
        "base_url": base,
        "account_sid": SID,
        "auth_token": TOKEN,
        "source": "+15005550006",
    }
    return CHANNEL.check_config(given | changes) | {"hook_url": HOOK}


def make_message(digit: str = "0", text: str = "Grüße") -> Message:
    sms = Builder(6).build(address=f"+4915112345{digit}", text=text, reference=1)
    return Message(run_id=3, delivery_id=48, address=sms.to, payload=sms)


class TestContract(TransportContract):
    secret = TOKEN
    signs_in = False

    def provider(self, case: Case) -> AbstractAsyncContextManager[tuple[Transport, Callable[[], int]]]:
        @asynccontextmanager
        async def running() -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
            token = "another" if case is Case.REFUSES_CREDENTIALS else TOKEN
            far = Provider(token=token, retry_after=self.retry_after(case))
            async with far.running() as provider:
                transport = CHANNEL.transport(make_config(provider.url))
                yield transport, lambda: len(provider.taken)
                await transport.aclose()

        return running()

    def message(self, case: Case) -> Message:
        return make_message(DIGITS[case])


@pytest.mark.anyio
class TestSending:
    async def test_the_request_says_everything_and_where_to_call_back(self) -> None:
        async with Provider().running() as provider:
            transport = CHANNEL.transport(make_config(provider.url, validity_minutes=5))
            outcome = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert outcome == Accepted(provider_id="SM" + "1".zfill(32), code="queued")
        assert provider.taken == [
            {
                "To": "+49151123450", "Body": "Grüße", "From": "+15005550006", "ValidityPeriod": "300",
                "StatusCallback": f"{HOOK}status?m=3.48",
            }
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("digit", "outcome"),
        [
            (
                "8",
                Deferred(
                    reason=Reason.THROTTLED, scope=Scope.SENDER, after=7.0, code="20429", detail="Too Many Requests"
                ),
            ),
            (
                "7",
                Refused(
                    reason=Reason.RECIPIENT_REFUSED, scope=Scope.RECIPIENT, code="21610",
                    detail="Attempt to send to unsubscribed recipient",
                ),
            ),
        ],
    )  # fmt: skip
    async def test_its_codes_say_what_stops(self, digit: str, outcome: object) -> None:
        async with Provider().running() as provider:
            transport = CHANNEL.transport(make_config(provider.url))
            assert await transport.send(make_message(digit), HandOvers()) == outcome
            await transport.aclose()

    async def test_credentials_are_checked_without_sending(self) -> None:
        async with Provider().running() as provider:
            good = await CHANNEL.check_credentials(make_config(provider.url))
            bad = await CHANNEL.check_credentials(make_config(provider.url, auth_token="wrong"))

        assert (good.ok, bad.ok, provider.taken) == (True, False, [])
        assert "20003" in bad.problem


def call(
    fields: dict[str, str], *, token: str = TOKEN, query: str = "m=3.48", signature: str | None = None
) -> HookRequest:
    url = f"{HOOK}status" + (f"?{query}" if query else "")
    message = url + "".join(name + value for name, value in sorted(fields.items()))
    signed = base64.b64encode(hmac.new(token.encode(), message.encode(), "sha1").digest()).decode()
    return HookRequest(
        method="POST", path="status", url=url, query=query, body=urlencode(fields).encode(),
        headers={"x-twilio-signature": signed if signature is None else signature},
    )  # fmt: skip


STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4915112345670", "AccountSid": SID}


class TestReceipts(ReceiptContract):
    channel = CHANNEL
    config = make_config()

    def payloads(self) -> list[Payload]:
        def told(kind: ReceiptKind, code: str, **fields: str) -> Payload:
            return Payload(
                request=call(STATUS | fields),
                events=[{"kind": kind, "code": code, "run_id": 3, "delivery_id": 48, "provider_id": "SM1"}],
            )

        incoming = {
            "MessageSid": "SM2", "SmsStatus": "received", "From": "+4915112345670", "To": "+15005550006",
            "Body": "Stop ✋",
        }  # fmt: skip
        return [
            told(ReceiptKind.DELIVERED, "delivered"),
            told(ReceiptKind.READ, "read", MessageStatus="read"),
            told(
                ReceiptKind.BOUNCED_SOFT, "undelivered 30003", MessageStatus="undelivered", ErrorCode="30003"
            ),
            told(
                ReceiptKind.BOUNCED_HARD, "undelivered 30005", MessageStatus="undelivered", ErrorCode="30005"
            ),
            told(ReceiptKind.UNSUBSCRIBED, "failed 21610", MessageStatus="failed", ErrorCode="21610"),
            told(ReceiptKind.UNKNOWN, "singing", MessageStatus="singing"),
            Payload(request=call(STATUS | {"MessageStatus": "sent"}), events=[]),
            Payload(
                request=call(incoming, query=""),
                events=[{"address": "+4915112345670", "text": "Stop ✋", "event_id": "SM2"}],
            ),
        ]

    def forged(self) -> list[HookRequest]:
        changed = call(STATUS | {"MessageStatus": "undelivered"})
        other_url = call(STATUS)
        return [
            call(STATUS, token="wrong"),
            call(STATUS, signature=""),
            call(STATUS, signature="ümlaut"),
            HookRequest(**{**_facts(changed), "headers": call(STATUS).headers}),
            HookRequest(**{**_facts(other_url), "url": f"{HOOK}status?m=9.99"}),
        ]


def _facts(request: HookRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("method", "path", "url", "query", "headers", "body")}


def test_an_incoming_message_is_answered_with_nothing_to_say() -> None:
    fields = {"MessageSid": "SM2", "From": "+4915112345670", "Body": "Hi"}

    reply, answer = CHANNEL.receipts(call(fields, query=""), make_config())

    assert isinstance(reply, Reply)
    assert isinstance(answer, HookAnswer)
    assert (answer.content_type, answer.body[-11:]) == ("text/xml", b"<Response/>")


def test_what_is_no_form_is_unreadable_and_forged_ids_are_nobodys() -> None:
    with pytest.raises((HookUnreadable, HookRefused)):
        CHANNEL.receipts(HookRequest(method="POST", body=b"\xff\xfe"), make_config())
    (event,) = CHANNEL.receipts(call(STATUS, query="m=3.x"), make_config())
    assert isinstance(event, ReceiptEvent)
    assert (event.run_id, event.provider_id) == (None, "SM1")


@pytest.mark.parametrize(
    "changes",
    [
        {"account_sid": "two words"}, {"auth_token": ""}, {"source": "a name that is too long"}, {"source": ""},
        {"base_url": "http://api.example.test"}, {"base_url": "ftp://x"}, {"connections": 0}, {"receipts": "some"},
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_told_at_its_field(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        make_config(**changes)
    assert set(refusal.value.problems) == set(changes)


def test_what_was_checked_is_checked_again_to_the_same() -> None:
    config = make_config()
    assert CHANNEL.check_config(config) | {"hook_url": HOOK} == config
