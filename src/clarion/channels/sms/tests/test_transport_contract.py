"""The contract kit, against a server that behaves as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.sms.tests import server
from clarion.channels.sms.tests.making import make_message, make_transport
from clarion.channels.testing import Case, TransportContract
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_LAST_DIGIT = {
    Case.THROTTLES: server.THROTTLES, Case.THROTTLES_FOR: server.THROTTLES,
    Case.REFUSES_RECIPIENT: server.UNKNOWN_NUMBER,
    Case.LOSES_CONNECTION: server.DROPS, Case.HANGS: server.HANGS,
}  # fmt: skip


class TestSmsTransport(TransportContract):
    secret: ClassVar[str] = "pa55word"
    #: ESME_RTHROTTLED says that, and no more.
    asked_seconds: ClassVar[float | None] = None

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        far = server.Server(password=b"another" if case is Case.REFUSES_CREDENTIALS else self.secret.encode())
        async with far.running():
            transport = make_transport(far.port, password=self.secret)
            try:
                yield transport, lambda: len(far.received)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(f"+491511234567{_LAST_DIGIT.get(case, '0')}")
