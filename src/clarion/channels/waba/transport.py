"""Hand template messages to the Cloud API: one POST each.

The API has no key by which a message that is sent twice would be taken once, so nothing is ever repeated by itself. It
does carry our ids (`biz_opaque_callback_data`) and brings them back with every status, by which a message of unknown
fate is found out to have been taken.
"""

import asyncio
from collections.abc import Callable

from clarion.channels.exchanges import Recorder
from clarion.channels.http import HttpClient, HttpLimits, HttpReply
from clarion.channels.waba import codes
from clarion.channels.waba.config import Config
from clarion.channels.waba.pacing import Pacing
from clarion.channels.waba.payload import Post
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Scope

_HEADERS = {"Content-Type": "application/json"}


def client_of(config: Config, *, connections: int = 0, answer_octets: int = 262_144) -> HttpClient:
    """Return a client of the Graph API, signed in."""
    limits = HttpLimits(
        connections=connections or config.connections, connect_seconds=config.connect_timeout,
        answer_seconds=config.response_timeout, answer_octets=answer_octets,
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {config.access_token}"}
    return HttpClient(f"{config.api_url}/{config.api_version}", limits=limits, headers=headers)


class Transport:
    """A `clarion.engine.ports.Transport` for the Cloud API. Connections are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self.concurrency = config.connections
        self._path = f"/{config.phone_number_id}/messages"
        self._http = client_of(config)
        self._pacing = Pacing()

    def __repr__(self) -> str:
        return f"Transport({self._http!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._http.recorder = recorder

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise."""
        post: Post = message.payload
        now = asyncio.get_running_loop().time()
        gap = self._pacing.wait(post.to, now)
        if gap:
            return Deferred(
                reason=Reason.THROTTLED, scope=Scope.MESSAGE, after=gap,
                detail="this person gets a message every six seconds",
            )  # fmt: skip

        def begin() -> None:
            hand_over()
            self._pacing.note(post.to, now)

        reply = await self._http.request("POST", self._path, begin, body=post.body, headers=_HEADERS)
        if not isinstance(reply, HttpReply):
            if isinstance(reply, Deferred):
                self._pacing.forget(post.to)
            return reply
        if not reply.is_success:
            self._pacing.forget(post.to)
            return codes.outcome_of(reply, attempt=post.attempt)
        try:
            told = reply.json()["messages"][0]
            return Accepted(provider_id=str(told["id"])[:120], code=str(told.get("message_status", ""))[:20])
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            # It said yes in words that we do not know: it has taken the message.
            return Accepted(code=f"HTTP {reply.status}")

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()
