"""The partitions of the big tables: one for every thousand runs, so that old runs are dropped whole.

A partition is made apart and then attached, which does not stop statements that are under way.
"""

from collections.abc import Iterator

from django.db import connection

#: Runs in one partition.
RUNS_PER_PARTITION = 1000

#: Table → storage parameters. Rows of `delivery` are written twice or more: free space in the page keeps the
#: new versions beside the old ones (heap-only updates), which halves the server's work.
TABLES = {
    "deliveries_recipient": "",
    "deliveries_delivery": "with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.1)",
    "deliveries_attempt": "",
    "deliveries_receipt": "",
}


def create_statements(number: int) -> Iterator[str]:
    """Yield the SQL that makes partition `number` of every big table; harmless when repeated one by one."""
    low = number * RUNS_PER_PARTITION
    for table, storage in TABLES.items():
        name = f"{table}_{number}"
        yield f"create table if not exists {name} (like {table} including all) {storage}"
        # Names and numbers are our own; SQL has no parameters for them.
        yield (
            f"do $$ begin if not exists (select from pg_inherits where inhrelid = '{name}'::regclass) then "
            f"alter table {table} attach partition {name} "
            f"for values from ({low}) to ({low + RUNS_PER_PARTITION}); end if; end $$"
        )


def ensure_for(run_id: int) -> None:
    """Make sure that a run's rows have a partition to go to, and the next thousand too."""
    number = run_id // RUNS_PER_PARTITION
    with connection.cursor() as cursor:
        for wanted in (number, number + 1):
            cursor.execute("select to_regclass(%s)", [f"deliveries_receipt_{wanted}"])
            if cursor.fetchone()[0] is None:
                # One at a time: two processes that make the same partition would trip over each other.
                cursor.execute("select pg_advisory_xact_lock(hashtext('clarion partitions'))")
                for statement in create_statements(wanted):
                    cursor.execute(statement)
