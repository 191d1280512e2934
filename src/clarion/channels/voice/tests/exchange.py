"""An Asterisk of the tests' own, as far as ARI shows it: calls end as the last digit of their number says.

Requests, events, causes and their order are those that Asterisk 22.10 showed in tests/servers/test_voice.py; it hears
and plays nothing, and takes no time.
"""

import asyncio
import contextlib
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from clarion.channels.testing_server import LocalServer, routed
from clarion.channels.voice.tests.making import PASSWORD

#: Last digit of a number → what becomes of the call.
HUMAN, MACHINE, BUSY, NO_ANSWER, REJECTED, UNALLOCATED, CONGESTED, PRESSES, HANGS_UP = "123456789"
#: Whole numbers at which the exchange itself misbehaves.
THROTTLED, DROPS, HANGS = "+4930000090", "+4930000080", "+4930000070"
#: Rings, but the answer to the request is lost.
UNTOLD = "+4930000071"
#: Cannot be put through: temporary failure.
FAILS = "+4930000050"
_CAUSES = {
    BUSY: (17, 486, "BUSY"), NO_ANSWER: (19, 480, "NOANSWER"), REJECTED: (21, 403, "NOANSWER"),
    UNALLOCATED: (1, 404, "NOANSWER"), CONGESTED: (34, 503, "CONGESTION"), FAILS: (41, 500, "CHANUNAVAIL"),
}  # fmt: skip


@dataclass
class Channel:
    """A call."""

    id: str
    number: str
    query: dict[str, str]
    variables: dict[str, str]
    state: str = "Down"


