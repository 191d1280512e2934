"""Keeping what the provider calls a message, for channels whose receipts can be matched by nothing else."""

from collections.abc import Mapping
from typing import Any

import psycopg

from clarion.channels import registry
from clarion.deliveries import statements as sql
from clarion.engine.plan import RunKey

#: Steps of which it is remembered whether their channel needs it.
MAX_REMEMBERED = 10_000


class ProviderIds:
    """Asks once for each step whether its provider's ids are kept: other channels pay a look into a dict."""

    def __init__(self) -> None:
        #: The sender of a step whose channel needs it; None for other channels.
        self._senders: dict[RunKey, int | None] = {}

    async def keep(
        self, connection: psycopg.AsyncConnection[tuple[Any, ...]], run: RunKey, sent: Mapping[str, Any]
    ) -> None:
        """Keep the `ids` and `provider_ids` of accepted deliveries, in the transaction that settles them."""
        try:
            sender = self._senders[run]
        except KeyError:
            sender = await self._ask(connection, run)
        if sender is not None:
            await connection.execute(sql.TRACK, {**sent, "sender": sender}, binary=True)

    async def _ask(self, connection: psycopg.AsyncConnection[tuple[Any, ...]], run: RunKey) -> int | None:
        row = await (await connection.execute(sql.STEP_SENDER, run)).fetchone()
        known = row is not None and row[0] in registry.CHANNELS
        if len(self._senders) >= MAX_REMEMBERED:
            self._senders.clear()
        self._senders[run] = row[1] if row and known and registry.get(row[0]).tracks_provider_ids else None
        return self._senders[run]
