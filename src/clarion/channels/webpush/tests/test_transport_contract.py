"""The contract kit, against a push service that behaves as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.testing import Case, TransportContract
from clarion.channels.webpush import vapid
from clarion.channels.webpush.tests.making import KEY, PUBLIC, make_message, make_transport
from clarion.channels.webpush.tests.server import Server
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_WHAT = {
    Case.THROTTLES: "429", Case.THROTTLES_FOR: "429",
    Case.REFUSES_RECIPIENT: "410", Case.LOSES_CONNECTION: "drops", Case.HANGS: "hangs",
}  # fmt: skip


class TestWebPushTransport(TransportContract):
    secret: ClassVar[str] = KEY
    signs_in: ClassVar[bool] = False

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        another = vapid.public_of(vapid.new_key())
        key = another if case is Case.REFUSES_CREDENTIALS else PUBLIC
        self._far = Server(key, retry_after=self.retry_after(case))
        async with self._far.running():
            transport = make_transport()
            try:
                yield transport, lambda: len(self._far.taken)
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(self._far.address(_WHAT.get(case, "takes")))
