"""One SMPP session: requests in a window, answers in any order, and the peer's own requests answered at once."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from clarion.channels.sms import pdu
from clarion.channels.sms.pdu import Command, Pdu
from clarion.channels.sms.replies import INVALID_COMMAND, INVALID_LENGTH, OK, TRY_LATER

#: Statuses of ours, beside those of the wire. The connection broke after the request was written …
LOST = -1
#: … or before any of it was …
UNSENT = -2
#: … or there was no answer in time.
TIMED_OUT = -3

#: Sequence numbers go from 1 to this (SMPP 3.4, 3.2).
MAX_SEQUENCE = 0x7FFFFFFF

#: What became of a request: a command_status or one of ours, and the body of the answer.
Answer = tuple[int, bytes]

#: Takes what the provider brings: (deliver_sm or data_sm, its body, how to answer with a command_status). The answer
#: is given once, then or later, on the same loop.
OnDeliver = Callable[[Command, bytes, Callable[[int], None]], None]


class Session(asyncio.Protocol):
    """Carries requests of ours. `on_room` hears when the window has room again, `on_dead` when all is over.

    Without `on_deliver` the provider is told to bring its messages later. It raises BodyInvalid for what it cannot
    read.
    """

    def __init__(
        self,
        *,
        window: int,
        response_timeout: float,
        enquire_seconds: float,
        on_deliver: OnDeliver | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.window = window
        self._response_timeout = response_timeout
        self._enquire_seconds = enquire_seconds
        self._on_deliver = on_deliver
        #: Closed, closing, or no longer understood: nothing more can be asked.
        self.is_dead = False
        #: Why it died, for a person.
        self.obituary = ""
        self.on_room: Callable[[], None] = lambda: None
        self.on_dead: Callable[[], None] = lambda: None
        self.transport: asyncio.Transport | None = None
        self._reader = pdu.Reader()
        #: Requests without an answer, in the order in which they were made.
        self._pending: dict[int, asyncio.Future[Answer]] = {}
        self._sequence = 0
        self._out: list[bytes] = []
        self._unsent: list[int] = []
        #: (when, the last sequence number until then), so that no request needs a clock of its own.
        self._marks: deque[tuple[float, int]] = deque()
        self._heard_at = self._loop.time()
        self._enquiry: asyncio.Future[Answer] | None = None
        self._tick_seconds = min(1.0, response_timeout / 4, enquire_seconds / 2)
        self._watchdog: asyncio.TimerHandle | None = None

    @property
    def room(self) -> int:
        """How many more requests may be under way."""
        return 0 if self.is_dead else self.window - len(self._pending)

    def request(self, command: int, body: bytes = b"") -> "asyncio.Future[Answer]":
        """Send a request; what became of it is the future's result. Cancelling the future takes nothing back."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        if self.is_dead:
            future.set_result((UNSENT, b""))
            return future
        pending = self._pending
        sequence = self._sequence = self._sequence % MAX_SEQUENCE + 1
        pending[sequence] = future
        self._unsent.append(sequence)
        self._write(pdu.packed(command, sequence, body))
        return future

    def unbind(self) -> None:
        """Say good-bye and take no more requests. The connection closes when the peer agrees, or soon anyway."""
        if self.is_dead:
            return
        farewell = self.request(Command.UNBIND)
        self.is_dead = True
        farewell.add_done_callback(lambda _: self._fail("unbound"))
        self._loop.call_later(1.0, self._fail, "unbound")

    def abort(self) -> None:
        """Close at once."""
        self._fail("closed by us")

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._tick()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection broke")

    def eof_received(self) -> bool:
        self._fail("the provider closed the connection")
        return False

    def pause_writing(self) -> None:
        # A peer that does not read gets no more answers to its requests, so its requests must wait too.
        if self.transport is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        was_full = len(self._pending) >= self.window
        try:
            for one in self._reader.feed(data):
                if one.command & pdu.RESPONSE:
                    self._answered(one)
                else:
                    self._asked(one)
        except pdu.NotSmpp as error:
            self._fail(f"the answer is not SMPP ({error})")
            return
        if was_full:
            self.on_room()

    # Inside.

    def _answered(self, one: Pdu) -> None:
        future = self._pending.pop(one.sequence, None)
        if future is None:
            if one.command == Command.GENERIC_NACK:
                # Not about any request of ours: the peer has lost the thread of the stream.
                self._fail("the provider does not understand what it gets (generic_nack)")
            return
        if not future.done():
            refused = one.command == Command.GENERIC_NACK and one.status == OK
            future.set_result((INVALID_COMMAND if refused else one.status, one.body))

    def _asked(self, one: Pdu) -> None:
        if one.command == Command.ENQUIRE_LINK:
            self._write(pdu.packed(Command.ENQUIRE_LINK_RESP, one.sequence))
        elif one.command in (Command.DELIVER_SM, Command.DATA_SM):
            self._delivered(one)
        elif one.command == Command.UNBIND:
            self._write(pdu.packed(Command.UNBIND_RESP, one.sequence))
            self._flush()
            self._fail("the provider ended the session (unbind)", politely=True)
        elif one.command not in (Command.OUTBIND, Command.ALERT_NOTIFICATION):
            self._write(pdu.packed(Command.GENERIC_NACK, one.sequence, status=INVALID_COMMAND))

    def _delivered(self, one: Pdu) -> None:
        def answer(status: int) -> None:
            # The session may have ended meanwhile: the provider brings it again on another.
            if self.transport is not None:
                self._write(pdu.packed(one.command | pdu.RESPONSE, one.sequence, b"\0", status=status))

        if self._on_deliver is None:
            answer(TRY_LATER)
            return
        try:
            self._on_deliver(Command(one.command), one.body, answer)
        except pdu.BodyInvalid:
            answer(INVALID_LENGTH)

    def _write(self, octets: bytes) -> None:
        """Write with everything else of this turn of the loop: one system call for many PDUs."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(octets)

    def _flush(self) -> None:
        if self._out and self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self._out))
            self._out.clear()
            self._unsent.clear()

    def _fail(self, words: str, *, politely: bool = False) -> None:
        """End the session; every request without an answer gets one of ours."""
        self.is_dead = True
        self.obituary = self.obituary or words
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self.transport is not None:
            transport, self.transport = self.transport, None
            if politely:
                transport.close()  # after what is still to be written
            else:
                transport.abort()
        unsent = set(self._unsent)
        pending, self._pending = self._pending, {}
        self._out.clear()
        self._unsent.clear()
        for sequence, future in pending.items():
            if not future.done():
                future.set_result((UNSENT if sequence in unsent else LOST, b""))
        on_dead, self.on_dead = self.on_dead, lambda: None
        on_dead()

    def _tick(self) -> None:
        now = self._loop.time()
        self._time_out(now)
        if self._enquiry is not None and self._enquiry.done():
            status, self._enquiry = self._enquiry.result()[0], None
            if status == TIMED_OUT:
                self._fail("the provider answers no more")
                return
        if self._enquiry is None and now - self._heard_at >= self._enquire_seconds and not self.is_dead:
            self._enquiry = self.request(Command.ENQUIRE_LINK)
        if self.transport is not None:
            self._watchdog = self._loop.call_later(self._tick_seconds, self._tick)

    def _time_out(self, now: float) -> None:
        marks = self._marks
        marks.append((now, self._sequence))
        last = None
        while marks and now - marks[0][0] >= self._response_timeout:
            last = marks.popleft()[1]
        if last is None:
            return
        late = [one for one in self._pending if (last - one) % MAX_SEQUENCE < MAX_SEQUENCE // 2]
        for sequence in late:
            future = self._pending.pop(sequence)
            if not future.done():
                future.set_result((TIMED_OUT, b""))
        if late:
            self.on_room()
