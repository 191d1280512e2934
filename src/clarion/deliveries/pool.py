"""The connections by which a sending process writes its ledger."""

from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

Row = tuple[Any, ...]


async def _configure(connection: psycopg.AsyncConnection[Row]) -> None:
    set_json_loads(orjson.loads, connection)
    # Ranges of ids are planned for the values at hand: the tables grow by millions between two plans.
    await connection.execute("set plan_cache_mode = force_custom_plan")


#: A transaction of a process that is gone holds up whoever waits for it no longer than this.
_SESSION = (
    "-c idle_in_transaction_session_timeout=15000 -c client_connection_check_interval=1000 "
    "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3"
)


def open_pool(
    dsn: str, *, name: str = "clarion", most: int = 6
) -> AsyncConnectionPool[psycopg.AsyncConnection[Row]]:
    """Return a pool, not yet open. It does not try its connections before lending them: see `connection`.

    By `name` the server knows whose sessions they are; see `recovery`.
    """
    return AsyncConnectionPool(
        dsn, min_size=1, max_size=most, timeout=5, reconnect_timeout=60, open=False, configure=_configure,
        kwargs={"autocommit": True, "prepare_threshold": 3, "application_name": name, "options": _SESSION},
    )  # fmt: skip
