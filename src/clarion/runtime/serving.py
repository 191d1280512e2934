"""A lean HTTP server of one process, for what comes many thousands of times a second."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog
import uvloop
from aiohttp import web

log = structlog.get_logger(__name__)

#: Seconds that calls under way may take when the process is told to stop.
STOP_SECONDS = 5.0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Ready = asyncio.Future[int]


def until_told(run: Callable[[asyncio.Event], Awaitable[None]]) -> int:
    """Run until SIGTERM or SIGINT sets the event; return the exit code."""

    async def serve() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run(stop)

    uvloop.run(serve())
    return 0


async def serve(
    handler: Handler, name: str, host: str, port: int, stop: asyncio.Event, ready: Ready | None
) -> None:
    """Answer until `stop` is set; `ready` hears the port. Raises OSError when the port is taken."""

    async def named(request: web.BaseRequest) -> web.StreamResponse:
        answer = await handler(request)
        # Otherwise the versions of what it runs on.
        answer.headers["Server"] = "clarion"
        return answer

    runner = web.ServerRunner(web.Server(named, access_log=None), shutdown_timeout=STOP_SECONDS)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        if ready is not None:
            ready.set_result(runner.addresses[0][1])
        log.info(f"{name}.started", host=host, port=runner.addresses[0][1])
        await stop.wait()
    finally:
        await runner.cleanup()
