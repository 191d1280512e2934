"""What the engine's ledger writes beside a cascade's outcomes, so that whoever follows it (`looking`) finds them."""

from collections.abc import Sequence
from typing import Any

import psycopg

from clarion.deliveries import arrays
from clarion.deliveries import statements as sql
from clarion.engine.plan import Settled, Settlement

Row = tuple[Any, ...]


async def is_cascade(connection: psycopg.AsyncConnection[Row], run_id: int) -> bool:
    """Whether the run has several steps."""
    row = await (await connection.execute(sql.IS_CASCADE, [run_id])).fetchone()
    return bool(row and row[0])


async def have_looked(
    connection: psycopg.AsyncConnection[Row], run_id: int, step: int, settlements: Sequence[Settlement]
) -> None:
    """Have everybody looked at whose message has ended."""
    ended = [s for s in settlements if s.stage is not Settled.PENDING]
    if ended:
        facts = {
            "run": run_id,
            "step": step,
            "ids": arrays.numbers(s.delivery_id for s in ended),
            "stages": [s.stage.value for s in ended],
        }
        await connection.execute(sql.LOOK, facts, binary=True)


async def note_sending(connection: psycopg.AsyncConnection[Row], run_id: int, sent: int) -> None:
    """Keep when the run's first and last message was taken. Last, because every process writes this row."""
    if sent:
        await connection.execute(sql.SENT_CASCADE, {"run": run_id})
