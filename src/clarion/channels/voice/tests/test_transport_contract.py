"""The contract kit, against an exchange that behaves as each case asks."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

from clarion.channels.testing import Case, TransportContract
from clarion.channels.voice.tests import exchange
from clarion.channels.voice.tests.making import PASSWORD, make_message, make_transport
from clarion.engine.messages import Message
from clarion.engine.ports import Transport

_NUMBERS = {
    Case.THROTTLES: exchange.THROTTLED, Case.THROTTLES_FOR: exchange.THROTTLED,
    Case.REFUSES_RECIPIENT: f"+493000000{exchange.UNALLOCATED}",
    Case.LOSES_CONNECTION: exchange.DROPS, Case.HANGS: exchange.HANGS,
}  # fmt: skip


class TestAsteriskTransport(TransportContract):
    secret: ClassVar[str] = PASSWORD

    @contextlib.asynccontextmanager
    async def provider(self, case: Case) -> AsyncIterator[tuple[Transport, Callable[[], int]]]:
        password = "another" if case is Case.REFUSES_CREDENTIALS else PASSWORD
        far = exchange.Exchange(password=password, retry_after=self.retry_after(case))
        async with far.running():
            transport = make_transport(far.url)
            try:
                yield transport, lambda: far.answered
            finally:
                await transport.aclose()

    def message(self, case: Case) -> Message:
        return make_message(_NUMBERS.get(case, f"+493000000{exchange.HUMAN}"))
