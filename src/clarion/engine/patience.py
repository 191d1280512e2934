"""Messages that take their time, such as calls: a lane that is to end lets them end first."""

import asyncio
from collections.abc import Collection

from clarion.engine.ports import Transport


def patience_of(transport: Transport) -> float:
    """Return the seconds for which one message may be under way: the transport's `patience`, 0.0 without one."""
    return float(getattr(transport, "patience", 0.0))


async def let_end(slots: Collection[asyncio.Task[None]], seconds: float, ending: asyncio.Event) -> None:
    """Return when all slots have ended, after so many seconds, or as soon as `ending` is set."""
    told = asyncio.create_task(ending.wait())
    done = asyncio.create_task(asyncio.wait(slots))
    try:
        await asyncio.wait({told, done}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        done.cancel()
