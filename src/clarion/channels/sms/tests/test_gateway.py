"""A gateway described by settings, Kannel's as they come: the contract, its requests, and its calls."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import pytest

from clarion.channels.base import ConfigInvalid, HookRequest
from clarion.channels.events import ReceiptKind
from clarion.channels.http import HttpReply
from clarion.channels.sms import CHANNEL
from clarion.channels.sms.gateway.transport import found_id, nested
from clarion.channels.sms.tests.web_server import TOKEN, Provider
from clarion.channels.sms.web import Builder
from clarion.channels.testing import Case, HandOvers, TransportContract
from clarion.channels.testing_receipts import Payload, ReceiptContract
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Reason, Refused
from clarion.engine.ports import Transport

HOOK = "https://clarion.example.test/hooks/0a0a/"
SECRET = "a long secret & more"
DIGITS = {
    Case.ACCEPTS: "0", Case.THROTTLES: "8", Case.THROTTLES_FOR: "8", Case.REFUSES_CREDENTIALS: "0",
    Case.REFUSES_RECIPIENT: "9", Case.LOSES_CONNECTION: "2", Case.HANGS: "1",
}  # fmt: skip


def make_config(base: str = "https://gateway.example.test", **changes: Any) -> dict[str, Any]:
    given = {
        "protocol": "http", "url": f"{base}/cgi-bin/sendsms", "username": "clarion", "password": TOKEN,
        "source": "Shop", "success_contains": "Accepted", "id_from": "after:id ", "callback_secret": SECRET,
        "refused_recipient": "Bad number", "refused_login": "Authorization failed",
    }  # fmt: skip
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
            far = Provider(token=token, is_kannel=True, retry_after=self.retry_after(case))
            async with far.running() as provider:
                transport = CHANNEL.transport(make_config(provider.url))
                yield transport, lambda: len(provider.taken)
                await transport.aclose()

        return running()

    def message(self, case: Case) -> Message:
        return make_message(DIGITS[case])


@pytest.mark.anyio
class TestSending:
    async def test_kannel_is_asked_as_it_wants(self) -> None:
        async with Provider(is_kannel=True).running() as provider:
            transport = CHANNEL.transport(make_config(provider.url))
            outcomes = [
                await transport.send(make_message(text=text), HandOvers())
                for text in ("Grüße & {to}", "Привет")
            ]
            await transport.aclose()

        assert outcomes[0] == Accepted(provider_id="1", code="HTTP 202")
        assert provider.taken[0] == {
            "username": "clarion", "password": TOKEN, "from": "Shop", "to": "49151123450", "text": "Grüße & {to}",
            "charset": "UTF-8", "coding": "0", "dlr-mask": "19",
            "dlr-url": f"{HOOK}status?secret=a%20long%20secret%20%26%20more&m=3.48&status=%d&gateway_id=%I",
        }  # fmt: skip
        assert (provider.taken[1]["text"], provider.taken[1]["coding"]) == ("Привет", "2")

    async def test_a_yes_in_other_words_than_its_own_is_a_no(self) -> None:
        async with Provider(is_kannel=True).running() as provider:
            transport = CHANNEL.transport(make_config(provider.url, success_contains="OK"))
            outcome = await transport.send(make_message(), HandOvers())
            await transport.aclose()

        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.MESSAGE_REFUSED

    async def test_the_connection_is_tried_without_sending(self) -> None:
        async with Provider(is_kannel=True).running() as provider:
            pass
        result = await CHANNEL.check_credentials(make_config(provider.url))
        assert not result.ok


def test_ids_are_found_in_json_and_behind_words() -> None:
    reply = HttpReply(status=200, body=b'{"messages": [{"id": 77}], "note": "ID: x-1, more"}')

    assert found_id(reply, "json:messages.0.id") == "77"
    assert found_id(reply, "after:ID: ") == "x-1"
    assert [found_id(reply, one) for one in ("", "json:nothing.there", "after:none")] == ["", "", ""]
    assert nested([("a.b", "1"), ("a.c", "2"), ("d", "3")]) == {"a": {"b": "1", "c": "2"}, "d": "3"}


def call(fields: dict[str, str], *, path: str = "status", secret: str = SECRET) -> HookRequest:
    query = urlencode(fields | ({"secret": secret} if secret else {}))
    return HookRequest(method="GET", path=path, url=f"{HOOK}{path}?{query}", query=query)


class TestReceipts(ReceiptContract):
    channel = CHANNEL
    config = make_config()

    def payloads(self) -> list[Payload]:
        def told(status: str, *events: dict[str, Any]) -> Payload:
            request = call({"m": "3.48", "status": status, "gateway_id": "k-1"})
            return Payload(request=request, events=list(events))

        own = {"run_id": 3, "delivery_id": 48}
        body = HookRequest(
            method="POST", path="status", headers={"x-hook-secret": SECRET, "content-type": "application/json"},
            body=b'{"status": 1, "gateway_id": "k-2", "more": {"deep": [1]}}',
        )  # fmt: skip
        return [
            told("1", {"kind": ReceiptKind.DELIVERED, "code": "1", **own}),
            told("2", {"kind": ReceiptKind.BOUNCED_SOFT, **own}),
            told("16", {"kind": ReceiptKind.BOUNCED_SOFT, **own}),
            told("8"),
            told("99", {"kind": ReceiptKind.UNKNOWN, "code": "99", **own}),
            Payload(request=body, events=[{"kind": ReceiptKind.DELIVERED, "provider_id": "k-2"}]),
            Payload(
                request=call({"from": "4915112345670", "text": "Stop ✋"}, path="incoming"),
                events=[{"address": "+4915112345670", "text": "Stop ✋"}],
            ),
        ]

    def forged(self) -> list[HookRequest]:
        fields = {"m": "3.48", "status": "1"}
        return [call(fields, secret=""), call(fields, secret="wrong"), call(fields, secret=SECRET + "x")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "gateway"}, "url"), ({"url": "http://gateway.example.test/"}, "url"),
        ({"parameters": "to={to}"}, "parameters"), ({"parameters": "to={to}\ntext={txt}"}, "parameters"),
        ({"parameters": "no equals sign"}, "parameters"), ({"headers": "Bad Header=1"}, "headers"),
        ({"callback_secret": ""}, "callback_secret"), ({"id_from": "regex:.*"}, "id_from"),
        ({"callback_states": "1=sung"}, "callback_states"), ({"method": "DELETE"}, "method"),
    ],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_told_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        make_config(**changes)
    assert list(refusal.value.problems) == [field]


def test_its_ids_are_kept_only_where_nothing_else_tells_the_message() -> None:
    assert not CHANNEL.tracks(make_config())
    assert CHANNEL.tracks(make_config(parameters="to={to}\ntext={text}"))
    assert not CHANNEL.tracks(make_config(parameters="to={to}\ntext={text}", receipts="none"))
