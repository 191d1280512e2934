"""Hand messages to one bot of the Bot API."""

import asyncio
import secrets
from collections.abc import Callable

from clarion.channels.http import HttpClient, HttpLimits, HttpReply
from clarion.channels.telegram.config import Config
from clarion.channels.telegram.pacing import Pacing
from clarion.channels.telegram.payload import Post
from clarion.channels.telegram.replies import file_id_of, is_lost_file, outcome_of
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Scope

#: Octets of an answer that are read: a sent message comes back whole.
MAX_ANSWER = 262_144
#: Seconds until a message goes again whose file Telegram does not know any more, and is uploaded then.
FORGOTTEN_SECONDS = 1.0
_HEADERS = {"Content-Type": "application/json"}


def client_of(config: Config, *, connections: int = 0) -> HttpClient:
    """Return a client of the bot's methods. Its address holds the token."""
    limits = HttpLimits(
        connections=connections or config.connections, connect_seconds=config.connect_timeout,
        answer_seconds=config.response_timeout, answer_octets=MAX_ANSWER,
    )  # fmt: skip
    return HttpClient(f"{config.api_url}/bot{config.token}", limits=limits)


class Transport:
    """A `clarion.engine.ports.Transport` for Telegram. Connections are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.concurrency = config.connections
        self._http = client_of(config)
        self._pacing = Pacing()
        #: Until when (loop time) Telegram wants nothing of the bot.
        self._held_until = 0.0
        #: Digest of a file → what Telegram knows it by; and whoever uploads one lets the others wait for that.
        self._files: dict[str, str] = {}
        self._uploading: dict[str, asyncio.Lock] = {}

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise.

        A 429 holds the whole bot back for as long as Telegram says: what was on its way to `send` meanwhile is
        deferred without asking.
        """
        post: Post = message.payload
        now = asyncio.get_running_loop().time()
        if now < self._held_until:
            return Deferred(reason=Reason.THROTTLED, scope=Scope.SENDER, after=self._held_until - now)
        gap = self._pacing.wait(post.chat, now)
        if gap:
            return Deferred(
                reason=Reason.THROTTLED, scope=Scope.MESSAGE, after=gap, detail="this chat gets one a second"
            )

        def begin() -> None:
            hand_over()
            self._pacing.note(post.chat, now)

        if post.file is None:
            outcome = await self._ask(post, begin, post.body, _HEADERS)
        else:
            outcome = await self._send_file(post, post.file.digest, begin)
        if isinstance(outcome, Deferred) and outcome.scope is Scope.SENDER and outcome.after:
            until = asyncio.get_running_loop().time() + outcome.after
            self._held_until = max(self._held_until, until)
        return outcome

    async def _send_file(self, post: Post, digest: str, begin: Callable[[], None]) -> Outcome:
        """Send a message with a file: the first one brings it, the others name it."""
        if digest not in self._files:
            async with self._uploading.setdefault(digest, asyncio.Lock()):
                if digest not in self._files:
                    boundary = secrets.token_hex(16)
                    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
                    return await self._ask(post, begin, post.uploaded(boundary), headers)
        outcome = await self._ask(post, begin, post.known_as(self._files[digest]), _HEADERS)
        if is_lost_file(outcome):
            self._files.pop(digest, None)
            return Deferred(
                reason=Reason.PROVIDER_BUSY, scope=Scope.MESSAGE, after=FORGOTTEN_SECONDS,
                detail="the file is to be uploaded again",
            )  # fmt: skip
        return outcome

    async def _ask(
        self, post: Post, begin: Callable[[], None], body: bytes, headers: dict[str, str]
    ) -> Outcome:
        answer = await self._http.request("POST", f"/{post.method}", begin, body=body, headers=headers)
        if not isinstance(answer, HttpReply):
            return answer
        outcome = outcome_of(answer.status, answer.body)
        if post.file is not None and isinstance(outcome, Accepted):
            known = file_id_of(answer.body)
            if known:
                self._files[post.file.digest] = known
        return outcome

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._http.aclose()
