"""What must be true before anything serves or sends: the database answers, tables and files are up to date."""

import time
from typing import Any

from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from clarion.runtime import catalogues, first_start, static_files
from clarion.runtime.first_start import FirstOwner

#: First and second key of the advisory lock under which one host at a time migrates.
MIGRATION_LOCK = (0x434C4152, 1)
#: The oldest PostgreSQL that is supported, as it numbers itself.
OLDEST_SERVER = 150000


class DatabaseUnusable(Exception):
    """The database cannot be used. The message is a sentence for the operator."""


def prepare(*, patience_seconds: float) -> FirstOwner | None:
    """Wait for the database, migrate, collect static files, compile translations, make a first owner where nobody is.

    Returns the owner that was made, whose password is known only now. Raises DatabaseUnusable.
    """
    wait_for_database(patience_seconds)
    migrate(verbosity=0)
    static_files.collect_if_changed()
    catalogues.compile_if_changed()
    return first_start.prepare()


def wait_for_database(seconds: float) -> None:
    """Return when the database answers and is recent enough. Raises DatabaseUnusable."""
    until = time.monotonic() + seconds
    while True:
        try:
            connection.ensure_connection()
            break
        except OperationalError as problem:
            if time.monotonic() > until:
                raise DatabaseUnusable(f"The database does not answer: {_first_line(problem)}") from None
            time.sleep(0.5)
    server = connection.connection.info.server_version
    if server < OLDEST_SERVER:
        raise DatabaseUnusable(f"PostgreSQL 15 or later is needed; the server is version {server // 10000}.")


def migrate(*, verbosity: int) -> None:
    """Apply missing migrations; when several hosts start at once, the others wait for the first.

    Raises DatabaseUnusable when the tables are another version's.
    """
    with connection.cursor() as cursor:
        _wait_for_turn(cursor)
        try:
            _refuse_a_later_version()
            if verbosity or has_unapplied():
                call_command("migrate", interactive=False, skip_checks=True, verbosity=verbosity)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", MIGRATION_LOCK)


def _wait_for_turn(cursor: Any) -> None:
    """Return when this host alone migrates.

    The lock is asked for again and again: a statement that waits for it would be one of those for whose end an index
    waits that is made while people work, and they would wait for each other.
    """
    while True:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", MIGRATION_LOCK)
        if cursor.fetchone()[0]:
            return
        time.sleep(0.5)


def _refuse_a_later_version() -> None:
    """Raise DatabaseUnusable when the database has migrations of ours that this program does not know."""
    loader = MigrationLoader(connection)
    ours = {app for app, _name in loader.disk_migrations}
    unknown = sorted(
        f"{app}.{name}"
        for app, name in set(loader.applied_migrations) - set(loader.disk_migrations)
        if app in ours
    )
    if unknown:
        raise DatabaseUnusable(
            f"Another version of Clarion made or changed this database: it has {unknown[0]}"
            f"{f' and {len(unknown) - 1} more changes' if len(unknown) > 1 else ''} that this version does not know. "
            "Start that version, or choose another CLARION_HOME or CLARION_DATABASE_URL."
        )


def has_unapplied() -> bool:
    """Tell whether the database's tables are older than this program."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def ready_for_command(*, may_migrate: bool, patience_seconds: float) -> None:
    """See that a command finds the tables it knows. Raises DatabaseUnusable.

    An empty database gets its tables; one in use is brought up to date if told so.
    """
    wait_for_database(patience_seconds)
    if not has_unapplied():
        return
    if may_migrate or "workspaces_workspace" not in connection.introspection.table_names():
        migrate(verbosity=0)
    else:
        raise DatabaseUnusable(
            "The database's tables are not those of this version. Run `clarion migrate` first."
        )


def _first_line(problem: Exception) -> str:
    return str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
