"""One SMTP connection, and handing over one message after another on it (RFC 5321, 2920).

The conversation about a message is a small state machine driven by the replies, without a task or a timer of
its own. With PIPELINING the envelope of the next message goes out in one write with the body of this one, as RFC 2920
3.1 allows, so that at full speed a message is one write and one read. One watchdog per connection looks after every
deadline.
"""

import asyncio
import re
from collections.abc import Callable
from typing import cast

from clarion.channels.email.abilities import Abilities
from clarion.channels.email.errors import ConnectionUnusable, NotAReply, Stale, not_begun
from clarion.channels.email.mail import Mail
from clarion.channels.email.pending import Pending
from clarion.channels.email.reader import MAX_LINE, ReplyReader
from clarion.channels.email.replies import Reply, Step, accepted, outcome
from clarion.engine.outcomes import Deferred, Outcome, Reason, Scope, Unknown

#: Octets. A body up to this size goes out in one write. A larger one goes in pieces, and its end only after
#: all before it has left, so that a connection that breaks in between has certainly not delivered anything.
CHUNK = 128 * 1024

_FOREVER = float("inf")

#: The three answers to a pipelined envelope that was taken.
_ENVELOPE_TAKEN = re.compile(rb"250 [^\n]{0,1000}\n250 [^\n]{0,1000}\n354 [^\n]{0,1000}\n")


def _none_ahead(connection: "Connection") -> Pending | None:
    """There is no next message."""
    return None


