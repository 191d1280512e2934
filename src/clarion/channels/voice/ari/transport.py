"""Makes calls over an Asterisk: `send` returns when the call is over, with what became of it (ADR 8)."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from clarion.channels.base import Heard
from clarion.channels.exchanges import Recorder
from clarion.channels.voice import dispositions, telling
from clarion.channels.voice.ari.client import Client, Unreachable
from clarion.channels.voice.ari.config import Config
from clarion.channels.voice.ari.conversation import SPARE_SECONDS, Conversation, Story, Unfit
from clarion.channels.voice.ari.line import Line
from clarion.channels.voice.bringing import bring
from clarion.channels.voice.dispositions import Disposition
from clarion.channels.voice.payload import Call
from clarion.channels.voice.speech import Speech, SpeechFailed
from clarion.engine.messages import Message
from clarion.engine.outcomes import Outcome, Reason, Refused, Scope


class Transport:
    """A `clarion.engine.ports.Transport` for Asterisk."""

    def __init__(self, config: Config) -> None:
        self.concurrency = config.connections
        #: See `clarion.engine.patience`: pausing a campaign cuts nobody off.
        self.patience = config.ring_seconds + config.max_seconds + SPARE_SECONDS
        self._config = config
        self._client = Client(config)
        shared = config.audio == "folder"
        folder = Path(config.audio_folder if shared else config.folder or ".")
        self._speech = Speech(folder, config.speech, readable=shared)
        self._heard: Heard | None = None

    def __repr__(self) -> str:
        return f"Transport({self._client!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._client.http.recorder = recorder

    def hear(self, heard: Heard) -> None:
        """Tell there how long calls were, and which keys were pressed; see `clarion.channels.base.Hears`."""
        self._heard = heard

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Call, and return what became of the call; see the port's promise."""
        call: Call = message.payload
        try:
            media = await self._media(call)
            await self._client.ready()
        except SpeechFailed as failure:
            scope = Scope.SENDER if failure.is_engines else Scope.MESSAGE
            reason = Reason.SENDER_UNUSABLE if failure.is_engines else Reason.MESSAGE_REFUSED
            return Refused(reason=reason, scope=scope, detail=str(failure)[:200])
        except Unreachable as problem:
            return problem.outcome
        channel = f"{self._client.app}-{message.run_id}.{message.delivery_id}.{call.attempt}"
        async with self._client.events(channel) as events:
            line = Line(self._client, channel, events)
            return await self._call(
                message, Conversation(line, self._config, call, media), channel, hand_over
            )

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._speech.aclose()
        await self._client.aclose()

    async def _call(
        self, message: Message, conversation: Conversation, channel: str, hand_over: Callable[[], None]
    ) -> Outcome:
        try:
            outcome = await conversation.run(hand_over)
        except Unfit as unfit:
            await conversation.cut()
            return Refused(reason=Reason.SENDER_UNUSABLE, scope=Scope.SENDER, detail=str(unfit)[:200])
        except asyncio.CancelledError:
            # The program ends, and with it who leads the call. What has happened is known, so nobody need ask.
            if not await conversation.cut():
                raise
            outcome = None
        if outcome is not None:
            return outcome
        return await self._told(message, conversation.story, channel)

    async def _told(self, message: Message, story: Story, channel: str) -> Outcome:
        """Bring what the call brought to the inbox, and return its outcome."""
        call: Call = message.payload
        disposition = story.disposition or Disposition.FAILED
        link = self._config.recording_url.replace("{name}", story.recording) if story.recording else ""
        ended = telling.Ended(
            disposition=disposition,
            seconds=story.seconds,
            whole=story.whole,
            pressed=tuple(story.pressed),
            recording=link,
            notes=tuple(story.notes),
            code=telling.code_of(story.cause, story.tech_cause),
        )
        events = telling.events_of(ended, message, channel)
        if events and self._heard is not None and message.delivery_id:
            with contextlib.suppress(asyncio.CancelledError):
                await bring(events, self._heard)
        return dispositions.outcome_of(
            disposition, attempt=call.attempt, retries=call.plan.retries, provider_id=channel,
            detail=telling.detail_of(ended), seconds=story.seconds,
        )  # fmt: skip

    async def _media(self, call: Call) -> str:
        """Return what Asterisk is asked to play. Raises SpeechFailed."""
        if call.media:
            return call.media if call.media.startswith("sound:") else f"sound:{call.media}"
        path = await self._speech.recording(
            call.speech, text=call.text, voice=call.plan.voice, speed=call.plan.speed
        )
        if self._config.audio == "folder":
            # Asterisk chooses the ending itself.
            return f"sound:{path.with_suffix('')}"
        return f"sound:{call.speech_url}"
