"""A provider on the web for tests: a server on a port that the system chooses, for as long as it is `running`.

A channel's stand-in inherits it and says what it answers. It needs aiohttp; nothing in the program imports it.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web


@dataclass
class LocalServer:
    """Inherit, and implement `serve`, or `runner` for a server with routes."""

    port: int = field(default=0, kw_only=True)
    #: Seconds that it asks whoever is too fast to wait, as Retry-After; empty, and it asks nobody.
    retry_after: str = field(default="7", kw_only=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        runner = self.runner()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await self.closing()
            await runner.cleanup()

    def runner(self) -> web.BaseRunner:
        """Return what runs it: every request goes to `serve`."""
        server = web.Server(self.serve, access_log=None)
        return web.ServerRunner(server, shutdown_timeout=0.1)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: by itself a stand-in has nothing at any address."""
        return web.Response(status=404)

    async def closing(self) -> None:
        """Let go of what would keep it from ending."""

    def too_fast(self) -> dict[str, str]:
        """Return the headers of an answer to whoever is too fast."""
        return {"Retry-After": self.retry_after} if self.retry_after else {}


def routed(app: web.Application) -> web.AppRunner:
    """Return what runs an application; a client that goes ends what it waits for."""
    return web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
