"""The contract kit, against a Graph API that behaves as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.testing import Case, TransportContract
from clarion.channels.waba.tests import server
from clarion.channels.waba.tests.making import NUMBER, make_message, make_transport
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_ENDS = {
    Case.THROTTLES: "130429", Case.THROTTLES_FOR: "130429",
    Case.REFUSES_RECIPIENT: "131026", Case.LOSES_CONNECTION: server.DROPS,
    Case.HANGS: server.HANGS,
}  # fmt: skip


class TestWabaTransport(TransportContract):
    secret: ClassVar[str] = server.TOKEN
    signs_in: ClassVar[bool] = False

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        token = "another" if case is Case.REFUSES_CREDENTIALS else server.TOKEN
        far = server.Server(token=token, retry_after=self.retry_after(case))
        async with far.running():
            transport = make_transport(far.port)
            try:
                yield transport, lambda: len(far.taken)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(NUMBER[:6] + _ENDS[case] if case in _ENDS else NUMBER)
