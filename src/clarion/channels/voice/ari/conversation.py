"""A call from the first ring to its end: who answers, what is played to them, which keys they press."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from clarion.channels.http import HttpReply, outcome_of_status
from clarion.channels.voice.ari.config import Config
from clarion.channels.voice.ari.line import Line, Over
from clarion.channels.voice.dispositions import Disposition, of_cause
from clarion.channels.voice.keys import Key
from clarion.channels.voice.payload import Call
from clarion.engine.outcomes import Deferred, Outcome, Reason, Refused, Scope, Unknown

#: Whoever has heard less of the message has not been told it.
HEARD_SECONDS = 1.0
#: A machine that says nothing for so long has had its say; milliseconds, and the level of what counts as talk.
SILENCE = "1500,256"
SILENT_SECONDS = 3.0
#: The beep after a pause begins at most so long after our message did.
BEEP_SECONDS = 4.0
#: How often a message is begun anew because a machine was not at its end, and repeated because a person asked.
MOST_BEGINNINGS = 3
MOST_REPEATS = 5
#: Longer than Asterisk's own limits, which are asked to hold.
SPARE_SECONDS = 15.0
#: A call that is put through is looked after for so long.
LONGEST_CONNECTED = 4 * 3600.0
#: A call that is put through and over within so long was put through to nobody.
NOBODY_SECONDS = 0.5
#: Asterisk refuses to make a second channel of the same name.
_THERE_ALREADY = 409


class Unfit(Exception):
    """The exchange is not set up for what is asked of it; the words say what is missing."""


@dataclass(slots=True)
class Story:
    """What has happened on a call so far."""

    disposition: Disposition | None = None
    #: Seconds since it was answered.
    seconds: float = 0.0
    #: Whether the message was played to its end.
    whole: bool = False
    pressed: list[Key] = field(default_factory=list)
    recording: str = ""
    notes: list[str] = field(default_factory=list)
    cause: int = 0
    tech_cause: int = 0


class Conversation:
    """Leads one call. `media` is what is played: "sound:…"."""

    def __init__(self, line: Line, config: Config, call: Call, media: str) -> None:
        self.story = Story()
        self._line, self._config, self._call, self._media = line, config, call, media
        self._playing_since: float | None = None
        self._number = 0
        self._asked = False

    async def run(self, hand_over: Callable[[], None]) -> Outcome | None:
        """Lead the call to its end; the story then says what became of it.

        Returns an outcome instead when there was no call at all, or nobody can say. Raises Withdrawn, Unfit.
        """
        outcome = await self._dial(hand_over)
        if outcome is not None:
            return outcome
        try:
            await self._talk()
            await self._line.hang_up()
        except Over as over:
            self._ended(over)
            if over.cause < 0 and self.story.disposition is None:
                words = "the call ended while Asterisk could not be heard"
                return Unknown(reason=Reason.CONNECTION_LOST, detail=words)
        self._count_seconds()
        return None

    async def cut(self) -> bool:
        """End the call now; return whether it is known what became of it, and the story says so."""
        if self.story.disposition is not Disposition.CONNECTED:
            await self._line.hang_up(2.0)
        if not self._asked:
            return False
        self._count_seconds()
        if self.story.disposition is None:
            answered = self._line.answered_at is not None
            self.story.disposition = self._heard() if answered else Disposition.NO_ANSWER
            self.story.notes.append("ended by us, as sending was stopped")
        return True

    async def _dial(self, hand_over: Callable[[], None]) -> Outcome | None:
        config, plan = self._config, self._call.plan
        query = {
            "endpoint": config.dialled(self._call.to), "appArgs": "call", "timeout": str(config.ring_seconds),
        }  # fmt: skip
        if plan.caller_id:
            query["callerId"] = plan.caller_id
        # If we die, the exchange ends the call by itself.
        longest = config.ring_seconds + config.max_seconds + SPARE_SECONDS
        variables = {"TIMEOUT(absolute)": f"{longest:.0f}", "CLARION_APP": self._line.app}
        reply = await self._line.dial(query, variables, hand_over)
        if isinstance(reply, Unknown) and await self._line.is_there():
            self._asked = True  # it was lost on the way back, and the call is there
            return None
        if not isinstance(reply, HttpReply):
            return reply
        if not reply.is_success:
            return _refused(reply)
        self._asked = True
        return None

    async def _talk(self) -> None:
        await self._until_answered()
        machine = await self._is_machine() if self._call.plan.amd != "off" else False
        if self._config.record:
            await self._record()
        if not machine:
            await self._with_person()
        elif self._call.plan.amd == "hang_up":
            self.story.disposition = Disposition.MACHINE
        else:
            await self._leave()

    async def _until_answered(self) -> None:
        until = time.monotonic() + self._config.ring_seconds + SPARE_SECONDS
        if await self._line.wait_for("StasisStart", until) is None:
            await self._line.catch_up()
            if await self._line.wait_for("StasisStart", time.monotonic()) is None:
                # Asterisk has forgotten its own limit: what rings is ended.
                await self._line.hang_up()
                raise Over(19)

    async def _is_machine(self) -> bool:
        """Let the dialplan tell a machine from a person. Raises Over and Unfit."""
        context = self._config.amd_context
        known = len(self._line.apps)
        await self._line.ask("POST", "/continue", context=context, extension="s", priority="1")
        until = time.monotonic() + SPARE_SECONDS
        self._line.awaits_amd = True
        try:
            while True:
                event = await self._line.wait_for("StasisStart", until)
                if event is None:
                    raise Unfit(f"The context {context} of the dialplan does not come back to us.")
                args = [str(one) for one in event.get("args") or ()]
                if args[:1] == ["amd"]:
                    self._line.awaits_amd = False
                    return args[1:2] == ["MACHINE"]
        except Over:
            if not any(app == "AMD" for app in self._line.apps[known:]) and self._line.is_fresh:
                raise Unfit(f"The dialplan has no context {context} that detects machines.") from None
            raise

    async def _with_person(self) -> None:
        plan = self._call.plan
        for _ in range(MOST_REPEATS):
            key = await self._play()
            if key is None and plan.keys:
                key = await self._key(time.monotonic() + plan.key_seconds)
            if key is None or key.action != "repeat":
                break
        action = key.action if key is not None else ""
        if plan.connect_to and (action == "connect" or (plan.connects_all and action != "stop")):
            await self._connect()

    async def _play(self) -> Key | None:
        """Play the message until it ends, or a key that means something is pressed, which is returned."""
        await self._begin()
        until = time.monotonic() + self._config.max_seconds
        while True:
            event = await self._line.next(until)
            if event is None or _is_end(event, self._line.playback):
                await self._finish(event)
                return None
            key = self._pressed()
            if key is not None:
                self.story.disposition = Disposition.ANSWERED
                await self._line.hush()
                return key

    async def _begin(self) -> None:
        self._number += 1
        await self._line.play(self._media, f"{self._line.channel}-{self._number}")
        self._playing_since = time.monotonic()

    async def _finish(self, event: object) -> None:
        """Note how the message ended. Raises Over when the call did, Unfit when it could not be played."""
        self._line.playback = ""
        failed = isinstance(event, dict) and event.get("playback", {}).get("state") == "failed"
        if failed:
            # So does the exchange say that somebody has hung up.
            await self._line.wait_for("ChannelDestroyed", time.monotonic() + 2.0)
            raise Unfit(f"The exchange cannot play {self._media[:100]}.")
        self.story.whole = event is not None
        if self.story.disposition is None:
            self.story.disposition = Disposition.ANSWERED

    async def _key(self, until: float) -> Key | None:
        while True:
            key = self._pressed()
            if key is not None or await self._line.next(until) is None:
                return key

    def _pressed(self) -> Key | None:
        while self._line.keys:
            key = self._call.plan.keys.get(self._line.keys.pop(0))
            if key is not None:
                self.story.pressed.append(key)
                return key
        return None

    async def _connect(self) -> None:
        line, context = self._line, self._config.connect_context
        await line.ask("POST", "/variable", variable="TIMEOUT(absolute)", value="0")
        reply = await line.ask(
            "POST", "/continue", context=context, extension=self._call.plan.connect_to, priority="1"
        )
        if not isinstance(reply, HttpReply) or not reply.is_success:
            self.story.notes.append("could not be put through")
            return
        began = time.monotonic()
        self.story.disposition = Disposition.CONNECTED
        try:
            await line.wait_for("ChannelDestroyed", began + LONGEST_CONNECTED)
        except Over:
            if time.monotonic() - began < NOBODY_SECONDS:
                self.story.disposition = Disposition.ANSWERED
                self.story.notes.append("was not put through: nobody is at that extension")
            raise

    async def _leave(self) -> None:
        """Leave the message on a machine, once its greeting and the beep are over."""
        line = self._line
        await line.ask("POST", "/variable", variable="TALK_DETECT(set)", value=SILENCE)
        until = time.monotonic() + self._config.greeting_seconds
        await self._until_silent(until)
        for beginning in range(MOST_BEGINNINGS):
            await self._begin()
            began = time.monotonic()
            while True:
                event = await line.next(began + self._config.max_seconds)
                kind = event.get("type") if event is not None else ""
                if event is None or _is_end(event, line.playback):
                    await self._finish(event)
                    self.story.disposition = Disposition.VOICEMAIL
                    return
                is_early = time.monotonic() - began < BEEP_SECONDS and beginning + 1 < MOST_BEGINNINGS
                if kind == "ChannelTalkingStarted" and is_early:
                    await line.hush()
                    await line.wait_for("ChannelTalkingFinished", time.monotonic() + SILENT_SECONDS * 3)
                    break

    async def _until_silent(self, until: float) -> None:
        """Return when the machine has said all, or `until` is there."""
        # It may have said all before we began to listen.
        first = await self._line.wait_for(
            "ChannelTalkingStarted", min(until, time.monotonic() + SILENT_SECONDS)
        )
        if first is not None:
            await self._line.wait_for("ChannelTalkingFinished", until)

    async def _record(self) -> None:
        """Record both sides. A call whose recording fails goes on."""
        line = self._line
        name = line.channel
        reply = await line.ask("POST", f"/snoop/{name}-ear", spy="both", app=line.app, appArgs="ear")
        if isinstance(reply, HttpReply) and reply.is_success:
            kept = await line.record_ear(f"{name}-ear", name)
            self.story.recording = name if kept else ""
        if not self.story.recording:
            self.story.notes.append("could not be recorded")

    def _heard(self) -> Disposition:
        """Return what a call that ends now is: told, or abandoned."""
        since = self._playing_since
        told = since is not None and time.monotonic() - since >= HEARD_SECONDS
        return Disposition.ANSWERED if told else Disposition.ABANDONED

    def _ended(self, over: Over) -> None:
        story = self.story
        story.cause, story.tech_cause = over.cause, over.tech_cause
        if story.disposition is not None:
            return
        if self._line.answered_at is not None:
            story.disposition = self._heard()
        elif over.cause >= 0:
            story.disposition = of_cause(over.cause, self._line.dialled)

    def _count_seconds(self) -> None:
        if self._line.answered_at is not None:
            self.story.seconds = time.monotonic() - self._line.answered_at


def _is_end(event: object, playback: str) -> bool:
    if not isinstance(event, dict) or event.get("type") != "PlaybackFinished":
        return False
    return bool(event.get("playback", {}).get("id") == playback)


def _refused(reply: HttpReply) -> Outcome:
    """Return what it means that Asterisk does not ring."""
    if reply.status == _THERE_ALREADY:
        return Unknown(reason=Reason.PROTOCOL_ERROR, code="HTTP 409", detail="the call is under way already")
    if reply.status == 400:
        return Refused(
            reason=Reason.MESSAGE_REFUSED, scope=Scope.MESSAGE, code="HTTP 400", detail=_words(reply)
        )
    if reply.status == 500:
        # "Allocation failed": there is no such trunk, or it has no line left.
        return Deferred(
            reason=Reason.PROVIDER_DOWN, scope=Scope.PROVIDER, code="HTTP 500",
            detail=f"{_words(reply)}: is the trunk’s name right?",
        )  # fmt: skip
    return outcome_of_status(reply, detail=_words(reply))


def _words(reply: HttpReply) -> str:
    try:
        told = reply.json()
        return str(told.get("message") or told.get("error") or "")[:120]
    except (ValueError, AttributeError):
        return ""
