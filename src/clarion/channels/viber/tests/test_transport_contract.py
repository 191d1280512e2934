"""The contract kit, against a Viber that behaves as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.testing import Case, TransportContract
from clarion.channels.viber.tests import server
from clarion.channels.viber.tests.making import make_message, make_transport
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_DIGITS = {
    Case.THROTTLES: server.THROTTLED, Case.THROTTLES_FOR: server.THROTTLED,
    Case.REFUSES_RECIPIENT: server.NOBODY, Case.LOSES_CONNECTION: server.DROPS,
    Case.HANGS: server.HANGS,
}  # fmt: skip


class TestViberTransport(TransportContract):
    secret: ClassVar[str] = server.TOKEN
    signs_in: ClassVar[bool] = False

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        token = "another" if case is Case.REFUSES_CREDENTIALS else server.TOKEN
        async with server.Viber(token=token, retry_after=self.retry_after(case)).running() as far:
            transport = make_transport(far.url)
            try:
                yield transport, lambda: len(far.taken)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(_DIGITS.get(case, "00"))
