"""Hand short messages to one provider over a few sessions that are kept open, each with a window."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable

from clarion.channels.base import Heard
from clarion.channels.exchanges import Exchange, Recorder, masked
from clarion.channels.sms.client import open_session
from clarion.channels.sms.config import Config
from clarion.channels.sms.errors import SessionUnusable, put_off
from clarion.channels.sms.listener import taker
from clarion.channels.sms.payload import Sms
from clarion.channels.sms.pdu import Command, read_congestion, read_id, read_status_text
from clarion.channels.sms.protocol import LOST, TIMED_OUT, UNSENT, OnDeliver, Session
from clarion.channels.sms.receipts import given_id
from clarion.channels.sms.replies import (
    CONGESTED_SECONDS,
    OK,
    QUEUE_FULL,
    THROTTLED,
    TRY_LATER,
    code_of,
    of_submit,
)
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope, Unknown

#: Seconds for which the provider's refusal of a further session is believed, while some are open.
CROWDED_SECONDS = 30.0
#: Seconds between the tries of a part whose first part was taken: giving up would leave half a message.
PART_GAPS = (0.5, 1.0, 2.0, 4.0, 8.0)
_AGAIN = frozenset({THROTTLED, QUEUE_FULL, TRY_LATER, UNSENT})
#: Seconds that closing waits for the good-byes.
FAREWELL_SECONDS = 1.0

_SUBMIT = Command.SUBMIT_SM.value
_CLOSED = Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail="the session ended at once")


class Transport:
    """A `clarion.engine.ports.Transport` for SMPP. Sessions are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.concurrency = config.connections * config.window
        self._context: ssl.SSLContext | None = None
        self._sessions: list[Session] = []
        self._is_opening = False
        self._waiting: deque[asyncio.Future[Deferred | Refused | None]] = deque()
        #: Until when (loop time) no further session is tried, because the provider wanted no more.
        self._crowded_until = 0.0
        #: Until when (loop time) the provider says that it has enough, and how it says so; 0 while it does not.
        self._congested_until = 0.0
        self._congestion = 0
        self._is_closed = False
        self._on_deliver: OnDeliver | None = None
        self._recorder: Recorder | None = None

    def record(self, recorder: Recorder) -> None:
        """Let some of what is said be kept; see `clarion.channels.exchanges.Recorded`."""
        self._recorder = recorder

    def hear(self, heard: Heard) -> None:
        """Give what the provider brings on these sessions to `heard`; see `clarion.channels.base.Hears`."""
        if self._config.receipts != "none":
            self._on_deliver = taker(self._config, heard)

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the message over and return what happened; see the port's promise.

        Of a long message the first part goes alone: what becomes of it is what becomes of the message.
        """
        sms: Sms = message.payload
        if self._congested_until and (outcome := self._congested()):
            return outcome
        try:
            session = self._pick() or await self._session()
        except SessionUnusable as error:
            return error.outcome
        hand_over()
        status, body = await session.request(_SUBMIT, sms.bodies[0])
        if self._recorder is not None and self._recorder.wants(status != OK):
            self._recorder.add(_exchange(status, sms, message.address, session.obituary))
        if body.find(b"\0") + 1 < len(body):  # something follows the id
            self._heed(read_congestion(body))
        if status == OK:
            provider_id = given_id(read_id(body), self._config)
            if len(sms.bodies) > 1:
                return await self._rest(sms, provider_id)
            return Accepted(provider_id=provider_id, code="0x00 ROK")
        if status == UNSENT:
            return Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail=session.obituary)
        if status == LOST:
            return Unknown(reason=Reason.CONNECTION_LOST, detail=session.obituary)
        if status == TIMED_OUT:
            return Unknown(reason=Reason.TIMED_OUT)
        return of_submit(status, "", read_status_text(body))

    def _heed(self, state: int) -> None:
        """Hold back for as long as a congestion_state asks for."""
        seconds = next((seconds for least, seconds in CONGESTED_SECONDS if state >= least), 0.0)
        if seconds:
            self._congestion = state
            self._congested_until = asyncio.get_running_loop().time() + seconds

    def _congested(self) -> Deferred | None:
        left = self._congested_until - asyncio.get_running_loop().time()
        if left <= 0:
            self._congested_until = 0.0
            return None
        return Deferred(
            reason=Reason.THROTTLED, scope=Scope.PROVIDER, after=left,
            detail=f"the provider's congestion_state is {self._congestion}",
        )  # fmt: skip

    async def aclose(self) -> None:
        """End every session, politely where nothing is under way. May be called twice."""
        self._is_closed = True
        sessions, self._sessions = self._sessions, []
        for session in sessions:
            session.unbind()
        loop = asyncio.get_running_loop()
        ends = loop.time() + FAREWELL_SECONDS
        while any(one.transport is not None for one in sessions) and loop.time() < ends:
            await asyncio.sleep(0.01)
        for session in sessions:
            session.abort()
        self._wake(len(self._waiting))

    async def _rest(self, sms: Sms, provider_id: str) -> Outcome:
        """Hand over the parts after the first; once that was taken, the message can no more be put off."""
        statuses = await asyncio.gather(*(self._part(body) for body in sms.bodies[1:]))
        bad = [status for status in statuses if status != OK]
        if not bad:
            return Accepted(provider_id=provider_id, code="0x00 ROK")
        taken = len(sms.bodies) - len(bad)
        reason = Reason.TIMED_OUT if bad[0] == TIMED_OUT else Reason.CONNECTION_LOST
        if bad[0] > 0:
            reason = Reason.THROTTLED if bad[0] in _AGAIN else Reason.MESSAGE_REFUSED
        code = code_of(bad[0]) if bad[0] > 0 else ""
        return Unknown(reason=reason, code=code, detail=f"{taken} of {len(sms.bodies)} parts were taken")

    async def _part(self, body: bytes) -> int:
        """Hand over one part, again and again while it is certainly not taken; return its last status."""
        status = UNSENT
        for gap in (*PART_GAPS, 0.0):
            try:
                session = self._pick() or await self._session()
            except SessionUnusable:
                status = UNSENT
            else:
                status, _ = await session.request(_SUBMIT, body)
            if status not in _AGAIN:
                break
            await asyncio.sleep(gap)
        return LOST if status == UNSENT else status

    def _pick(self) -> Session | None:
        """Return the session with the most room; None if there is none, or if one more is to be opened first."""
        best, most = None, 0
        for session in self._sessions:
            if session.room > most:
                best, most = session, session.room
        return None if most < self._config.window and self._may_open() else best

    def _may_open(self) -> bool:
        if self._is_opening or len(self._sessions) >= self._config.connections:
            return False
        return not self._sessions or asyncio.get_running_loop().time() >= self._crowded_until

    async def _session(self) -> Session:
        """Return a session with room, opened if there may be one more, else as soon as one has some."""
        while True:
            if self._is_closed:
                raise SessionUnusable(_CLOSED)
            session = self._pick()
            if session is not None:
                return session
            if self._may_open():
                await self._open()
            else:
                await self._turn()

    async def _turn(self) -> None:
        """Wait until something has changed. Raises SessionUnusable when no session could be had."""
        turn: asyncio.Future[Deferred | Refused | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            outcome = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake(1)  # it was our turn; pass it on
            raise
        if outcome is not None:
            raise SessionUnusable(outcome)

    async def _open(self) -> None:
        """Open one more session. Raises SessionUnusable if there is no other one to make do with."""
        self._is_opening = True
        try:
            session = await open_session(self._config, self._tls(), on_deliver=self._on_deliver)
        except SessionUnusable as error:
            if self._sessions and isinstance(error.outcome, Deferred):
                # Some work and one more does not: a limit of the provider's.
                self._crowded_until = asyncio.get_running_loop().time() + CROWDED_SECONDS
                return
            self._wake(len(self._waiting), error.outcome)
            raise
        finally:
            self._is_opening = False
            self._wake(len(self._waiting))
        if self._is_closed or session.is_dead:
            session.abort()
            raise SessionUnusable(_CLOSED)
        self._sessions.append(session)
        session.on_room = lambda: self._wake(session.room)
        session.on_dead = lambda: self._died(session)

    def _tls(self) -> ssl.SSLContext | None:
        if self._context is None:
            try:
                self._context = self._config.tls_context()
            except (OSError, ssl.SSLError):
                put_off(Reason.TLS_FAILED, "the authority file cannot be read")
        return self._context

    def _died(self, session: Session) -> None:
        if session in self._sessions:
            self._sessions.remove(session)
        self._wake(len(self._waiting))

    def _wake(self, most: int, outcome: Deferred | Refused | None = None) -> None:
        while self._waiting and most > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(outcome)
                most -= 1


def _exchange(status: int, sms: Sms, address: str, obituary: str) -> Exchange:
    ours = {UNSENT: "not written", LOST: "connection lost", TIMED_OUT: "no answer in time"}
    told = ours.get(status) or code_of(status)
    return Exchange(
        is_ours=True, what="submit_sm", request=f"to={masked(address)}\nparts={sms.parts}",
        answer=obituary if status in ours else "", status=told, code="" if status in ours else told,
        failed=status != OK,
    )  # fmt: skip
