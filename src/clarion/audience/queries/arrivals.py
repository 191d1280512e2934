"""Which suppressions came when, told by their numbers.

A number may be given out before a lower one is committed. So whoever reads the table in the order of its numbers marks
the highest, and knows all up to it once every transaction that wrote at that moment is over.
"""

from typing import Any

from django.db import connection

_NEWEST = "select coalesce(max(id), 0) from audience_suppression"
_NOW = "select extract(epoch from clock_timestamp())::float8"
_IS_WRITTEN = """
select exists (
    select from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_xid is not null
      and xact_start <= to_timestamp(%s))
"""


def newest_suppression() -> int:
    """Return the highest number of a suppression; 0 when there is none."""
    return int(_one(_NEWEST))


def moment() -> float:
    """Return the database's time of this moment, in seconds."""
    return float(_one(_NOW))


def is_written_since(at: float) -> bool:
    """Whether a transaction of somebody else that began by that moment may still write."""
    return bool(_one(_IS_WRITTEN, at))


def _one(statement: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]
