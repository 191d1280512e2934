"""Makes calls by Twilio: `send` asks for the call, follows it, and returns when it is over (ADR 8).

Twilio leads the call itself, by documents that go with it or are asked of `clarion hooks` (`script`, `receipts`). What
became of it is asked for here, so that it is known where the line is counted, and without a public address too.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from clarion.channels import twilio_answers
from clarion.channels.base import CheckResult, Heard
from clarion.channels.exchanges import Recorder
from clarion.channels.http import HttpClient, HttpLimits, HttpReply
from clarion.channels.voice import dispositions, telling
from clarion.channels.voice.bringing import bring
from clarion.channels.voice.payload import Call
from clarion.channels.voice.twilio import codes, script
from clarion.engine.messages import Message
from clarion.engine.outcomes import REASONS, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: Seconds between two looks at a call.
LOOK_SECONDS = 2.0
#: A call waits so long in Twilio's own queue before it is taken back: it makes one a second unless one pays for more.
QUEUE_SECONDS = 300.0
#: Longer than Twilio's own limits, which are asked to hold.
SPARE_SECONDS = 30.0
#: Longest time with whom people are put through to.
LONGEST_CONNECTED = 4 * 3600

Told = Mapping[str, Any]


class Transport:
    """A `clarion.engine.ports.Transport` for calls by Twilio."""

    def __init__(self, config: Mapping[str, Any], *, look_seconds: float | None = None) -> None:
        self.concurrency = int(config["connections"])
        self._ring, self._longest = int(config["ring_seconds"]), int(config["max_seconds"])
        #: See `clarion.engine.patience`: pausing a campaign cuts nobody off.
        self.patience = self._ring + self._longest + SPARE_SECONDS
        self._calls = f"/Accounts/{quote(config['account_sid'], safe='')}/Calls"
        self._hook = str(config.get("hook_url") or "")
        self._records = bool(config["record"])
        self._pack = script.packer(config["auth_token"])
        self._http = _client(config)
        self._look_seconds = LOOK_SECONDS if look_seconds is None else look_seconds
        self._heard: Heard | None = None

    def __repr__(self) -> str:
        return f"Transport({self._http!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._http.recorder = recorder

    def hear(self, heard: Heard) -> None:
        """Tell there how long calls were; see `clarion.channels.base.Hears`."""
        self._heard = heard

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Call, and return what became of the call; see the port's promise."""
        call: Call = message.payload
        says = script.script_of(call)
        try:
            form = self._form(message, says)
        except ValueError as problem:
            return Refused(reason=Reason.MESSAGE_TOO_LARGE, scope=Scope.MESSAGE, detail=str(problem))
        reply = await self._http.request("POST", f"{self._calls}.json", hand_over, form=form)
        if not isinstance(reply, HttpReply):
            return reply
        if not reply.is_success:
            return codes.outcome_of(reply)
        sid = str(_read(reply).get("sid") or "")[:64]
        if not sid:
            return Unknown(
                reason=Reason.PROTOCOL_ERROR, code=f"HTTP {reply.status}", detail="no id of the call"
            )
        try:
            told = await self._over(sid, says)
        except asyncio.CancelledError:
            # The program ends, and with it who follows the call.
            told = await self._cut(sid)
            if told is None:
                raise
        return await self._outcome(message, sid, says, told)

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()

    def _form(self, message: Message, says: script.Script) -> list[tuple[str, str]]:
        """Return what is asked for. Raises ValueError when it is too long."""
        call: Call = message.payload
        longest = self._longest + (LONGEST_CONNECTED if says.connects else 0)
        form = [
            ("To", call.to), ("From", says.caller_id), ("Timeout", str(self._ring)), ("TimeLimit", str(longest)),
        ]  # fmt: skip
        if says.amd != "off":
            form.append(("MachineDetection", "DetectMessageEnd" if says.amd == "leave" else "Enable"))
        ids = f"m={message.run_id}.{message.delivery_id}&a={says.amd}"
        if self._hook and message.delivery_id:
            form.append(("StatusCallback", f"{self._hook}status?{ids}"))
            if self._records:
                form.append(("RecordingStatusCallback", f"{self._hook}recording?{ids}"))
        if self._records:
            form.append(("Record", "true"))
        inline = (
            "" if says.has_questions else script.opening(says, connect_url=f"{self._hook}connected?{ids}")
        )
        if inline and len(inline) <= script.MAX_INLINE:
            return [*form, ("Twiml", inline)]
        url = f"{self._hook}say?{ids}&n=0&p={self._pack(says)}"
        if len(url) > script.MAX_URL:
            raise ValueError(
                "The text is too long to go with the call; write a shorter one, or play a recording."
            )
        return [*form, ("Url", url)]

    async def _over(self, sid: str, says: script.Script) -> Told | None:
        """Follow the call to its end and return what is told of it then; None when that cannot be known."""
        loop = asyncio.get_running_loop()
        queued_until = loop.time() + QUEUE_SECONDS
        longest = self._longest + (LONGEST_CONNECTED if says.connects else 0)
        until = queued_until
        was_queued = True
        while loop.time() < until:
            await asyncio.sleep(self._look_seconds)
            told = await self._look(sid)
            status = told.get("status") if told else ""
            if told and status not in codes.UNDER_WAY:
                return told
            if told and was_queued and status != "queued":
                was_queued, until = False, loop.time() + self._ring + longest + SPARE_SECONDS
        return await self._cut(sid) if was_queued else None

    async def _look(self, sid: str) -> Told | None:
        reply = await self._http.request("GET", f"{self._calls}/{quote(sid, safe='')}.json")
        told = _read(reply) if isinstance(reply, HttpReply) and reply.is_success else {}
        return told if told.get("status") else None

    async def _cut(self, sid: str) -> Told | None:
        """Take back a call that nobody has answered yet; return what is known of it, None for nothing final."""
        path = f"{self._calls}/{quote(sid, safe='')}.json"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3.0):
                reply = await self._http.request("POST", path, form=[("Status", "canceled")])
                told = _read(reply) if isinstance(reply, HttpReply) and reply.is_success else None
                if not told or not told.get("status"):
                    told = await self._look(sid)
                if told and told.get("status") not in codes.UNDER_WAY:
                    return told
        return None

    async def _outcome(self, message: Message, sid: str, says: script.Script, told: Told | None) -> Outcome:
        if told is None:
            return Unknown(reason=Reason.TIMED_OUT, detail=f"{sid}: the call's end was not told")
        call: Call = message.payload
        status, seconds = str(told["status"]), _number(told.get("duration"))
        if status == "canceled":
            # We took it back, before anybody had answered.
            return Deferred(
                reason=Reason.PROVIDER_BUSY, scope=Scope.SENDER, after=twilio_answers.FULL_SECONDS,
                detail="the call waited at the provider and was taken back",
            )  # fmt: skip
        disposition = codes.disposition_of(
            status, answered_by=str(told.get("answered_by") or ""), seconds=seconds, amd=says.amd
        )
        ended = telling.Ended(disposition=disposition, seconds=seconds)
        events = telling.events_of(ended, message, sid)
        if events and self._heard is not None and message.delivery_id:
            # Twilio tells it too, under the same id, where it can call us.
            with contextlib.suppress(asyncio.CancelledError):
                await bring(events, self._heard)
        return dispositions.outcome_of(
            disposition, attempt=call.attempt, retries=call.plan.retries, provider_id=sid,
            detail=telling.detail_of(ended), seconds=seconds,
        )  # fmt: skip


