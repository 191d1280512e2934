"""What a thread does with its connection to the database: leaving none behind, and reading one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def own_connection() -> Iterator[None]:
    """Leave no connection behind in a job's thread: jobs are rare, and a restarted database breaks idle ones."""
    try:
        yield
    finally:
        if not connection.in_atomic_block:
            connection.close()


@contextmanager
def snapshot() -> Iterator[None]:
    """Read the database as it was at one moment; inside a caller's transaction as that one sees it."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
        yield
