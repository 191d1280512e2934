"""Hand messages to one session of a gateway, as fast as a person would write them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clarion.channels.exchanges import Recorder
from clarion.channels.http import HttpClient, HttpReply
from clarion.channels.linked import LinkState
from clarion.channels.whatsapp.config import Config
from clarion.channels.whatsapp.evolution import Evolution
from clarion.channels.whatsapp.gateways import Ask, Gateway, bare_id, outcome_of, unlinked
from clarion.channels.whatsapp.greenapi import GreenApi
from clarion.channels.whatsapp.pacing import Pacing
from clarion.channels.whatsapp.payload import Post
from clarion.channels.whatsapp.waha import Waha
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: The session is asked how it stands at most so often, in seconds.
STATE_SECONDS = 30.0
#: What a gateway says that does not know the number check.
_NO_CHECK = frozenset({404, 405, 501})
_GATEWAYS: dict[str, type[Waha] | type[Evolution] | type[GreenApi]] = {
    "waha": Waha, "evolution": Evolution, "greenapi": GreenApi,
}  # fmt: skip


def gateway_of(config: Config) -> Gateway:
    """Return what speaks the gateway's language."""
    return _GATEWAYS[config.protocol](config)


class Line:
    """The gateway on the wire. Nothing of it shows the key."""

    def __init__(self, config: Config) -> None:
        self.gateway = gateway_of(config)
        self._http = HttpClient(
            config.base_url, limits=config.limits(), headers=self.gateway.headers(),
            verify_certificate=config.verify_certificate,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"Line({self._http!r})"

    def record(self, recorder: Recorder) -> None:
        self._http.recorder = recorder

    async def hand(self, ask: Ask, hand_over: Callable[[], None]) -> HttpReply | Deferred | Unknown:
        """Hand a message over; return the reply, or what became of it without one."""
        return await self._http.request(
            ask.method, ask.path, hand_over, query=ask.query, json=ask.json, headers=ask.headers
        )

    async def request(self, ask: Ask) -> HttpReply | Deferred:
        """Ask for something that may be asked again; return the reply, or why there is none."""
        found = await self.hand(ask, lambda: None)
        if isinstance(found, Unknown):
            return Deferred(reason=found.reason, scope=Scope.PROVIDER, detail=found.detail)
        return found

    async def told(self, ask: Ask) -> Any:
        """Return what a successful answer holds, or the Deferred or Refused of another. Never Unknown."""
        found = await self.request(ask)
        if not isinstance(found, HttpReply):
            return found
        if not found.is_success:
            return known(outcome_of(self.gateway, found))
        try:
            return found.json()
        except ValueError:
            return Deferred(
                reason=Reason.PROTOCOL_ERROR, scope=Scope.PROVIDER, code=f"HTTP {found.status}",
                detail="The answer is not JSON.",
            )  # fmt: skip

    async def aclose(self) -> None:
        await self._http.aclose()


class Transport:
    """A `clarion.engine.ports.Transport` for WhatsApp. Connections are opened when first needed."""

    #: A phone writes one message at a time.
    concurrency = 1

    def __init__(self, config: Config) -> None:
        self._config = config
        self._line = Line(config)
        self._pacing = Pacing(
            shortest=config.delay_min, longest=config.delay_max, typing=config.typing_seconds
        )
        self._checks_numbers = config.check_number
        #: Until when (loop time) the phone is taken to be linked.
        self._linked_until = 0.0

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._line.record(recorder)

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise.

        Waits its turn first, asks whether the phone is linked and whether the number has WhatsApp, and shows
        “typing…”, as the settings say. All of that is before the message is handed over, so it can be withdrawn.
        """
        post: Post = message.payload
        problem = await self._unready(post)
        if problem is not None:
            return problem
        await asyncio.sleep(self._pacing.take(asyncio.get_running_loop().time()))
        typing = self._pacing.typing(post.text)
        await self._type(post, typing)
        gateway = self._line.gateway
        reply = await self._line.hand(gateway.send(post, typing=typing), hand_over)
        if not isinstance(reply, HttpReply):
            return reply
        if not reply.is_success:
            return self._noted(outcome_of(gateway, reply))
        try:
            return Accepted(provider_id=bare_id(gateway.sent_id(reply.json())), code=f"HTTP {reply.status}")
        except ValueError:
            # It may have been taken; whoever answered is no gateway.
            return Unknown(reason=Reason.PROTOCOL_ERROR, code=f"HTTP {reply.status}")

    async def aclose(self) -> None:
        """Close every connection. May be called twice."""
        await self._line.aclose()

    async def _unready(self, post: Post) -> Deferred | Refused | None:
        """Return why the message cannot be handed over now, if it cannot."""
        now = asyncio.get_running_loop().time()
        if now >= self._linked_until:
            state = await link_state(self._line)
            if not isinstance(state, LinkState):
                return state
            if not state.is_linked:
                return unlinked(state.word)
            self._linked_until = now + STATE_SECONDS
        return await self._unknown_number(post) if self._checks_numbers else None

    async def _unknown_number(self, post: Post) -> Deferred | Refused | None:
        found = await self._line.request(self._line.gateway.check(post.digits))
        if not isinstance(found, HttpReply):
            return found
        if found.status in _NO_CHECK:
            # This gateway does not offer it; it is not asked again.
            self._checks_numbers = False
            return None
        if not found.is_success:
            return known(self._noted(outcome_of(self._line.gateway, found)))
        try:
            has_it = self._line.gateway.has_whatsapp(found.json())
        except ValueError:
            has_it = None
        if has_it is False:
            return Refused(
                reason=Reason.ADDRESS_UNKNOWN, scope=Scope.RECIPIENT, code="not on WhatsApp",
                detail="The number has no WhatsApp account.",
            )  # fmt: skip
        return None

    async def _type(self, post: Post, seconds: float) -> None:
        """Show “typing…” where the gateway wants that said apart. What goes wrong with it does not matter."""
        if not seconds:
            return
        begin = self._line.gateway.typing(post, is_on=True)
        end = self._line.gateway.typing(post, is_on=False)
        if begin is not None and end is not None:
            await self._line.request(begin)
            await asyncio.sleep(seconds)
            await self._line.request(end)

    def _noted(self, outcome: Deferred | Refused | Unknown) -> Deferred | Refused | Unknown:
        if isinstance(outcome, Refused) and outcome.scope is Scope.SENDER:
            self._linked_until = 0.0
        return outcome


def known(outcome: Deferred | Refused | Unknown) -> Deferred | Refused:
    """Return the outcome of a question with which nothing was handed over: it is never unknown."""
    if isinstance(outcome, Unknown):
        return Deferred(reason=outcome.reason, scope=Scope.PROVIDER, code=outcome.code, detail=outcome.detail)
    return outcome


async def link_state(line: Line) -> LinkState | Deferred | Refused:
    """Ask how the session stands; return what keeps it from being told otherwise."""
    told = await line.told(line.gateway.state())
    if isinstance(told, Deferred | Refused):
        return told
    state = line.gateway.state_of(told)
    return state if state.word else replace(state, word="unknown")
