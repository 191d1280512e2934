"""One channel at Asterisk: what is asked of it, and its events, one after another."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from clarion.channels.http import HttpReply
from clarion.channels.voice.ari.client import BACK, LOST, Client, Events
from clarion.engine.outcomes import Deferred, Unknown

Event = Mapping[str, Any]

#: Seconds between requests to record what a channel hears that was just made.
EAR_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)


class Over(Exception):
    """The channel is gone. `cause` is why (Q.850), -1 when that was not seen."""

    def __init__(self, cause: int = -1, tech_cause: int = 0) -> None:
        super().__init__(cause)
        self.cause, self.tech_cause = cause, tech_cause


class Line:
    """A channel that we made, or are about to."""

    def __init__(self, client: Client, channel: str, events: Events) -> None:
        self.channel = channel
        #: The last thing that Asterisk said of dialling: "RINGING", "BUSY", …
        self.dialled = ""
        #: When it was answered, by our own clock; None before.
        self.answered_at: float | None = None
        self.rang = False
        #: Whether it was given to us after it was answered.
        self.is_ours = False
        #: Applications of the dialplan that the channel has come to.
        self.apps: list[str] = []
        #: Keys that were pressed and not looked at yet.
        self.keys: list[str] = []
        #: Whether the dialplan is telling a machine from a person.
        self.awaits_amd = False
        #: The recording that is being played.
        self.playback = ""
        self.app = client.app
        self._client, self._events = client, events

    @property
    def is_fresh(self) -> bool:
        """Whether it was answered less than two seconds ago."""
        return self.answered_at is not None and time.monotonic() - self.answered_at < 2.0

    async def dial(
        self, query: Mapping[str, str], variables: Mapping[str, str], hand_over: Callable[[], None]
    ) -> HttpReply | Deferred | Unknown:
        """Let it ring; see `HttpClient.request` for what is returned."""
        body = {"variables": dict(variables)}
        return await self._client.http.request(
            "POST",
            f"/channels/{quote(self.channel)}",
            hand_over,
            query={**query, "app": self._client.app},
            json=body,
        )

    async def ask(self, method: str, what: str = "", **query: str) -> HttpReply | Deferred | Unknown:
        """Ask something of the channel."""
        return await self._client.http.request(method, f"/channels/{quote(self.channel)}{what}", query=query)

    async def next(self, until: float) -> Event | None:
        """Return the next event; None at `until`, by the monotonic clock. Raises Over."""
        while True:
            wait = until - time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, wait)):
                    event = await self._events.get()
            except TimeoutError:
                return None
            if event is LOST:
                continue
            if event is BACK:
                await self.catch_up()
                continue
            self._note(event)
            return event

    async def wait_for(self, kind: str, until: float) -> Event | None:
        """Return the next event of a kind, passing over others; None at `until`. Raises Over."""
        while True:
            event = await self.next(until)
            if event is None or event.get("type") == kind:
                return event

    async def play(self, media: str, name: str) -> HttpReply | Deferred | Unknown:
        """Begin to play a recording under a name of its own."""
        self.playback = name
        return await self.ask("POST", f"/play/{quote(name)}", media=media)

    async def hush(self) -> None:
        """Stop what is being played."""
        if self.playback:
            await self._client.http.request("DELETE", f"/playbacks/{quote(self.playback)}")
            self.playback = ""

    async def hang_up(self, seconds: float = 5.0) -> None:
        """End the call and return when it is over."""
        try:
            reply = await self.ask("DELETE", reason="normal")
            if isinstance(reply, HttpReply) and reply.status == 404:
                return
            until = time.monotonic() + seconds
            while await self.next(until) is not None:
                pass
        except Over:
            return

    async def record_ear(self, ear: str, name: str) -> bool:
        """Record what a channel that listens in hears; return whether that began."""
        path, query = (
            f"/channels/{quote(ear)}/record",
            {"name": name, "format": "wav", "ifExists": "overwrite"},
        )
        for pause in EAR_PAUSES:
            reply = await self._client.http.request("POST", path, query=query)
            if not isinstance(reply, HttpReply) or reply.status not in (404, 409):
                break
            # A busy Asterisk has made the channel, and not yet given it to us.
            await asyncio.sleep(pause)
        return isinstance(reply, HttpReply) and reply.is_success

    async def is_there(self) -> bool | None:
        """Whether Asterisk knows the channel; None when it cannot be asked."""
        reply = await self.ask("GET")
        if not isinstance(reply, HttpReply):
            return None
        return reply.is_success if reply.is_success or reply.status == 404 else None

    def _note(self, event: Event) -> None:
        kind = event.get("type")
        if kind == "Dial":
            self.dialled = str(event.get("dialstatus") or self.dialled)
            self.rang = self.rang or self.dialled == "RINGING"
        elif kind == "StasisStart" or _state(event) == "Up":
            if self.answered_at is None:
                self.answered_at = time.monotonic()
        elif kind == "ChannelDialplan":
            self.apps.append(str(event.get("dialplan_app", "")))
        if kind == "StasisStart":
            self.is_ours = True
        elif kind == "ChannelDtmfReceived":
            self.keys.append(str(event.get("digit", ""))[:1])
        elif kind == "ChannelDestroyed":
            raise Over(_number(event.get("cause")), _number(event.get("tech_cause")))

    async def catch_up(self) -> None:
        """Find out what happened while nothing was heard, and tell it as if it had been. Raises Over."""
        await self._client.http.request(
            "POST", f"/applications/{self._client.app}/subscription",
            query={"eventSource": f"channel:{self.channel}"},
        )  # fmt: skip
        reply = await self.ask("GET")
        if isinstance(reply, HttpReply) and reply.status == 404:
            raise Over
        try:
            state = reply.json().get("state") if isinstance(reply, HttpReply) else ""
        except (ValueError, AttributeError):
            state = ""
        if state == "Up" and not self.is_ours:
            self._events.put_nowait({"type": "StasisStart", "args": []})
        if self.playback:
            played = await self._client.http.request("GET", f"/playbacks/{quote(self.playback)}")
            if isinstance(played, HttpReply) and played.status == 404:
                self._events.put_nowait(
                    {"type": "PlaybackFinished", "playback": {"id": self.playback, "state": "done"}}
                )
        if not self.awaits_amd:
            return
        told = await self.ask("GET", "/variable", variable="AMDSTATUS")
        if isinstance(told, HttpReply) and told.is_success:
            try:
                status = str(told.json().get("value") or "")
            except (ValueError, AttributeError):
                status = ""
            if status:
                self._events.put_nowait({"type": "StasisStart", "args": ["amd", status, ""]})


def _state(event: Event) -> str:
    channel = event.get("channel")
    return str(channel.get("state", "")) if isinstance(channel, dict) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
