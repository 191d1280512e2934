"""Bringing what a call told to whoever keeps it."""

import asyncio
from collections.abc import Sequence
from functools import partial

from clarion.channels.base import Heard
from clarion.channels.events import ReceiptEvent, Reply

#: How often what a call brought is offered to the inbox, and how long between.
_TELL_TIMES, _TELL_SECONDS = 5, 1.0


async def bring(events: Sequence[ReceiptEvent | Reply], heard: Heard) -> None:
    """Offer what a call brought until it is kept, within reason."""
    for _ in range(_TELL_TIMES):
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heard(events, partial(_settle, stored))
        if await stored:
            return
        await asyncio.sleep(_TELL_SECONDS)


def _settle(stored: asyncio.Future[bool], kept: bool) -> None:
    if not stored.done():
        stored.set_result(kept)