@dataclass
class Exchange(LocalServer):
    """What it has done: every call, and every request as (method, path)."""

    password: str = PASSWORD
    calls: list[Channel] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    played: list[str] = field(default_factory=list)
    #: Where people were put through to; they are talked to for no time.
    put_through: list[str] = field(default_factory=list)
    #: Channels that live now.
    living: dict[str, Channel] = field(default_factory=dict)
    #: How often a channel that listens in is refused before it is given to whoever made it.
    ear_is_late: int = 0
    recorded: list[str] = field(default_factory=list)
    #: Whether messages are played until somebody stops them.
    plays_on: bool = False
    #: Set when the first message begins to play.
    is_playing: asyncio.Event = field(default_factory=asyncio.Event)
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """How many calls somebody, or something, took."""
        return sum(1 for one in self.calls if one.number[-1] in (HUMAN, MACHINE, PRESSES, HANGS_UP))

    def runner(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_route("*", "/ari/{rest:.*}", self._request)
        return routed(app)

    async def closing(self) -> None:
        for socket in list(self.sockets.values()):
            await socket.close()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if not self._may(request):
            return web.json_response({"error": "Authentication required"}, status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        app = request.query["app"]
        self.sockets[app] = socket
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        if self.sockets.get(app) is socket:
            del self.sockets[app]
        return socket

    def _may(self, request: web.Request) -> bool:
        wanted = "Basic " + b64encode(f"clarion:{self.password}".encode()).decode()
        return request.headers.get("Authorization") == wanted

    async def _request(self, request: web.Request) -> web.StreamResponse:
        if not self._may(request):
            return web.json_response({"error": "Authentication required"}, status=401)
        parts = request.match_info["rest"].split("/")
        self.asked.append((request.method, request.match_info["rest"]))
        if parts[:2] == ["asterisk", "info"]:
            return web.json_response({"system": {"version": "22.10.1", "entity_id": "1"}})
        if parts[0] in ("endpoints", "asterisk"):
            is_there = parts[-1] != "nowhere"
            return web.json_response(
                {"state": "online", "status": "Running"}, status=200 if is_there else 404
            )
        if parts[0] == "playbacks":
            return web.Response(status=204 if request.method == "DELETE" else 404)
        if parts[0] == "channels" and len(parts) == 2 and request.method == "POST":
            return await self._originate(request, parts[1])
        if parts[-1] == "record" and parts[1].removesuffix("-ear") in self.living:
            return self._record(request.query["name"])
        channel = self.living.get(parts[1])
        if channel is None:
            return web.json_response({"message": "Channel not found"}, status=404)
        return await self._on_channel(request, channel, parts[2:])

    async def _originate(self, request: web.Request, name: str) -> web.StreamResponse:
        query = dict(request.query)
        number = query["endpoint"].partition("/")[2].partition("@")[0]
        if query["endpoint"].endswith("@nowhere"):
            return web.json_response({"error": "Allocation failed"}, status=500)
        if number == THROTTLED:
            return web.json_response({"message": "Too many"}, status=429, headers=self.too_fast())
        if number == DROPS:
            assert request.transport
            request.transport.abort()
            return web.Response()
        if number == HANGS:
            await asyncio.sleep(30)
        channel = Channel(name, number, query, (await request.json())["variables"])
        self.calls.append(channel)
        self.living[name] = channel
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._ring(channel)))
        if number == UNTOLD:
            assert request.transport
            request.transport.abort()
        return web.json_response({"id": name, "state": "Down"})

    async def _ring(self, channel: Channel) -> None:
        digit = channel.number if channel.number == FAILS else channel.number[-1]
        await self._say(channel, "Dial", dialstatus="")
        if digit in _CAUSES:
            cause, tech_cause, status = _CAUSES[digit]
            await self._say(channel, "Dial", dialstatus=status)
            await self._destroy(channel, cause, tech_cause)
            return
        channel.state = "Up"
        await self._say(channel, "Dial", dialstatus="ANSWER")
        await self._say(channel, "StasisStart", args=["call"])
        if digit == HANGS_UP:
            await self._destroy(channel, 16)

    def _record(self, name: str) -> web.StreamResponse:
        if self.ear_is_late:
            self.ear_is_late -= 1
            return web.json_response({"message": "Channel not in Stasis application"}, status=409)
        self.recorded.append(name)
        return web.json_response({"name": name, "state": "queued"}, status=201)

    async def _on_channel(
        self, request: web.Request, channel: Channel, rest: list[str]
    ) -> web.StreamResponse:
        if request.method == "DELETE":
            await self._destroy(channel, 16)
        elif not rest:
            return web.json_response({"id": channel.id, "state": channel.state})
        elif rest[0] == "play":
            self.played.append(request.query["media"])
            self.is_playing.set()
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._play(channel, rest[1])))
            return web.json_response({"id": rest[1]}, status=201)
        elif rest[0] == "continue":
            asyncio.get_running_loop().call_soon(
                lambda: asyncio.ensure_future(self._go_on(channel, **request.query))
            )
        return web.Response(status=204)

    async def _play(self, channel: Channel, name: str) -> None:
        playback = {"id": name, "target_uri": f"channel:{channel.id}", "state": "playing"}
        await self._say(None, "PlaybackStarted", app=channel.query["app"], playback=playback)
        if channel.number[-1] == PRESSES:
            await self._say(channel, "ChannelDtmfReceived", digit="5")
        if not self.plays_on:
            await self._say(
                None, "PlaybackFinished", app=channel.query["app"], playback={**playback, "state": "done"}
            )

    async def _go_on(self, channel: Channel, *, context: str, extension: str, **_: str) -> None:
        await self._say(channel, "StasisEnd")
        if context != "clarion-amd":
            self.put_through.append(f"{extension}@{context}")
            await self._say(channel, "ChannelDialplan", dialplan_app="Queue")
            await self._destroy(channel, 16)
            return
        await self._say(channel, "ChannelDialplan", dialplan_app="AMD")
        found = "MACHINE" if channel.number[-1] == MACHINE else "HUMAN"
        await self._say(channel, "StasisStart", args=["amd", found, ""])
        if found == "MACHINE":
            await self._say(channel, "ChannelTalkingStarted")
            await self._say(channel, "ChannelTalkingFinished", duration=100)

    async def _destroy(self, channel: Channel, cause: int, tech_cause: int = 0) -> None:
        self.living.pop(channel.id, None)
        more: dict[str, Any] = {"tech_cause": tech_cause} if tech_cause else {}
        await self._say(channel, "ChannelDestroyed", cause=cause, cause_txt="", **more)

    async def _say(self, channel: Channel | None, kind: str, *, app: str = "", **facts: Any) -> None:
        socket = self.sockets.get(app or (channel.query["app"] if channel else ""))
        about = {"channel": {"id": channel.id, "state": channel.state}} if channel and kind != "Dial" else {}
        if channel and kind == "Dial":
            about = {"peer": {"id": channel.id, "state": channel.state}}
        if socket is not None and not socket.closed:
            with contextlib.suppress(ConnectionError):
                await socket.send_str(json.dumps({"type": kind, **about, **facts}))
