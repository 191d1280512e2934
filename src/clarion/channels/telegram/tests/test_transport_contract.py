"""The contract kit, against a Bot API that behaves as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.telegram.tests import server
from clarion.channels.telegram.tests.making import make_message, make_transport
from clarion.channels.testing import Case, TransportContract
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_CHAT = {
    Case.THROTTLES: server.THROTTLED, Case.THROTTLES_FOR: server.THROTTLED,
    Case.REFUSES_RECIPIENT: server.UNKNOWN_CHAT,
    Case.LOSES_CONNECTION: server.DROPS, Case.HANGS: server.HANGS,
}  # fmt: skip


class TestTelegramTransport(TransportContract):
    secret: ClassVar[str] = server.TOKEN.partition(":")[2]
    signs_in: ClassVar[bool] = False

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        token = "1:another-token" if case is Case.REFUSES_CREDENTIALS else server.TOKEN
        far = server.Server(token=token, retry_after=self.retry_after(case))
        async with far.running():
            transport = make_transport(far.port)
            try:
                yield transport, lambda: len(far.taken)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(_CHAT.get(case, 42))