class Connection(asyncio.Protocol):
    """One connection, used for one message at a time. `on_free` hears when it is ready again, or dead.

    `upcoming` is asked for the next message while the body of one goes out. It is begun with that body, and lost with
    the connection: then it fails with Stale.
    """

    def __init__(
        self, *, command_timeout: float, data_timeout: float, idle_timeout: float = 30.0, dsn: bool = False
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._command_timeout = command_timeout
        self._data_timeout = data_timeout
        self._idle_timeout = idle_timeout
        #: Seconds between two looks at the deadline: a timeout is late by as much at most.
        self._tick_seconds = min(1.0, min(command_timeout, data_timeout, idle_timeout) / 4)
        self._dsn = dsn
        self.abilities = Abilities()
        #: Messages begun on this connection.
        self.used = 0
        #: Closed, closing, or no longer understood.
        self.is_dead = False
        self.on_free: Callable[[Connection], None] = lambda connection: None
        self.upcoming: Callable[[Connection], Pending | None] = _none_ahead
        self.transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        #: Who waits for the reply to a single command.
        self._command: asyncio.Future[Reply] | None = self._loop.create_future()
        self._seal_next = self._is_sealed = False
        self._is_resetting = False
        self._deadline = _FOREVER
        self._watchdog: asyncio.TimerHandle | None = None
        self._writable: asyncio.Future[None] | None = None
        self._feeder: asyncio.Task[None] | None = None
        # The message under way.
        self._step: Step | None = None
        self._waiter: asyncio.Future[Outcome | None] | None = None
        self._hand_over: Callable[[], None] | None = None
        self._wire = b""
        self._rest: list[bytes] = []
        self._failure: Outcome | None = None
        #: The end of the message has been written, so the server may take it.
        self._is_out = False
        self._is_answered = False
        #: The server has taken the recipient.
        self._is_wanted = False
        #: Nothing unusual has come in about this message so far.
        self._is_smooth = False
        #: Which chunk of data is being read, and in which the body was written.
        self._in_chunk = 0
        self._written_in = -1
        #: The message whose envelope has gone out behind the body of this one.
        self._ahead: Pending | None = None
        #: Whoever waited for the message before has not run yet, and whether the body of this one waits for that.
        self._is_noting = self._is_body_held = False

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.attach(transport)
        self._deadline = self._loop.time() + self._command_timeout
        self._tick()

    def attach(self, transport: asyncio.BaseTransport) -> None:
        """Go on over this transport: the plain one, then the encrypted one."""
        self.transport = cast(asyncio.Transport, transport)
        self._is_sealed = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Reason.CONNECTION_FAILED, "the connection broke")

    def eof_received(self) -> bool:
        self._fail(Reason.CONNECTION_FAILED, "the server closed the connection")
        return False

    def pause_writing(self) -> None:
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._is_sealed:
            self._fail(Reason.TLS_FAILED, "text in clear after STARTTLS")
            return
        self._in_chunk += 1
        if self._is_smooth and self._reader.is_empty:
            data = self._smooth(data)
            if not data:
                return
        try:
            for reply in self._reader.feed(data):
                if self.is_dead:
                    return
                self._reply(reply)
        except NotAReply:
            self._fail(Reason.PROTOCOL_ERROR, "the answer is not SMTP")

    def _smooth(self, data: bytes) -> bytes:
        """Take what comes when all goes well: the answers to an envelope, to a body, or to a body and an envelope.

        This is a short cut through `_reply` for nearly every message. Returns what of the data was not taken.
        """
        if self._step is Step.END and self._is_out and data[:4] == b"250 ":
            end = data.find(b"\n") + 1
            if not 0 < end <= MAX_LINE or (end < len(data) and self._ahead is None):
                return data
            waiter, self._waiter, self._step = self._waiter, None, None
            if waiter is not None and not waiter.done():
                waiter.set_result(accepted(data[4:end].decode("utf-8", "replace").rstrip("\r\n")))
            self._rest_now()
            data = data[end:]
        if data and self._step is Step.MAIL and self.abilities.pipelining and _ENVELOPE_TAKEN.fullmatch(data):
            self._is_answered = True
            self._step = Step.END
            self._write_body()
            return b""
        return data

    def _reply(self, reply: Reply) -> None:
        self._is_smooth = False
        if self._step is not None:
            self._is_answered = True
            self._message_reply(self._step, reply)
        elif self._is_resetting:
            self._is_resetting = False
            if reply.code != 250:
                self.quit()
            else:
                self._rest_now()
        elif self._command is not None and not self._command.done() and not self._is_sealed:
            if self._seal_next and reply.code == 220:
                # RFC 3207 4.2: whatever follows in clear was put there by someone else.
                self._is_sealed = True
                if not self._reader.is_empty:
                    self._fail(Reason.TLS_FAILED, "text in clear after STARTTLS")
                    return
            self._command.set_result(reply)
        elif reply.code == 421:
            self.abort()
        elif self._is_sealed:
            self._fail(Reason.TLS_FAILED, "text in clear after STARTTLS")
        else:
            self._fail(Reason.PROTOCOL_ERROR, "an answer to no question")

    # Single commands: greeting, EHLO, STARTTLS, AUTH, QUIT.

    async def command(self, line: bytes = b"", *, seal: bool = False) -> Reply:
        """Write a line and return its reply, or without a line the greeting. Raises ConnectionUnusable.

        With `seal`, a 220 must be the last thing that is read before `attach`.
        """
        future = self._command
        if future is None:
            if self.is_dead or self.transport is None:
                raise ConnectionUnusable(not_begun(Reason.CONNECTION_FAILED, "the connection was closed"))
            future = self._command = self._loop.create_future()
        self._seal_next = seal
        if line and self.transport is not None:
            self.transport.write(line + b"\r\n")
        self._deadline = self._loop.time() + self._command_timeout
        try:
            return await future
        finally:
            self._command, self._seal_next = None, False
            self._deadline = _FOREVER

    # One message.

    def send(self, mail: Mail, hand_over: Callable[[], None]) -> "asyncio.Future[Outcome | None]":
        """Begin a message on a connection that is ready; the future brings its outcome.

        It fails with Stale if the connection turns out to have been closed while it was idle, and with
        whatever `hand_over` raises; in both cases nothing has been handed over.
        """
        pending = Pending(mail, hand_over, self._loop.create_future())
        if self.is_dead or self.transport is None or self.transport.is_closing():
            self.abort()
            pending.waiter.set_exception(Stale())
        elif not pending.prepare(self.abilities, dsn=self._dsn):
            self.on_free(self)
        else:
            self.used += 1
            self._begin(pending)
            if self.abilities.pipelining:
                self._write(b"".join(pending.lines))
            else:
                self._rest = pending.lines[:0:-1]
                self._write(pending.lines[0])
        return pending.waiter

    def _envelope_ahead(self) -> bytes:
        """Return the lines that begin the next message, if there is one that can be begun."""
        if not self.abilities.pipelining:
            return b""
        while (pending := self.upcoming(self)) is not None:
            if pending.prepare(self.abilities, dsn=self._dsn):
                self._ahead = pending
                self.used += 1
                return b"".join(pending.lines)
        return b""

    def _begin(self, pending: Pending) -> None:
        """From now on, what the server says is about this message."""
        self._waiter, self._hand_over, self._wire = pending.waiter, pending.hand_over, pending.wire
        self._failure = None
        self._is_out = self._is_answered = self._is_wanted = False
        self._is_smooth = True
        self._step = Step.MAIL
        self._deadline = self._loop.time() + self._command_timeout

    def _message_reply(self, step: Step, reply: Reply) -> None:
        code = reply.code
        if code == 421:
            if step is Step.MAIL and self.used > 1 and self._waiter is not None and not self._waiter.done():
                # It has waited for us too long and says so only now: RFC 5321 3.8.
                self._waiter.set_exception(Stale())
            self._finish(self._failure or self._last_outcome(step, reply), keep=False)
            self.abort()
        elif step is Step.END:
            self._end_reply(reply)
        elif step is Step.DATA:
            self._data_reply(reply)
        elif 200 <= code < 300:
            self._is_wanted = step is Step.RCPT
            self._next(step)
        elif code < 400:
            self._fail(Reason.PROTOCOL_ERROR, f"{code} where it means nothing")
        else:
            self._failure = self._failure or outcome(step, reply)
            if self.abilities.pipelining:
                self._next(step)
            else:
                self._finish(self._failure, reset=True)

    def _next(self, step: Step) -> None:
        self._step = Step.RCPT if step is Step.MAIL else Step.DATA
        if not self.abilities.pipelining:
            self._write(self._rest.pop())
            self._deadline = self._loop.time() + self._command_timeout

    def _data_reply(self, reply: Reply) -> None:
        if reply.code == 354:
            self._step = Step.END
            if self._failure is not None and self._is_wanted:
                # Sender refused, recipient taken: whatever was written now might be delivered.
                self._finish(self._failure, keep=False)
                self.abort()
            elif self._failure is not None:
                # RFC 2920 3.1: nobody was accepted, yet the server wants a body. It gets an empty one.
                self._write(b".\r\n")
            else:
                self._write_body()
        elif reply.code < 400:
            self._fail(Reason.PROTOCOL_ERROR, f"{reply.code} in answer to DATA")
        else:
            self._finish(self._failure or outcome(Step.DATA, reply), reset=True)

    def _noted(self) -> None:
        """What became of the message before is on record: two bodies of unknown fate are never on one connection."""
        self._is_noting = False
        if self._is_body_held:
            self._write_body()

    def _write_body(self) -> None:
        self._is_body_held = self._is_noting
        if self._is_noting:
            return
        wire, hand_over, self._wire, self._hand_over = self._wire, self._hand_over, b"", None
        waiter = self._waiter
        if waiter is None or waiter.done():
            self.abort()  # who sent it has gone, and the server waits for a body
            return
        try:
            if hand_over is not None:
                hand_over()
        except BaseException as error:
            # Without a note of the hand-over there must be none. The server still waits for a body, so the
            # connection is lost.
            if not waiter.done():
                waiter.set_exception(error)
            self.abort()
            if not isinstance(error, Exception):
                raise
            return
        self._deadline = self._loop.time() + self._data_timeout
        self._written_in = self._in_chunk
        if len(wire) <= CHUNK:
            self._is_out = True
            self._write(wire + self._envelope_ahead())
        else:
            self._feeder = self._loop.create_task(self._feed(wire))

    async def _feed(self, wire: bytes) -> None:
        """Write a large body at the server's pace, and its final dot when the rest has left."""
        view, end = memoryview(wire)[:-3], wire[-3:]
        for at in range(0, len(view), CHUNK):
            self._write(bytes(view[at : at + CHUNK]))
            self._deadline = self._loop.time() + self._data_timeout
            if self._writable is not None:
                await self._writable
        self._is_out = True
        self._feeder = None
        self._write(end)
        self._deadline = self._loop.time() + self._data_timeout

    def _end_reply(self, reply: Reply) -> None:
        if self._failure is not None:
            self._finish(self._failure, reset=True)
            return
        is_early = not self._is_out or self._written_in == self._in_chunk
        self._finish(self._last_outcome(Step.END, reply), keep=not is_early)
        if is_early:
            # The rest of the body would be read as commands.
            self.abort()

    def _last_outcome(self, step: Step, reply: Reply) -> Outcome:
        """Return what a reply means, given how much of the message it can be about."""
        is_success = step is Step.END and reply.code < 400
        is_early = not self._is_out or self._written_in == self._in_chunk
        if is_success and (is_early or reply.code >= 300):
            return Unknown(
                reason=Reason.PROTOCOL_ERROR, code=str(reply.code), detail="answered before the end"
            )
        return outcome(step, reply)

    def _finish(self, result: Outcome, *, reset: bool = False, keep: bool = True) -> None:
        waiter, self._waiter = self._waiter, None
        self._step, self._failure, self._wire = None, None, b""
        self._is_body_held = False
        self._drop_feeder()
        if waiter is not None and not waiter.done():
            waiter.set_result(result)
        if reset and not self.is_dead:
            self._is_resetting = True
            self._deadline = self._loop.time() + self._command_timeout
            self._write(b"RSET\r\n")
        elif keep:
            self._rest_now()

    def _rest_now(self) -> None:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._begin(ahead)
            self._is_noting = True
            self._loop.call_soon(self._noted)
            return
        self._deadline = self._loop.time() + self._idle_timeout
        self.on_free(self)

    # Ends.

    def abort(self) -> None:
        """Drop the connection at once. A message under way ends as one whose connection broke."""
        self._fail(Reason.CONNECTION_FAILED, "the connection was closed by us")

    def quit(self) -> None:
        """Say good-bye and close, without waiting for the answer."""
        if not self.is_dead and self.transport is not None:
            self.transport.write(b"QUIT\r\n")
            self.transport.close()
        self._die(is_closing=True)

    def _fail(self, reason: Reason, words: str) -> None:
        """The connection is of no use any more: settle everything that waits for it."""
        if self.is_dead:
            return
        command, waiter = self._command, self._waiter
        if command is not None and not command.done():
            command.set_exception(ConnectionUnusable(not_begun(reason, words)))
            command.exception()  # whoever waited may be gone; that is no news for the log
        if waiter is not None and not waiter.done():
            if self._is_out:
                lost = Reason.CONNECTION_LOST if reason is Reason.CONNECTION_FAILED else reason
                waiter.set_result(Unknown(reason=lost, detail=words))
            elif self.used > 1 and not self._is_answered and reason is Reason.CONNECTION_FAILED:
                waiter.set_exception(Stale())
            elif self._failure is not None:
                waiter.set_result(self._failure)
            else:
                # About this message, as far as one can tell: a server that is gone shows at the next connect.
                scope = Scope.PROVIDER if reason is Reason.PROTOCOL_ERROR else Scope.MESSAGE
                waiter.set_result(Deferred(reason=reason, scope=scope, detail=words))
        self._die()

    def _die(self, *, is_closing: bool = False) -> None:
        if self.is_dead:
            return
        self.is_dead = True
        self._step, self._waiter, self._is_body_held = None, None, False
        ahead, self._ahead = self._ahead, None
        if ahead is not None and not ahead.waiter.done():
            ahead.waiter.set_exception(Stale())
        self._drop_feeder()
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self.transport is not None and not is_closing:
            self.transport.abort()
        self.on_free(self)

    def _drop_feeder(self) -> None:
        feeder, self._feeder = self._feeder, None
        if feeder is not None:
            feeder.cancel()

    def _write(self, data: bytes) -> None:
        if self.transport is not None and not self.is_dead:
            self.transport.write(data)

    def _tick(self) -> None:
        if self._loop.time() >= self._deadline:
            if self._step is None and self._command is None and not self._is_resetting:
                self.quit()
            else:
                self._fail(Reason.TIMED_OUT, "no answer in time")
        if not self.is_dead:
            self._watchdog = self._loop.call_later(self._tick_seconds, self._tick)
