"""Servers in a thread of the test's process, so that commands in other processes can send to them."""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

from tests.waiting import PATIENCE_SECONDS


class Server(Protocol):
    """What the channels' tests have for a provider."""

    def running(self) -> AbstractAsyncContextManager[object]:
        """Serve until the context ends."""


class Running:
    """Servers that run until `close`."""

    def __init__(self, servers: Mapping[str, Server]) -> None:
        self.servers = dict(servers)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._up.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Stop them all."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_SECONDS)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with AsyncExitStack() as held:
            for server in self.servers.values():
                await held.enter_async_context(server.running())
            self._up.set()
            await self._stop.wait()
