"""Calls by a provider on the web: asked for, followed to their end, and led by documents of ours."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, ClassVar
from xml.etree import ElementTree

import pytest

from clarion.channels.base import Channel, ConfigInvalid, HookAnswer, HookRequest, HookUnreadable
from clarion.channels.events import ReceiptEvent, ReceiptKind, Reply
from clarion.channels.testing import Case, TransportContract, until
from clarion.channels.testing_receipts import Payload, ReceiptContract
from clarion.channels.voice.channel import VoiceChannel
from clarion.channels.voice.composer import Composer
from clarion.channels.voice.content import check as check_content
from clarion.channels.voice.tests import telephony
from clarion.channels.voice.tests.making import CONTEXT, make_message
from clarion.channels.voice.tests.telephony import HOOK, TOKEN, make_config, make_transport, signed
from clarion.channels.voice.twilio import config, script, transport
from clarion.engine.messages import Message, RenderFailed
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope
from clarion.engine.ports import Transport

pytestmark = pytest.mark.anyio

CHANNEL = VoiceChannel()
KEYS = "1 | Yes, I come\n0 | Speak to us | connect\n9 | No more calls | stop\n* | Again | repeat"


class TestTwilioTransport(TransportContract):
    signs_in: ClassVar[bool] = False

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        far = telephony.Provider(token="another" if case is Case.REFUSES_CREDENTIALS else TOKEN)
        async with far.running():
            made = make_transport(far.url)
            try:
                yield made, lambda: len(far.taken)
            finally:
                await made.aclose()

    def message(self, case: Case) -> Message:
        last = {
            Case.THROTTLES: telephony.THROTTLED, Case.REFUSES_RECIPIENT: telephony.NO_NUMBER,
            Case.LOSES_CONNECTION: telephony.DROPS, Case.HANGS: telephony.HANGS,
        }  # fmt: skip
        return spoken(f"+493000000{last.get(case, '0')}")


def spoken(number: str = "+4930000000", **fields: Any) -> Message:
    return make_message(number, **{"media_url": "", "text": "Hello & welcome", **fields})


def read(document: str | bytes) -> ElementTree.Element:
    return ElementTree.fromstring(document)  # noqa: S314  # written by the code under test


async def call(message: Message, **changes: Any) -> tuple[Outcome, telephony.Provider, list[object]]:
    far, heard = telephony.Provider(), list[object]()
    async with far.running():
        made = make_transport(far.url, **changes)

        def take(events: Sequence[ReceiptEvent | Reply], kept: Callable[[bool], None]) -> None:
            heard.extend(events)
            kept(True)

        made.hear(take)
        try:
            return await made.send(message, lambda: None), far, heard
        finally:
            await made.aclose()


async def test_a_plain_announcement_goes_with_the_request_and_needs_no_address_of_ours() -> None:
    outcome, far, heard = await call(spoken())

    asked = far.taken[0]
    assert "Url" not in asked
    assert read(asked["Twiml"]).findtext("Say") == "Hello & welcome"
    assert (asked["From"], asked["Timeout"], asked["TimeLimit"]) == ("+493012345", "5", "30")
    assert isinstance(outcome, Accepted)
    assert (outcome.code, outcome.units, outcome.provider_id) == ("answered", 12, "CA" + "0" * 32)
    assert [(one.kind, one.detail) for one in heard if isinstance(one, ReceiptEvent)] == [
        (ReceiptKind.DELIVERED, "12 s")
    ]


@pytest.mark.parametrize(
    ("last", "amd", "expected"),
    [
        ("3", "off", Deferred(reason=Reason.LINE_BUSY, after=300, exact=True, code="busy")),
        ("4", "off", Deferred(reason=Reason.NO_ANSWER, after=60, exact=True, code="no answer")),
        ("5", "off", Deferred(reason=Reason.CALL_FAILED, after=60, exact=True, code="failed")),
        ("6", "hang_up", Refused(reason=Reason.MACHINE_ANSWERED, scope=Scope.MESSAGE, code="machine")),
        ("7", "hang_up", Refused(reason=Reason.CALL_ABANDONED, scope=Scope.MESSAGE, code="abandoned")),
    ],
)
async def test_what_became_of_a_call_decides_what_follows(last: str, amd: str, expected: Outcome) -> None:
    outcome, _, heard = await call(spoken(f"+493000000{last}", amd=amd, retries=1, retry_busy=300))

    assert isinstance(outcome, Deferred | Refused)
    told = {name: getattr(outcome, name) for name in ("reason", "scope", "code")}
    assert told == {name: getattr(expected, name) for name in told}
    assert getattr(outcome, "after", None) == getattr(expected, "after", None)
    assert heard == []


async def test_a_message_left_on_a_machine_was_given() -> None:
    outcome, far, _ = await call(spoken("+4930000006", amd="leave"))

    assert far.taken[0]["MachineDetection"] == "DetectMessageEnd"
    assert isinstance(outcome, Accepted)
    assert outcome.code == "voicemail"


async def test_a_call_that_waits_in_the_providers_queue_is_taken_back_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "QUEUE_SECONDS", 0.05)
    far = telephony.Provider(is_full=True)
    async with far.running():
        made = make_transport(far.url)
        outcome = await made.send(spoken(), lambda: None)
        await made.aclose()

    assert isinstance(outcome, Deferred)
    assert far.canceled == ["CA" + "0" * 32]


async def test_a_call_that_nobody_has_answered_is_taken_back_when_the_program_ends() -> None:
    far = telephony.Provider(is_full=True)
    async with far.running():
        made = make_transport(far.url)
        sending = asyncio.create_task(made.send(spoken(), lambda: None))
        await until(lambda: far.looks)
        sending.cancel()

        assert isinstance(await sending, Deferred)
        await made.aclose()


def opened(url: str, fields: dict[str, str]) -> tuple[list[object], ElementTree.Element]:
    """Return what a request of the provider tells, and the document that it is answered with."""
    *events, answer = CHANNEL.receipts(
        signed(url, {"CallSid": "CA1", "To": "+4930000000", **fields}), make_config()
    )
    assert isinstance(answer, HookAnswer)
    return list(events), read(answer.body)


async def asked_url(**fields: Any) -> str:
    _, far, _ = await call(spoken(**fields))
    return far.taken[0]["Url"]


async def test_keys_are_asked_for_and_answered_one_after_the_other() -> None:
    url = await asked_url(keys=KEYS, connect_to="+4930999")

    _, first = opened(url, {})
    gather = first.find("Gather")
    assert gather is not None
    assert gather.findtext("Say") == "Hello & welcome"

    events, again = opened(gather.attrib["action"], {"Digits": "*"})
    repeated = again.find("Gather")
    assert (events, repeated is not None) == ([], True)

    events, last = opened(repeated.attrib["action"] if repeated is not None else "", {"Digits": "1"})
    assert [one.tag for one in last] == ["Hangup"]
    reply = events[0]
    assert isinstance(reply, Reply)
    assert (reply.text, reply.address, reply.run_id, reply.delivery_id) == (
        "1 (Yes, I come)", "+4930000000", 3, 48,
    )  # fmt: skip


async def test_a_key_puts_through_and_whoever_was_reached_is_told() -> None:
    _, first = opened(await asked_url(keys=KEYS, connect_to="+4930999"), {})
    gather = first.find("Gather")
    assert gather is not None

    _, through = opened(gather.attrib["action"], {"Digits": "0"})
    dial = through.find("Dial")
    assert dial is not None
    assert (dial.findtext("Number"), dial.attrib["callerId"]) == ("+4930999", "+493012345")

    events, _ = opened(dial.attrib["action"], {"DialCallStatus": "completed", "DialCallDuration": "61"})
    connected = events[0]
    assert isinstance(connected, ReceiptEvent)
    assert (connected.code, connected.detail) == ("connected", "61 s")
    assert opened(dial.attrib["action"], {"DialCallStatus": "no-answer"})[0] == []


async def test_a_key_that_ends_calls_takes_the_number_off_them() -> None:
    _, first = opened(await asked_url(keys=KEYS, connect_to="desk"), {})
    gather = first.find("Gather")
    assert gather is not None

    events, last = opened(gather.attrib["action"], {"Digits": "9"})

    assert [one.kind for one in events if isinstance(one, ReceiptEvent)] == [ReceiptKind.UNSUBSCRIBED]
    assert [one.tag for one in last] == ["Hangup"]


async def test_a_person_who_only_asks_again_is_let_go_in_the_end() -> None:
    url = await asked_url(keys=KEYS, connect_to="desk")
    for _ in range(script.MOST_REPEATS + 1):
        _, document = opened(url, {"Digits": "*"})
        gather = document.find("Gather")
        assert gather is not None
        url = gather.attrib["action"]

    _, document = opened(url, {"Digits": "*"})

    assert [one.tag for one in document] == ["Hangup"]


@pytest.mark.parametrize(
    ("amd", "answered_by", "tags"),
    [
        ("hang_up", "machine_start", ["Hangup"]),
        ("hang_up", "human", ["Say", "Hangup"]),
        ("leave", "machine_end_beep", ["Say", "Hangup"]),
        ("leave", "fax", ["Hangup"]),
    ],
)
async def test_machines_are_hung_up_on_or_left_the_message(
    amd: str, answered_by: str, tags: list[str]
) -> None:
    _, document = opened(await asked_url(amd=amd), {"AnsweredBy": answered_by})

    assert [one.tag for one in document] == tags


async def test_everybody_is_put_through_into_a_queue_after_the_message() -> None:
    _, far, _ = await call(spoken(connect="all", connect_to="desk"))

    document = read(far.taken[0]["Twiml"])
    assert [one.tag for one in document] == ["Say", "Enqueue"]
    assert int(far.taken[0]["TimeLimit"]) > 3600


async def test_what_is_said_stands_in_no_address_in_the_clear_and_opens_with_the_token_alone() -> None:
    url = await asked_url(keys="1 | Yes")
    sealed = dict(part.partition("=")[::2] for part in url.partition("?")[2].split("&"))["p"]

    assert "Hello" not in url
    assert script.unpacked(sealed, token=TOKEN).text == "Hello & welcome"
    with pytest.raises(ValueError, match="not a script"):
        script.unpacked(sealed, token="another")
    with pytest.raises(HookUnreadable):
        CHANNEL.receipts(signed(f"{HOOK}say?m=3.48&p=x", {"CallSid": "CA1"}), make_config())


async def test_a_text_that_no_address_can_carry_is_refused_before_anybody_is_called() -> None:
    text = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(2_900))
    outcome, far, _ = await call(spoken(text=text, keys="1 | Yes"))

    assert isinstance(outcome, Refused)
    assert (outcome.reason, outcome.scope, far.taken) == (Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE, [])


@pytest.mark.parametrize(
    ("voice", "expected"),
    [
        ("", {}), ("en-us", {"language": "en-US"}), ("de", {"language": "de-DE"}), ("sv", {"language": "sv-SE"}),
        ("es+f3", {"language": "es-ES"}), ("Polly.Vicki", {"voice": "Polly.Vicki"}),
    ],
)  # fmt: skip
def test_a_voice_is_a_language_or_a_name(voice: str, expected: dict[str, str]) -> None:
    document = script.opening(script.Script(text="a\x00b", voice=voice, keys={}))

    assert dict(read(document)[0].attrib) == expected


def test_a_sound_of_an_exchange_is_refused_before_the_run() -> None:
    checked = check_content({"text": "Hello", "media_url": "sound:hello"})

    with pytest.raises(RenderFailed):
        Composer(checked=checked, config=make_config(), context=CONTEXT)


def test_settings_are_read_from_an_address_and_say_what_they_lack() -> None:
    given = config.config_from_url(f"twilio://AC1:{TOKEN}@pbx.example/2010-04-01?caller_id=%2B493012345")

    assert config.check(given)["base_url"] == "https://pbx.example/2010-04-01"
    with pytest.raises(ConfigInvalid) as refused:
        config.check({})
    assert set(refused.value.problems) == {"account_sid", "auth_token", "caller_id"}


class TestTwilioReceipts(ReceiptContract):
    channel: ClassVar[Channel] = CHANNEL
    config = make_config()

    def payloads(self) -> list[Payload]:
        about = {"run_id": 3, "delivery_id": 48, "provider_id": "CA1"}
        return [
            Payload(request=told(), events=[about | {"kind": ReceiptKind.DELIVERED, "code": "answered"}]),
            Payload(
                request=told(a="leave", AnsweredBy="machine_end_silence"),
                events=[about | {"kind": ReceiptKind.DELIVERED, "code": "voicemail", "event_id": "CA1/end"}],
            ),
            Payload(request=told(a="hang_up", AnsweredBy="machine_start"), events=[]),
            Payload(request=told(CallStatus="busy"), events=[]),
            Payload(request=told(CallStatus="ringing"), events=[]),
            Payload(
                request=told(CallStatus="failed", SipResponseCode="404"),
                events=[about | {"kind": ReceiptKind.BOUNCED_HARD, "address": "+4930000000"}],
            ),
            Payload(
                request=told(CallStatus="teleported"),
                events=[about | {"kind": ReceiptKind.UNKNOWN, "code": "teleported"}],
            ),
            Payload(
                request=told(
                    "recording",
                    RecordingStatus="completed",
                    RecordingUrl="https://api.example/Recordings/RE1",
                ),
                events=[about | {"kind": ReceiptKind.TAKEN, "detail": "https://api.example/Recordings/RE1"}],
            ),
        ]

    def forged(self) -> list[HookRequest]:
        request = told()
        return [
            HookRequest(method="POST", path="status", url=request.url, query=request.query, body=request.body),
            signed(request.url, {"CallSid": "CA1"}, token="another"),
            signed(f"{HOOK}status?m=3.49", {"CallSid": "CA1"}).__class__(
                method="POST", path="status", url=f"{HOOK}status?m=3.50", query="m=3.50",
                headers=request.headers, body=request.body,
            ),
        ]  # fmt: skip


def told(path: str = "status", *, a: str = "off", **fields: str) -> HookRequest:
    given = {"CallSid": "CA1", "CallStatus": "completed", "CallDuration": "12", "To": "+4930000000", **fields}
    return signed(f"{HOOK}{path}?m=3.48&a={a}", given)


def test_an_exchange_calls_nobody() -> None:
    from clarion.channels.base import HookRefused
    from clarion.channels.voice.tests.making import make_config as make_exchange

    with pytest.raises(HookRefused):
        CHANNEL.receipts(told(), make_exchange())
