"""The contract kit, against gateways of each kind that behave as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.testing import Case, TransportContract
from clarion.channels.whatsapp.tests import server
from clarion.channels.whatsapp.tests.making import make_message, make_transport
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_DIGITS = {
    Case.THROTTLES: server.THROTTLED, Case.THROTTLES_FOR: server.THROTTLED,
    Case.REFUSES_RECIPIENT: server.NOBODY, Case.LOSES_CONNECTION: server.DROPS,
    Case.HANGS: server.HANGS,
}  # fmt: skip


class TestWahaTransport(TransportContract):
    secret: ClassVar[str] = server.KEY
    protocol: ClassVar[str] = "waha"

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        key = "another" if case is Case.REFUSES_CREDENTIALS else server.KEY
        gateway = server.Gateway(protocol=self.protocol, key=key, retry_after=self.retry_after(case))
        async with gateway.running() as far:
            transport = make_transport(far.url, self.protocol)
            try:
                yield transport, lambda: len(far.taken)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(_DIGITS.get(case, "00"))


class TestEvolutionTransport(TestWahaTransport):
    protocol = "evolution"


class TestGreenApiTransport(TestWahaTransport):
    protocol = "greenapi"
