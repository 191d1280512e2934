"""Hand mails to one SMTP server over a few connections that are kept open."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable

from clarion.channels.email.client import open_connection
from clarion.channels.email.config import Config
from clarion.channels.email.errors import ConnectionUnusable, Stale
from clarion.channels.email.pending import Pending
from clarion.channels.email.protocol import Connection
from clarion.engine.messages import Message
from clarion.engine.outcomes import Deferred, Outcome, Reason, Scope

#: Seconds for which the server's "too many connections" is believed, if some are open.
CROWDED_SECONDS = 30.0

#: Messages under way for each connection: one whose body is out, one whose envelope is, and one that comes after it.
LOOKAHEAD = 3

#: Seconds that closing waits for the server's good-bye.
FAREWELL_SECONDS = 1.0


class Transport:
    """A `clarion.engine.ports.Transport` for SMTP. Connections are opened when first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.concurrency = config.connections * LOOKAHEAD
        self._context: ssl.SSLContext | None = None
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[Pending] = deque()
        #: Until when (loop time) no further connection is tried, because the server wanted no more.
        self._crowded_until = 0.0
        self._is_closed = False

    def __repr__(self) -> str:
        return f"Transport({self._config!r})"

    async def send(self, message: Message, hand_over: Callable[[], None]) -> Outcome:
        """Hand the mail over and return what happened; see the port's promise."""
        while True:
            try:
                if self._idle:
                    outcome = await self._over(self._idle.pop(), message, hand_over)
                else:
                    outcome = await self._another(message, hand_over)
            except ConnectionUnusable as error:
                return error.outcome
            except Stale:
                continue
            if outcome is not None:
                return outcome

    async def aclose(self) -> None:
        """Close every connection, politely where nothing is under way. May be called twice."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*map(_say_goodbye, idle))
        for connection in list(self._all):
            connection.abort()
        self._wake_all()

    async def _over(
        self, connection: Connection, message: Message, hand_over: Callable[[], None]
    ) -> Outcome | None:
        try:
            return await connection.send(message.payload, hand_over)
        except Stale:
            raise
        except BaseException:
            # Cancelled, or `hand_over` failed: nobody knows what the server will read next.
            connection.abort()
            raise

    async def _another(self, message: Message, hand_over: Callable[[], None]) -> Outcome | None:
        """Send over a new connection while there may be more, else wait: a busy one may take the message along.

        Returns None to look again. Raises ConnectionUnusable, Stale, and whatever `hand_over` raises.
        """
        loop = asyncio.get_running_loop()
        if self._is_closed:
            raise ConnectionUnusable(
                Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail="closed by us")
            )
        count = len(self._all) + self._opening
        if count == 0 or (count < self._config.connections and loop.time() >= self._crowded_until):
            try:
                connection = await self._open()
            except ConnectionUnusable as error:
                if not self._all or not isinstance(error.outcome, Deferred):
                    self._tell(error.outcome)
                    raise
                # Some work and one more does not: a limit of the server's. Make do with those.
                self._crowded_until = loop.time() + CROWDED_SECONDS
                return None
            except BaseException:
                self._wake()
                raise
            return await self._over(connection, message, hand_over)
        turn = Pending(message.payload, hand_over, loop.create_future())
        self._waiting.append(turn)
        try:
            return await turn.waiter
        except asyncio.CancelledError:
            if turn.waiter.done() and not turn.waiter.cancelled():
                self._wake()  # it was our turn; pass it on
            raise

    def _upcoming(self, connection: Connection) -> Pending | None:
        """Return the message that a connection may begin while the body of another goes out."""
        most = self._config.messages_per_connection
        if self._is_closed or (most and connection.used >= most):
            return None
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.waiter.done():
                return turn
        return None

    async def _open(self) -> Connection:
        config = self._config
        if self._context is None and config.security != "none":
            try:
                self._context = config.tls_context()
            except (OSError, ssl.SSLError) as error:
                raise ConnectionUnusable(
                    Deferred(
                        reason=Reason.TLS_FAILED,
                        scope=Scope.PROVIDER,
                        detail=f"authority file: {error}"[:200],
                    )
                ) from None
        self._opening += 1
        try:
            connection = await open_connection(config, self._context)
        finally:
            self._opening -= 1
        if self._is_closed or connection.is_dead:
            connection.abort()
            raise ConnectionUnusable(
                Deferred(reason=Reason.CONNECTION_FAILED, scope=Scope.PROVIDER, detail="closed at once")
            )
        self._all.add(connection)
        connection.on_free, connection.upcoming = self._freed, self._upcoming
        return connection

    def _freed(self, connection: Connection) -> None:
        """A connection is ready again, or dead."""
        most = self._config.messages_per_connection
        if connection.is_dead:
            self._all.discard(connection)
            if connection in self._idle:
                self._idle.remove(connection)
        elif self._is_closed or (most and connection.used >= most):
            connection.quit()  # comes back here, dead
            return
        else:
            self._idle.append(connection)
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.waiter.done():
                turn.waiter.set_result(None)
                return

    def _wake_all(self) -> None:
        while self._waiting:
            self._wake()

    def _tell(self, outcome: Outcome) -> None:
        """No connection came about: that goes for those as well who would have come after its first message."""
        told = 0
        while self._waiting and told < LOOKAHEAD - 1:
            turn = self._waiting.popleft()
            if not turn.waiter.done():
                turn.waiter.set_result(outcome)
                told += 1
        if not self._all and not self._opening:
            self._wake()


async def _say_goodbye(connection: Connection) -> None:
    try:
        async with asyncio.timeout(FAREWELL_SECONDS):
            await connection.command(b"QUIT")
    except (ConnectionUnusable, TimeoutError):
        pass
    connection.abort()
