"""The two ways to an Asterisk: requests, and the WebSocket on which it tells what happens on the calls of ours.

Each transport is an application of its own to Asterisk, under a name that no other has: what happens on a call is told
to whoever made it. When the socket breaks while there are calls, it is opened again for as long as there are any, and
each call is told (`LOST`, then `BACK`), so that it can ask what became of it meanwhile.
"""

import asyncio
import contextlib
import json
import secrets
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog

from clarion.channels.http import HttpClient, HttpLimits
from clarion.channels.voice.ari.config import Config
from clarion.engine.outcomes import Deferred, Outcome, Reason, Refused, Scope
from clarion.lib.reach import configured_socket

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger(__name__)

#: Made by us, between the events of Asterisk: the socket broke; it is open again.
LOST: Mapping[str, Any] = {"type": "ClarionLost"}
BACK: Mapping[str, Any] = {"type": "ClarionBack"}
#: Seconds between two signs of life on the socket, and between two attempts to open it again.
HEARTBEAT_SECONDS = 20.0
AGAIN_SECONDS = 0.5
LONGEST_AGAIN_SECONDS = 10.0
#: Octets of one event.
MAX_EVENT = 1 << 20

Events = asyncio.Queue[Mapping[str, Any]]


class Unreachable(Exception):
    """The socket cannot be opened; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class Client:
    """One application at one Asterisk. Connects on first use; made anywhere, used on one loop."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.app = f"clarion-{secrets.token_hex(6)}"
        self.http = HttpClient(
            config.url + "/ari",
            limits=HttpLimits(
                # Of each call one request at a time is under way, and one that ends it.
                connections=2 * config.connections,
                connect_seconds=config.connect_timeout,
                answer_seconds=config.response_timeout,
            ),
            auth=(config.username, config.password),
            verify_certificate=config.verify_certificate,
        )
        self._calls: dict[str, Events] = {}
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._is_closed = False

    def __repr__(self) -> str:
        return f"Client({self.http!r}, {self.app})"

    async def ready(self) -> None:
        """Return when the socket is open: only then may anything ring. Raises Unreachable."""
        async with self._opening:
            if self._socket is None or self._socket.closed:
                if self._reader is not None and not self._reader.done():
                    # It is being opened again; whoever waits for that would wait too long.
                    raise Unreachable(_down("the event socket is being opened again"))
                self._socket = await self._open()
                self._reader = asyncio.create_task(self._read_on())

    @contextlib.asynccontextmanager
    async def events(self, channel: str) -> Any:
        """Give the queue of what happens on a channel, from now on."""
        queue: Events = asyncio.Queue()
        self._calls[channel] = queue
        try:
            yield queue
        finally:
            self._calls.pop(channel, None)

    async def aclose(self) -> None:
        """Close everything. May be called twice."""
        self._is_closed = True
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        socket, self._socket = self._socket, None
        if socket is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    await socket.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self.http.aclose()

    async def _open(self) -> "aiohttp.ClientWebSocketResponse":
        import aiohttp

        if self._is_closed:
            raise Unreachable(_down("closed"))
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=configured_socket),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        sign_in = b64encode(f"{self._config.username}:{self._config.password}".encode()).decode()
        address = "ws" + self._config.url.removeprefix("http") + "/ari/events?" + urlencode({"app": self.app})
        try:
            # Without a limit of ours a host that takes the connection and says nothing holds it for good.
            async with asyncio.timeout(self._config.connect_timeout):
                return await self._session.ws_connect(
                    address,
                    headers={"Authorization": f"Basic {sign_in}"},
                    heartbeat=HEARTBEAT_SECONDS,
                    max_msg_size=MAX_EVENT,
                    ssl=bool(self._config.verify_certificate),
                )
        except aiohttp.WSServerHandshakeError as refusal:
            raise Unreachable(_refused(refusal.status)) from None
        except TimeoutError:
            raise Unreachable(_down("no answer in time")) from None
        except (aiohttp.ClientSSLError, ssl.SSLError):
            problem = Deferred(reason=Reason.TLS_FAILED, scope=Scope.PROVIDER)
            raise Unreachable(problem) from None
        except (aiohttp.ClientError, OSError) as problem:
            raise Unreachable(_down(getattr(problem, "strerror", "") or type(problem).__name__)) from None

    async def _read_on(self) -> None:
        """Bring events to their calls, for as long as there are calls or the socket lasts."""
        while True:
            await self._read()
            self._tell_all(LOST)
            wait = AGAIN_SECONDS
            while True:
                if not self._calls:
                    return
                try:
                    self._socket = await self._open()
                    break
                except Unreachable:
                    log.warning("ari.socket_down", url=self._config.url)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, LONGEST_AGAIN_SECONDS)
            self._tell_all(BACK)

    async def _read(self) -> None:
        socket = self._socket
        if socket is None:
            return
        async for message in socket:
            try:
                event = json.loads(message.data)
                queue = self._calls.get(channel_of(event))
            except (ValueError, TypeError, RecursionError):
                continue
            if queue is not None:
                queue.put_nowait(event)

    def _tell_all(self, event: Mapping[str, Any]) -> None:
        for queue in self._calls.values():
            queue.put_nowait(event)


def channel_of(event: Any) -> str:
    """Return the id of the channel that an event is about; "" for none."""
    if not isinstance(event, dict):
        return ""
    for name in ("channel", "peer"):
        about = event.get(name)
        if isinstance(about, dict) and about.get("id"):
            return str(about["id"])
    playback = event.get("playback")
    target = playback.get("target_uri", "") if isinstance(playback, dict) else ""
    return str(target).removeprefix("channel:")


def _refused(status: int) -> Outcome:
    code = f"HTTP {status}"
    if status in (401, 403):
        return Refused(reason=Reason.CREDENTIALS_REFUSED, scope=Scope.SENDER, code=code)
    # 404 is what Asterisk says until it has loaded everything.
    return Deferred(reason=Reason.PROVIDER_DOWN, scope=Scope.PROVIDER, code=code)


def _down(words: str) -> Deferred:
    return Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail=words)