async def check_credentials(config: Mapping[str, Any]) -> CheckResult:
    """Ask for the account and call nobody."""
    http = _client(config)
    try:
        reply = await http.request("GET", f"/Accounts/{quote(config['account_sid'], safe='')}.json")
    finally:
        await http.aclose()
    if isinstance(reply, HttpReply) and reply.is_success:
        lines = [("connect", config["base_url"]), ("sign in", f"HTTP {reply.status}")]
        status = str(_read(reply).get("status") or "")[:40]
        return CheckResult(ok=True, lines=[*lines, ("account", status)] if status else lines)
    outcome = codes.outcome_of(reply) if isinstance(reply, HttpReply) else reply
    said = " ".join(part for part in (outcome.code, outcome.detail) if part)
    sentence = REASONS[outcome.reason].sentence
    return CheckResult(ok=False, problem=f"{sentence} ({said})" if said else sentence)


def _client(config: Mapping[str, Any]) -> HttpClient:
    return HttpClient(
        config["base_url"],
        # A connection for each call that is asked for or looked at, and one to spare.
        limits=HttpLimits(
            connections=int(config["connections"]) + 1,
            connect_seconds=config["connect_timeout"],
            answer_seconds=config["response_timeout"],
        ),
        auth=(config["account_sid"], config["auth_token"]),
        verify_certificate=config["verify_certificate"],
    )


def _read(reply: HttpReply) -> Told:
    try:
        told = reply.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _number(value: object) -> float:
    text = str(value if value is not None else "")
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0.0
