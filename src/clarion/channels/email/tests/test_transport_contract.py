"""The mail transport keeps the contract of all transports."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from clarion.channels.email.tests.making import make_message, make_transport
from clarion.channels.email.tests.server import DROP, EXTENSIONS, HANG, Do, Server
from clarion.channels.email.transport import Transport
from clarion.channels.testing import Case, TransportContract
from clarion.engine.messages import Message


def _refuse_unknown(line: str) -> str:
    return "550 5.1.1 no such user" if "nobody" in line else "250 2.1.5 Ok"


class _HangsOnce:
    def __init__(self) -> None:
        self._is_first = True

    def __call__(self, line: str) -> str | Do:
        if self._is_first:
            self._is_first = False
            return HANG
        return "250 2.0.0 Ok: queued as 4fXyz12345"


class TestTransport(TransportContract):
    @asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        answers = {
            Case.ACCEPTS: {},
            Case.THROTTLES: {"MAIL": "451 4.7.1 too many messages, slow down"},
            Case.THROTTLES_FOR: {"MAIL": "451 4.7.1 too many messages, try again in 7 seconds"},
            Case.REFUSES_CREDENTIALS: {"AUTH": "535 5.7.8 authentication failed"},
            Case.REFUSES_RECIPIENT: {"RCPT": _refuse_unknown},
            Case.LOSES_CONNECTION: {"END": DROP},
            Case.HANGS: {"END": _HangsOnce()},
        }[case]
        server = Server(answers=answers, extensions=(*EXTENSIONS, "AUTH PLAIN"))  # type: ignore[arg-type]
        async with server.running():
            transport = make_transport(server.port, username="shop", password=self.secret)
            try:
                yield transport, lambda: len(server.received)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(
            address="nobody@example.test" if case is Case.REFUSES_RECIPIENT else "ana@example.test"
        )
