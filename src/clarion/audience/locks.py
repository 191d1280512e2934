"""Session advisory locks that let one process at a time work on a file."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

#: First keys of the locks, one a kind of work.
SOURCES = 0x41554431
IMPORTS = 0x41554432
SHEETS = 0x41554434
FIXING = 0x41554435
_CONTACTS = 0x41554433


def hold_addresses(workspace_id: int) -> None:
    """Let nobody else give addresses to the workspace's contacts until this transaction ends.

    An address is either on a contact's own row or among its further ones, which no constraint sees together; and
    imports would wait for each other in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_CONTACTS, workspace_id % 2**31])


@contextmanager
def work_lock(space: int, key: int) -> Iterator[bool]:
    """Hold the lock on this thread's connection; yields False when somebody else has it.

    The connection that holds it also does the writing: if it breaks, both end, and no zombie can write on.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", [space, key % 2**31])
        got = bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", [space, key % 2**31])
